//! The doors to the database: one tenant's transaction, and one over the few global tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portolan_schema::Result;
use sea_orm::{DbBackend, QueryResult};

use crate::TenantId;
use crate::estimates::Estimates;
use crate::notifier::Notifier;
use crate::sql::Sql;
use crate::transaction::Transaction;

/// What all scopes of one store have in common.
pub(crate) struct Shared {
    pub notifier: Notifier,
    pub estimates: Estimates,
    /// How many statements tenants' scopes have run.
    pub statements: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(notifier: Notifier) -> Self {
        Self { notifier, estimates: Estimates::default(), statements: AtomicUsize::new(0) }
    }
}

/// A transaction bound to one tenant: the only door to tenant-owned tables. On PostgreSQL it has set the tenant for
/// row-level security. Dropping it without [`TenantScope::commit`] rolls back.
pub struct TenantScope {
    tenant: TenantId,
    transaction: Transaction,
    shared: Arc<Shared>,
    /// The log or the model has moved in this transaction.
    moved: AtomicBool,
}

impl TenantScope {
    pub(crate) fn new(tenant: TenantId, transaction: Transaction, shared: Arc<Shared>) -> Self {
        Self { tenant, transaction, shared, moved: AtomicBool::new(false) }
    }

    /// What was counted a moment ago.
    pub(crate) fn estimates(&self) -> &Estimates {
        &self.shared.estimates
    }

    /// The commit will be heard of by those who wait for the tenant's log and model.
    pub(crate) fn mark_moved(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Makes the writes durable. Returns when they are.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        if self.moved.load(Ordering::Relaxed) {
            self.shared.notifier.tell(self.tenant);
        }
        Ok(())
    }

    /// How many statements this scope has run; what tests of batching count.
    pub fn statements(&self) -> usize {
        self.transaction.statements()
    }

    /// See [`crate::testing::record`].
    pub(crate) fn record(&self) -> Vec<Sql> {
        self.transaction.record()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.transaction.backend()
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>> {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        self.transaction.all(sql).await
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>> {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        self.transaction.one(sql).await
    }

    /// Runs a statement and answers the number of rows it touched.
    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64> {
        self.shared.statements.fetch_add(1, Ordering::Relaxed);
        self.transaction.execute(sql).await
    }
}

/// A transaction over the global tables: tenants, accounts, memberships, credentials, sessions, signing keys, jobs, ids.
/// Row-level security shows it no row of any tenant-owned table, but to the statements that name the tenant.
pub struct GlobalScope(Transaction, Arc<Shared>);

impl GlobalScope {
    pub(crate) fn new(transaction: Transaction, shared: Arc<Shared>) -> Self {
        Self(transaction, shared)
    }

    /// The rest of the transaction is about this one tenant: for what is kept together with a change of global tables.
    pub async fn enter(self, tenant: TenantId) -> Result<TenantScope> {
        self.see(&tenant.0.to_string()).await?;
        Ok(TenantScope::new(tenant, self.0, self.1))
    }

    /// Makes the writes durable. Returns when they are.
    pub async fn commit(self) -> Result<()> {
        self.0.commit().await
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>> {
        self.0.all(sql).await
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>> {
        self.0.one(sql).await
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64> {
        self.0.execute(sql).await
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.0.backend() == DbBackend::Postgres
    }

    /// Runs a statement on a tenant-owned table, of which it sees this one tenant's rows. It is for what must happen
    /// together with a change of global tables.
    pub(crate) async fn execute_for(&self, tenant: TenantId, sql: Sql) -> Result<u64> {
        self.see(&tenant.0.to_string()).await?;
        let touched = self.0.execute(sql).await?;
        self.see("").await?;
        Ok(touched)
    }

    async fn see(&self, tenant: &str) -> Result<()> {
        if self.is_postgres() {
            let mut sql = Sql::new("SELECT set_config('app.tenant', ");
            sql.bind(tenant).push(", true)");
            self.0.one(sql).await?;
        }
        Ok(())
    }
}
