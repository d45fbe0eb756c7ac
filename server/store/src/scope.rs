//! One tenant's transaction: the only door to tenant-owned tables.

use portolan_schema::Result;
use sea_orm::{DbBackend, QueryResult};

use crate::TenantId;
use crate::sql::Sql;

/// A transaction bound to one tenant. On PostgreSQL it has set the tenant for row-level security. Dropping it without
/// [`TenantScope::commit`] rolls back.
pub struct TenantScope {}

impl TenantScope {
    pub fn tenant(&self) -> TenantId {
        unimplemented!()
    }

    /// Makes the writes durable. Returns when they are.
    pub async fn commit(self) -> Result<()> {
        unimplemented!()
    }

    /// How many statements this scope has run; what tests of batching count.
    pub fn statements(&self) -> usize {
        unimplemented!()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        unimplemented!()
    }

    pub(crate) async fn all(&self, _sql: Sql) -> Result<Vec<QueryResult>> {
        unimplemented!()
    }

    pub(crate) async fn one(&self, _sql: Sql) -> Result<Option<QueryResult>> {
        unimplemented!()
    }

    /// Runs a statement and answers the number of rows it touched.
    pub(crate) async fn execute(&self, _sql: Sql) -> Result<u64> {
        unimplemented!()
    }
}
