//! The tenant's head row: the last sequence number, the model's revision, the next number to give.

use portolan_schema::{Error, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// What the head row said when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence number of the tenant's last version.
    pub seq: i64,
    /// Revision of the tenant's model; 0 before the first blueprint.
    pub model_revision: i64,
    /// The next number for a blueprint, property or relation.
    pub next_no: i32,
    /// Whether entities may be there that do not fit their blueprint.
    pub invalid: bool,
    /// How many of the entities that the tenant has count towards its limit.
    pub entity_count: i64,
    /// How many it may have; None where the operator set no limit.
    pub entity_limit: Option<i64>,
}

const HEAD: &str = "seq, model_revision, next_no, invalid, entity_count, entity_limit";

impl Head {
    fn read(row: &QueryResult) -> Result<Self> {
        Ok(Self {
            seq: column(row, 0)?,
            model_revision: column(row, 1)?,
            next_no: column(row, 2)?,
            invalid: column::<i32>(row, 3)? != 0,
            entity_count: column(row, 4)?,
            entity_limit: column(row, 5)?,
        })
    }
}

impl TenantScope {
    /// Makes the head row of a new tenant.
    pub async fn create_head(&self) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO tenant_heads (tenant_id, seq, model_revision, next_no) VALUES (");
        sql.bind(self.tenant().0).push(", 0, 0, 1)");
        self.execute(sql).await?;
        Ok(())
    }

    /// Reads the head without locking it.
    pub async fn head(&self) -> Result<Head> {
        let mut sql = Sql::new(&format!("SELECT {HEAD} FROM tenant_heads WHERE tenant_id = "));
        sql.bind(self.tenant().0);
        self.required_head(sql).await
    }

    /// Locks the head until the end of the transaction: no other writer of this tenant passes. The order in which the
    /// lock is taken is the order of sequence numbers and of commits.
    pub async fn lock_head(&self) -> Result<Head> {
        let mut sql = Sql::new("UPDATE tenant_heads SET seq = seq WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(&format!(" RETURNING {HEAD}"));
        self.required_head(sql).await
    }

    /// Takes `count` sequence numbers and answers the first, provided the head still says what `seen` says.
    /// None where another writer was faster; the caller reads again under [`TenantScope::lock_head`].
    pub async fn take_seq(&self, seen: Head, count: usize) -> Result<Option<i64>> {
        self.take_seq_growing(seen, count, 0).await
    }

    /// As [`TenantScope::take_seq`], for changes after which there are `growth` more entities, or fewer.
    pub async fn take_seq_growing(&self, seen: Head, count: usize, growth: i64) -> Result<Option<i64>> {
        let mut sql = Sql::new("UPDATE tenant_heads SET seq = seq + ");
        sql.bind(i64::try_from(count).map_err(Error::internal)?);
        sql.push(", entity_count = entity_count + ").bind(growth);
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND seq = ").bind(seen.seq);
        sql.push(" AND model_revision = ").bind(seen.model_revision);
        let touched = self.execute(sql).await?;
        self.mark_moved();
        Ok((touched == 1).then_some(seen.seq + 1))
    }

    /// Records a new model revision and how many numbers were given out for it. The head must be locked.
    pub async fn advance_model(&self, revision: i64, next_no: i32) -> Result<()> {
        let mut sql = Sql::new("UPDATE tenant_heads SET model_revision = ");
        sql.bind(revision).push(", next_no = ").bind(next_no);
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0);
        self.execute(sql).await?;
        let mut sql = Sql::new("UPDATE tenants SET model_revision = ");
        sql.bind(revision).push(" WHERE tenant_id = ").bind(self.tenant().0);
        self.execute(sql).await?;
        self.mark_moved();
        Ok(())
    }

    /// Records of which version the tenant's system blueprints are.
    pub async fn set_base_version(&self, version: i32) -> Result<()> {
        let mut sql = Sql::new("UPDATE tenants SET base_version = ");
        sql.bind(version).push(" WHERE tenant_id = ").bind(self.tenant().0);
        self.execute(sql).await.map(drop)
    }

    async fn required_head(&self, sql: Sql) -> Result<Head> {
        match self.one(sql).await? {
            Some(row) => Head::read(&row),
            None => Err(Error::internal(format!("tenant {} has no head row", self.tenant().0))),
        }
    }
}
