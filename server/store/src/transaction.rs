//! A database transaction of either engine, with the statements it ran counted. Nothing outside of this crate holds one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use portolan_schema::{Code, Error, Result};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement, Value,
};

use crate::fault::fault;
use crate::sql::Sql;
use crate::writer::Lease;

/// Dropping it rolls back.
pub(crate) struct Transaction {
    held: Held,
    backend: DbBackend,
    statements: AtomicUsize,
    /// For tests: the statements themselves, once that was asked for.
    recorded: Mutex<Option<Vec<Sql>>>,
}

enum Held {
    /// A transaction of its own.
    Own(DatabaseTransaction),
    /// A savepoint inside the one transaction of SQLite's writer.
    Leased(Lease),
    /// None: each statement sees what is committed by then, and there is nothing to commit.
    Loose(DatabaseConnection),
}

impl Transaction {
    pub(crate) fn own(transaction: DatabaseTransaction) -> Self {
        Self {
            backend: transaction.get_database_backend(),
            held: Held::Own(transaction),
            statements: AtomicUsize::new(0),
            recorded: Mutex::default(),
        }
    }

    pub(crate) fn leased(lease: Lease) -> Self {
        Self {
            backend: DbBackend::Sqlite,
            held: Held::Leased(lease),
            statements: AtomicUsize::new(0),
            recorded: Mutex::default(),
        }
    }

    /// For reading only.
    pub(crate) fn loose(connection: DatabaseConnection) -> Self {
        Self {
            backend: connection.get_database_backend(),
            held: Held::Loose(connection),
            statements: AtomicUsize::new(0),
            recorded: Mutex::default(),
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self.held {
            Held::Own(transaction) => transaction.commit().await.map_err(fault),
            Held::Leased(lease) => lease.commit().await,
            Held::Loose(_) => Ok(()),
        }
    }

    pub(crate) fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Begins to record statements, and answers those recorded so far.
    pub(crate) fn record(&self) -> Vec<Sql> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.replace(Vec::new()).unwrap_or_default()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>> {
        let statement = self.statement(sql)?;
        match &self.held {
            Held::Own(transaction) => transaction.query_all_raw(statement).await,
            Held::Leased(lease) => leased(lease)?.query_all_raw(statement).await,
            Held::Loose(connection) => connection.query_all_raw(statement).await,
        }
        .map_err(fault)
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>> {
        let statement = self.statement(sql)?;
        match &self.held {
            Held::Own(transaction) => transaction.query_one_raw(statement).await,
            Held::Leased(lease) => leased(lease)?.query_one_raw(statement).await,
            Held::Loose(connection) => connection.query_one_raw(statement).await,
        }
        .map_err(fault)
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64> {
        let statement = self.statement(sql)?;
        let done = match &self.held {
            Held::Own(transaction) => transaction.execute_raw(statement).await,
            Held::Leased(lease) => leased(lease)?.execute_raw(statement).await,
            Held::Loose(_) => return Err(Error::internal("a write was asked of what only reads")),
        };
        Ok(done.map_err(fault)?.rows_affected())
    }

    /// # Errors
    /// `NUL_CHARACTER` for a text that PostgreSQL cannot take; what is written was checked before, with its path.
    fn statement(&self, sql: Sql) -> Result<Statement> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        if let Some(recorded) = self.recorded.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            recorded.push(sql.clone());
        }
        let (text, values) = sql.into_parts(self.backend);
        if values.iter().any(holds_nul) {
            return Err(Error::problem(Code::NulCharacter, "a text may not hold a NUL character"));
        }
        Ok(Statement::from_sql_and_values(self.backend, text, values))
    }
}

fn leased(lease: &Lease) -> Result<&DatabaseTransaction> {
    lease.transaction().ok_or_else(|| Error::internal("a finished transaction was used"))
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(Some(text)) => text.contains('\0'),
        Value::Array(_, Some(items)) => items.iter().any(holds_nul),
        _ => false,
    }
}
