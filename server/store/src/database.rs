//! Opening a database: SQLite in a directory or PostgreSQL by URL; migrating it; handing out scopes.

use portolan_schema::Result;

use crate::{TenantId, TenantScope};

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
pub struct Store {}

impl Store {
    /// Connects, migrates, and on PostgreSQL takes a role that row-level security binds.
    ///
    /// # Errors
    /// Where the database cannot be reached, migrated, or its role bypasses row-level security and no other can be made.
    pub async fn open(_config: &Config) -> Result<Self> {
        unimplemented!()
    }

    /// A consistent view of one tenant, for reading. Drop it to end it.
    pub async fn read(&self, _tenant: TenantId) -> Result<TenantScope> {
        unimplemented!()
    }

    /// A transaction of one tenant, for writing. Nothing is kept unless it is committed. On SQLite writers queue, and
    /// several may share one durable commit.
    pub async fn write(&self, _tenant: TenantId) -> Result<TenantScope> {
        unimplemented!()
    }

    /// Reserves `count` ids, unique in the whole database, and answers the first. Gaps are normal.
    pub async fn reserve_ids(&self, _count: usize) -> Result<i64> {
        unimplemented!()
    }
}
