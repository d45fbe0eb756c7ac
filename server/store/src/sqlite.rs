//! SQLite: a file in WAL mode, a few readers, one writer.

use std::path::Path;
use std::time::Duration;

use portolan_migrations::{Migrator, MigratorTrait};
use portolan_schema::{Error, Result};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, pool::PoolOptions};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector, TransactionTrait};

use crate::fault::fault;
use crate::transaction::Transaction;
use crate::writer::Writer;

const FILE: &str = "portolan.db";
const READERS: u32 = 4;
/// Another process (a command beside a running server) may hold the write lock this long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite's default, which the program does not change.
const PAGE_SIZE: u64 = 4_096;
/// Page cache of each connection.
const CACHE: &str = "-65536";

pub(crate) struct Sqlite {
    readers: DatabaseConnection,
    writer_connection: DatabaseConnection,
    writer: Writer,
}

impl Sqlite {
    /// `max_bytes` bounds the database; where it is larger already, it does not grow.
    pub(crate) async fn open(directory: &Path, max_bytes: Option<u64>) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(|error| {
            Error::unavailable(format!("the directory {} cannot be made: {error}", directory.display()))
        })?;
        let mut options = SqliteConnectOptions::new()
            .filename(directory.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", CACHE)
            .pragma("temp_store", "MEMORY")
            .pragma("journal_size_limit", "67108864")
            .disable_statement_logging();
        if let Some(bytes) = max_bytes {
            options = options.pragma("max_page_count", (bytes / PAGE_SIZE).max(1).to_string());
        }
        // A failure may leave a connection inside of a transaction that is none any more: such a one is not used again.
        let writing = pool(1).before_acquire(|connection, _| {
            let sound = !connection.is_in_transaction();
            Box::pin(async move { Ok(sound) })
        });
        let writer_connection = connect(writing, options.clone()).await?;
        Migrator::up(&writer_connection, None).await.map_err(fault)?;
        let readers = connect(pool(READERS), options.pragma("query_only", "ON")).await?;
        let writer = Writer::start(writer_connection.clone());
        Ok(Self { readers, writer_connection, writer })
    }

    pub(crate) async fn read(&self) -> Result<Transaction> {
        Ok(Transaction::own(self.readers.begin().await.map_err(fault)?))
    }

    /// Without a transaction: a single statement is one snapshot by itself.
    pub(crate) fn look(&self) -> Transaction {
        Transaction::loose(self.readers.clone())
    }

    pub(crate) async fn write(&self) -> Result<Transaction> {
        Ok(Transaction::leased(self.writer.lease().await?))
    }

    pub(crate) async fn close(&self) {
        drop(self.readers.clone().close().await);
        drop(self.writer_connection.clone().close().await);
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    PoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(30))
}

async fn connect(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<DatabaseConnection> {
    let pool = pool.connect_with(options).await.map_err(Error::unavailable)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}
