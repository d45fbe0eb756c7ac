//! Opening a database: SQLite in a directory or PostgreSQL by URL; migrating it; handing out scopes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use portolan_schema::Result;
use sea_orm::DbBackend;
use tokio::sync::Mutex;

use crate::estimates::Estimates;
use crate::notifier::{Notifier, Watch};
use crate::postgres::Postgres;
use crate::row::column;
use crate::scope::Shared;
use crate::sql::Sql;
use crate::sqlite::Sqlite;
use crate::transaction::Transaction;
use crate::{GlobalScope, TenantId, TenantScope, measured};

/// Ids taken from the database at a time; a server that stops loses the rest of its block.
const ID_BLOCK: usize = 4_096;

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum Config {
    /// A file `portolan.db` in this directory, made if missing.
    Sqlite { directory: std::path::PathBuf },
    /// A `postgres://` URL.
    Postgres { url: String, max_connections: u32 },
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    ids: Mutex<std::ops::Range<i64>>,
    transactions: AtomicUsize,
    shared: Arc<Shared>,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// Connects, migrates, and on PostgreSQL takes a role that row-level security binds.
    ///
    /// # Errors
    /// Where the database cannot be reached, migrated, or its role bypasses row-level security and no other can be made.
    pub async fn open(config: &Config) -> Result<Self> {
        Self::open_bounded(config, None).await
    }

    /// [`Store::open`], with a bound to the size of an SQLite database, in bytes: writes beyond it fail with
    /// `STORAGE_FULL`, reads go on.
    ///
    /// # Errors
    /// As there.
    pub async fn open_bounded(config: &Config, max_bytes: Option<u64>) -> Result<Self> {
        let engine = match config {
            Config::Sqlite { directory } => Engine::Sqlite(Sqlite::open(directory, max_bytes).await?),
            Config::Postgres { url, max_connections } => {
                Engine::Postgres(Postgres::open(url, *max_connections).await?)
            }
        };
        let notifier = match &engine {
            Engine::Sqlite(_) => Notifier::local(),
            Engine::Postgres(postgres) => postgres.notifier(),
        };
        let transactions = AtomicUsize::new(0);
        let shared = Arc::new(Shared::new(notifier));
        Ok(Self(Arc::new(Inner { engine, ids: Mutex::new(0..0), transactions, shared })))
    }

    /// A consistent view of one tenant, for reading. Drop it to end it.
    pub async fn read(&self, tenant: TenantId) -> Result<TenantScope> {
        Ok(TenantScope::new(tenant, self.begin_read(tenant).await?, self.0.shared.clone()))
    }

    /// One tenant, for reading by a single statement: where more are run, each sees what is committed by then. On SQLite
    /// this spares the two statements that a transaction takes; on PostgreSQL the tenant has to be set in one.
    pub async fn look(&self, tenant: TenantId) -> Result<TenantScope> {
        self.0.transactions.fetch_add(1, Ordering::Relaxed);
        let transaction = match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.look(),
            Engine::Postgres(postgres) => postgres.begin(Some(tenant), true).await?,
        };
        Ok(TenantScope::new(tenant, transaction, self.0.shared.clone()))
    }

    /// A transaction of one tenant, for writing. Nothing is kept unless it is committed. On SQLite writers queue, and
    /// several may share one durable commit; whoever holds one must not wait for another.
    pub async fn write(&self, tenant: TenantId) -> Result<TenantScope> {
        Ok(TenantScope::new(tenant, self.begin_write(Some(tenant)).await?, self.0.shared.clone()))
    }

    /// Hears of commits that move a tenant's log or model from now on.
    pub fn watch(&self, tenant: TenantId) -> Watch {
        self.0.shared.notifier.watch(tenant)
    }

    /// The global tables, for reading. Each statement sees what is committed by then.
    pub async fn read_global(&self) -> Result<GlobalScope> {
        self.0.transactions.fetch_add(1, Ordering::Relaxed);
        let transaction = match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.look(),
            Engine::Postgres(postgres) => postgres.look(),
        };
        Ok(GlobalScope::new(transaction, self.0.shared.clone()))
    }

    /// A transaction over the global tables, for writing, as [`Store::write`].
    pub async fn write_global(&self) -> Result<GlobalScope> {
        Ok(GlobalScope::new(self.begin_write(None).await?, self.0.shared.clone()))
    }

    /// Reserves `count` ids, unique in the whole database, and answers the first. Gaps are normal. Must not be called
    /// while holding a scope for writing.
    pub async fn reserve_ids(&self, count: usize) -> Result<i64> {
        let mut ids = self.0.ids.lock().await;
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        if ids.end - ids.start < wanted {
            let block = i64::try_from(count.max(ID_BLOCK)).unwrap_or(i64::MAX);
            let scope = self.write_global().await?;
            let mut sql = Sql::new("UPDATE id_blocks SET next_id = next_id + ");
            sql.bind(block).push(" WHERE name = 'any' RETURNING next_id");
            let row = scope.one(sql).await?;
            let row = row.ok_or_else(|| portolan_schema::Error::internal("the id block is missing"))?;
            let end: i64 = column(&row, 0)?;
            scope.commit().await?;
            *ids = end - block..end;
        }
        let first = ids.start;
        ids.start += wanted;
        Ok(first)
    }

    /// Gives back the last of the ids that were reserved, which nothing was made with. They are kept where no others were
    /// reserved since.
    pub async fn give_back_ids(&self, first: i64, count: usize) {
        let mut ids = self.0.ids.lock().await;
        if i64::try_from(count).is_ok_and(|count| ids.start == first + count) {
            ids.start = first;
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.read_global().await?.one(Sql::new("SELECT 1")).await.map(drop)
    }

    /// Which engine this is.
    pub fn backend(&self) -> DbBackend {
        match &self.0.engine {
            Engine::Sqlite(_) => DbBackend::Sqlite,
            Engine::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// Whether other servers may be at work on the same database.
    pub fn is_shared(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// How many statements the scopes of tenants have run; what tests of batching count.
    pub fn statements(&self) -> usize {
        self.0.shared.statements.load(Ordering::Relaxed)
    }

    /// See [`crate::testing::walk_only`].
    pub(crate) fn estimates(&self) -> &Estimates {
        &self.0.shared.estimates
    }

    /// How many transactions were begun; what tests of batching count.
    pub fn transactions(&self) -> usize {
        self.0.transactions.load(Ordering::Relaxed)
    }

    /// Ends all connections. Scopes that are open end with an error.
    pub async fn close(&self) {
        match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }

    async fn begin_read(&self, tenant: TenantId) -> Result<Transaction> {
        self.0.transactions.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        let begun = match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.read().await,
            Engine::Postgres(postgres) => postgres.begin(Some(tenant), true).await,
        };
        measured::begun("read", asked, &begun);
        begun
    }

    async fn begin_write(&self, tenant: Option<TenantId>) -> Result<Transaction> {
        self.0.transactions.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        let begun = match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.write().await,
            Engine::Postgres(postgres) => postgres.begin(tenant, false).await,
        };
        measured::begun("write", asked, &begun);
        begun
    }
}
