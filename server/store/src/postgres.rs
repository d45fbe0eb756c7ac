//! PostgreSQL: migrating under a lock, a role that row-level security binds, transactions that name their tenant.

use std::str::FromStr;
use std::time::{Duration, Instant};

use portolan_migrations::{Migrator, MigratorTrait};
use portolan_schema::{Code, Error, Result};
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, Statement, TransactionTrait,
};

use crate::TenantId;
use crate::fault::fault;
use crate::finished::Finished;
use crate::notifier::Notifier;
use crate::row::column;
use crate::transaction::Transaction;

/// Taken while migrating, so that servers that start together do it once. The number is arbitrary.
const MIGRATION_LOCK: i64 = 0x0070_6f72_746f;
/// The plain role that is made and taken where the URL's role would bypass row-level security.
const PLAIN_ROLE: &str = "portolan_app";
/// Longest statement and longest wait for a lock, in milliseconds.
const STATEMENT_TIMEOUT: &str = "60000";
const LOCK_TIMEOUT: &str = "15000";
/// How long broken connections are left for others before the caller is told.
const BROKEN: Duration = Duration::from_secs(2);

/// Joins look up rows by key, nothing is scanned, and a statement's plan is made once, whatever the statistics say at
/// that moment: statements are written so that this is the right plan (docs/decisions/004-lists-choose-their-own-plan.md).
/// Aggregates, which read everything, lift the first four.
const PLANNER: [(&str, &str); 6] = [
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_seqscan", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    // Starting workers takes longer than what they would help with.
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
];

pub(crate) struct Postgres {
    pool: DatabaseConnection,
    /// For notifications: one connection listens, one tells.
    side: PgPool,
}

impl Postgres {
    pub(crate) async fn open(url: &str, max_connections: u32) -> Result<Self> {
        // The URL may hold a password, so it is in no message.
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| Error::unavailable(format!("the database URL cannot be read: {error}")))?
            .application_name("portolan")
            .disable_statement_logging();
        let owner = connect(options.clone(), 1).await?;
        let role = prepare(&owner).await;
        drop(owner.close().await);
        let mut settings = vec![("statement_timeout", STATEMENT_TIMEOUT), ("lock_timeout", LOCK_TIMEOUT)];
        settings.extend(PLANNER);
        if role? {
            settings.push(("role", PLAIN_ROLE));
        }
        let options = options.options(settings);
        let side = PgPoolOptions::new().max_connections(2).connect_lazy_with(options.clone());
        let pool = connect(options, max_connections).await?;
        refuse_bypass(&pool).await?;
        Ok(Self { pool, side })
    }

    /// Must be called once.
    pub(crate) fn notifier(&self) -> Notifier {
        Notifier::across(self.side.clone())
    }

    /// Without a transaction, and so without a tenant: it sees the global tables only.
    pub(crate) fn look(&self) -> Transaction {
        Transaction::loose(self.pool.clone())
    }

    /// Begins a transaction. A connection that turns out to be broken, as all are after the server's restart, is left for
    /// another one.
    pub(crate) async fn begin(&self, tenant: Option<TenantId>, read_only: bool) -> Result<Transaction> {
        let began = Instant::now();
        loop {
            match self.begin_once(tenant, read_only).await {
                Err(error) if error.code() == Code::Unavailable && began.elapsed() < BROKEN => {
                    tracing::warn!(error = ?error, "a connection to the database was broken");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                done => return done,
            }
        }
    }

    async fn begin_once(&self, tenant: Option<TenantId>, read_only: bool) -> Result<Transaction> {
        let pool = self.pool.clone();
        let transaction = Finished::new(async move { pool.begin().await }).await.map_err(fault)?;
        let mode = if read_only { "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;" } else { "" };
        let tenant = tenant.map(|tenant| format!("SELECT set_config('app.tenant', '{}', true);", tenant.0));
        let setup = format!("{mode}{}", tenant.unwrap_or_default());
        if !setup.is_empty() {
            transaction.execute_unprepared(&setup).await.map_err(fault)?;
        }
        Ok(Transaction::own(transaction))
    }

    pub(crate) async fn close(&self) {
        // The listener holds a connection for as long as it waits, so this is not waited for.
        let side = self.side.clone();
        tokio::spawn(async move { side.close().await });
        drop(self.pool.clone().close().await);
    }
}

async fn connect(options: PgConnectOptions, max_connections: u32) -> Result<DatabaseConnection> {
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .min_connections(1)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(15))
        .connect_with(options)
        .await
        .map_err(Error::unavailable)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Migrates under a lock. Answers whether the plain role has to be taken.
async fn prepare(owner: &DatabaseConnection) -> Result<bool> {
    let lock = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
    owner.execute_unprepared(&lock).await.map_err(fault)?;
    let outcome = migrate(owner).await;
    let unlock = format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})");
    owner.execute_unprepared(&unlock).await.map_err(fault)?;
    outcome
}

async fn migrate(owner: &DatabaseConnection) -> Result<bool> {
    Migrator::up(owner, None).await.map_err(fault)?;
    let bypasses =
        flag(owner, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").await?;
    if bypasses {
        make_plain_role(owner).await.map_err(|error| {
            let advice = "the role of the database URL bypasses row-level security and no plain role could be made; \
                          use a role that is neither superuser nor has BYPASSRLS, and owns the database";
            Error::unavailable(format!("{advice}: {error:?}"))
        })?;
    }
    Ok(bypasses)
}

async fn make_plain_role(owner: &DatabaseConnection) -> Result<()> {
    // Roles belong to the whole cluster, and another database's server may make it at the same time.
    let make = format!(
        "DO $$ BEGIN
           IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{PLAIN_ROLE}') THEN
             CREATE ROLE {PLAIN_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS;
           END IF;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
         DO $$ BEGIN
           IF NOT pg_has_role(current_user, '{PLAIN_ROLE}', 'MEMBER') THEN
             EXECUTE format('GRANT {PLAIN_ROLE} TO %I', current_user);
           END IF; END $$;
         GRANT USAGE ON SCHEMA public TO {PLAIN_ROLE};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {PLAIN_ROLE};"
    );
    owner.execute_unprepared(&make).await.map_err(fault)?;
    Ok(())
}

/// Row-level security must bind whoever serves requests.
async fn refuse_bypass(pool: &DatabaseConnection) -> Result<()> {
    for table in portolan_migrations::TENANT_TABLES.iter().copied().flatten() {
        if !flag(pool, &format!("SELECT row_security_active('{table}')")).await? {
            let message = format!("row-level security does not bind the server's role on the table {table}");
            return Err(Error::unavailable(message));
        }
    }
    Ok(())
}

async fn flag(connection: &DatabaseConnection, sql: &str) -> Result<bool> {
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = connection.query_one_raw(statement).await.map_err(fault)?;
    row.map_or(Ok(false), |row| column(&row, 0))
}
