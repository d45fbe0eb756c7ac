//! Databases for tests and benchmarks: a fresh one each, on either engine, gone when the test is.
//!
//! PostgreSQL is found by `PORTOLAN_TEST_POSTGRES_URL`, which `make test` sets. A template is migrated once and copied.

mod plans;
#[cfg(test)]
mod upgrade;

pub use plans::{Plan, plans, record};

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use portolan_schema::{Error, Result};
use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxPostgresConnector};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::row::column;
use crate::sql::Sql;
use crate::{Config, Store, TenantId};

pub use portolan_migrations::TENANT_TABLES;

const POSTGRES_URL: &str = "PORTOLAN_TEST_POSTGRES_URL";
/// Connections of a test's server: many tests share one PostgreSQL.
const CONNECTIONS: u32 = 4;

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];
}

/// A fresh, migrated database. Call [`TestDatabase::remove`] at the end.
pub struct TestDatabase {
    pub store: Store,
    pub engine: Engine,
    /// How to open it once more, as a second server would.
    pub config: Config,
    place: Place,
}

enum Place {
    Directory(PathBuf),
    Database { url: String, name: String },
}

impl TestDatabase {
    /// Makes a database.
    ///
    /// # Panics
    /// Where PostgreSQL is wanted and `PORTOLAN_TEST_POSTGRES_URL` is not set, or where it cannot be made.
    #[expect(clippy::panic, reason = "a test that has no database must not pass")]
    pub async fn new(engine: Engine) -> Self {
        let made = match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        };
        made.unwrap_or_else(|error| panic!("no database for the test: {error:?}"))
    }

    async fn sqlite() -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("portolan-test-{}", Uuid::new_v4().simple()));
        let config = Config::Sqlite { directory: directory.clone() };
        let store = Store::open(&config).await?;
        Ok(Self { store, engine: Engine::Sqlite, config, place: Place::Directory(directory) })
    }

    async fn postgres() -> Result<Self> {
        let url = std::env::var(POSTGRES_URL).map_err(|_| {
            Error::unavailable(format!(
                "{POSTGRES_URL} is not set; run `make test`, or a command under infra/test/with-peers"
            ))
        })?;
        let template = template(&url).await?;
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portolan_test_{}_{number}", Uuid::new_v4().simple());
        let server = server(&url).await?;
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        drop(server.close().await);
        let config = Config::Postgres { url: database_url(&url, &name)?, max_connections: CONNECTIONS };
        let store = Store::open(&config).await?;
        Ok(Self { store, engine: Engine::Postgres, config, place: Place::Database { url, name } })
    }

    /// Takes fresh statistics, on PostgreSQL.
    ///
    /// # Errors
    /// Where the database is away.
    pub async fn analyze(&self) -> Result<()> {
        self.as_owner("ANALYZE").await
    }

    /// Has PostgreSQL take no statistics by itself.
    ///
    /// # Errors
    /// Where the database is away.
    pub async fn stop_autovacuum(&self) -> Result<()> {
        for table in portolan_migrations::TENANT_TABLES.iter().copied().flatten() {
            self.as_owner(&format!("ALTER TABLE {table} SET (autovacuum_enabled = false)")).await?;
        }
        Ok(())
    }

    async fn as_owner(&self, sql: &str) -> Result<()> {
        let Config::Postgres { url, .. } = &self.config else { return Ok(()) };
        let owner = server(url).await?;
        let outcome = execute(&owner, sql).await;
        drop(owner.close().await);
        outcome
    }

    /// Closes the store and removes its data.
    pub async fn remove(self) {
        self.store.close().await;
        match &self.place {
            Place::Directory(directory) => drop(std::fs::remove_dir_all(directory)),
            Place::Database { url, name } => {
                if let Ok(server) = server(url).await {
                    drop(execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await);
                    drop(server.close().await);
                }
            }
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A test that fails does not get to `remove`.
        if let Place::Directory(directory) = &self.place {
            drop(std::fs::remove_dir_all(directory));
        }
    }
}

/// Has lists walk their order even where a condition has few hits, or choose again.
pub fn walk_only(store: &Store, flag: bool) {
    store.estimates().walk_only(flag);
}

/// Runs a test once on each engine, each on a fresh database.
pub async fn on_each_engine<F, T>(test: F)
where
    F: Fn(Store) -> T,
    T: Future<Output = ()>,
{
    for engine in Engine::BOTH {
        let database = TestDatabase::new(engine).await;
        test(database.store.clone()).await;
        database.remove().await;
    }
}

/// How many rows of a tenant a table has: what tests of sweeping count.
///
/// # Panics
/// Where the table cannot be counted.
#[expect(clippy::panic, reason = "for tests only")]
pub async fn count_rows(store: &Store, tenant: TenantId, table: &str) -> i64 {
    let count = async {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.push(table).push(" WHERE tenant_id = ").bind(tenant.0);
        let row = store.read(tenant).await?.one(sql).await?;
        row.map_or(Ok(0), |row| column(&row, 0))
    };
    count.await.unwrap_or_else(|error: Error| panic!("{table}: {error:?}"))
}

/// Migrates a template once a process; the name says by which migrations.
async fn template(url: &str) -> Result<&'static str> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let name = TEMPLATE
        .get_or_try_init(|| async {
            let name = format!("portolan_template_{}", Uuid::new_v4().simple());
            let server = server(url).await?;
            execute(&server, &format!("CREATE DATABASE {name}")).await?;
            drop(server.close().await);
            let config = Config::Postgres { url: database_url(url, &name)?, max_connections: 1 };
            Store::open(&config).await?.close().await;
            Ok::<_, Error>(name)
        })
        .await?;
    Ok(name)
}

fn database_url(url: &str, name: &str) -> Result<String> {
    let options = PgConnectOptions::from_str(url).map_err(Error::internal)?;
    Ok(options.database(name).to_url_lossy().to_string())
}

async fn server(url: &str) -> Result<DatabaseConnection> {
    let options = PgConnectOptions::from_str(url).map_err(Error::internal)?.disable_statement_logging();
    let pool =
        PgPoolOptions::new().max_connections(1).connect_with(options).await.map_err(Error::internal)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn execute(connection: &DatabaseConnection, sql: &str) -> Result<()> {
    connection.execute_unprepared(sql).await.map_err(Error::internal)?;
    Ok(())
}
