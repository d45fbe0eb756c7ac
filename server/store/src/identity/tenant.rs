//! Tenants.

use portolan_schema::{Code, Error, Instant, Pointer, Result};
use sea_orm::QueryResult;

use super::TenantLimits;
use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, TenantId};

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    Active,
    Suspended,
    /// Its rows are being removed; nothing brings it back.
    Deleting,
}

impl TenantStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Deleting => "DELETING",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: String,
    pub title: String,
    pub status: TenantStatus,
    pub created_at: Instant,
    pub limits: TenantLimits,
    /// Counts the changes of its blueprints.
    pub model_revision: i64,
}

pub(super) const TENANT: &str = "tenants.tenant_id, tenants.slug, tenants.title, tenants.status, \
     tenants.created_at, tenants.limits, tenants.model_revision";
/// How many columns [`TENANT`] has.
pub(super) const TENANT_WIDTH: usize = 7;

impl GlobalScope {
    /// Makes a tenant with its head row.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` where the slug is taken.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO tenants (tenant_id, slug, title, status, created_at) VALUES (");
        sql.bind(tenant.id.0).push(", ").bind(tenant.slug.as_str());
        sql.push(", ").bind(tenant.title.as_str()).push(", ").bind(tenant.status.as_str());
        sql.push(", ").bind(tenant.created_at.0).push(") ON CONFLICT (slug) DO NOTHING");
        if self.execute(sql).await? == 0 {
            let message = format!("there is a tenant \"{}\" already", tenant.slug);
            return Err(Error::at(Code::AlreadyExists, Pointer::root().key("slug"), message));
        }
        let mut sql = Sql::new("INSERT INTO tenant_heads (tenant_id, seq, model_revision, next_no) VALUES (");
        sql.bind(tenant.id.0).push(", 0, 0, 1)");
        self.execute_for(tenant.id, sql).await.map(drop)
    }

    /// All tenants, by slug.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        let sql = Sql::new(&format!("SELECT {TENANT} FROM tenants ORDER BY slug"));
        self.all(sql).await?.iter().map(|row| tenant(row, 0)).collect()
    }

    pub async fn tenant_by_slug(&self, slug: &str) -> Result<Option<Tenant>> {
        let mut sql = Sql::new(&format!("SELECT {TENANT} FROM tenants WHERE slug = "));
        sql.bind(slug);
        self.one(sql).await?.map(|row| tenant(&row, 0)).transpose()
    }

    pub async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>> {
        let mut sql = Sql::new(&format!("SELECT {TENANT} FROM tenants WHERE tenant_id = "));
        sql.bind(id.0);
        self.one(sql).await?.map(|row| tenant(&row, 0)).transpose()
    }

    /// Tenants whose system blueprints are older than `version`, but for those that are being deleted.
    pub async fn tenants_before(&self, version: i32) -> Result<Vec<TenantId>> {
        let mut sql =
            Sql::new("SELECT tenant_id FROM tenants WHERE status <> 'DELETING' AND base_version < ");
        sql.bind(version).push(" ORDER BY tenant_id");
        self.all(sql).await?.iter().map(|row| Ok(TenantId(column(row, 0)?))).collect()
    }

    /// Locks the tenant until the end of the transaction: no other change of its members or its status passes, and no
    /// write to its catalog. The head comes first, as in changes of the model, so that nobody waits in a circle.
    pub async fn lock_tenant(&self, id: TenantId) -> Result<()> {
        let mut sql = Sql::new("UPDATE tenant_heads SET seq = seq WHERE tenant_id = ");
        sql.bind(id.0);
        self.execute_for(id, sql).await?;
        let mut sql = Sql::new("UPDATE tenants SET status = status WHERE tenant_id = ");
        sql.bind(id.0);
        self.execute(sql).await.map(drop)
    }

    /// Answers whether there is such a tenant that is not being deleted.
    pub async fn set_tenant_status(&self, slug: &str, status: TenantStatus) -> Result<bool> {
        let mut sql = Sql::new("UPDATE tenants SET status = ");
        sql.bind(status.as_str()).push(" WHERE status <> 'DELETING' AND slug = ").bind(slug);
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether there is such a tenant that is not being deleted.
    pub async fn set_tenant_title(&self, slug: &str, title: &str) -> Result<bool> {
        let mut sql = Sql::new("UPDATE tenants SET title = ");
        sql.bind(title).push(" WHERE status <> 'DELETING' AND slug = ").bind(slug);
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether there is such a tenant that is not being deleted.
    pub async fn set_tenant_limits(&self, id: TenantId, limits: TenantLimits) -> Result<bool> {
        let text = serde_json::to_string(&limits).map_err(Error::internal)?;
        let mut sql = Sql::new("UPDATE tenants SET limits = ");
        sql.bind(text).push(" WHERE status <> 'DELETING' AND tenant_id = ").bind(id.0);
        let found = self.execute(sql).await? == 1;
        // Whoever writes entities reads the head anyway.
        let mut sql = Sql::new("UPDATE tenant_heads SET entity_limit = ");
        sql.bind(limits.entities.map(i64::from)).push(" WHERE tenant_id = ").bind(id.0);
        self.execute_for(id, sql).await?;
        Ok(found)
    }

    /// Removes the tenant itself. Nothing else of it may be left.
    pub async fn delete_tenant(&self, id: TenantId) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM tenants WHERE tenant_id = ");
        sql.bind(id.0);
        self.execute(sql).await.map(drop)
    }
}

pub(super) fn tenant(row: &QueryResult, from: usize) -> Result<Tenant> {
    Ok(Tenant {
        id: TenantId(column(row, from)?),
        slug: column(row, from + 1)?,
        title: column(row, from + 2)?,
        status: status(row, from + 3)?,
        created_at: Instant(column(row, from + 4)?),
        limits: match column::<Option<String>>(row, from + 5)? {
            Some(text) => serde_json::from_str(&text).map_err(Error::internal)?,
            None => TenantLimits::default(),
        },
        model_revision: column(row, from + 6)?,
    })
}

fn status(row: &QueryResult, index: usize) -> Result<TenantStatus> {
    let text: String = column(row, index)?;
    [TenantStatus::Active, TenantStatus::Suspended, TenantStatus::Deleting]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| Error::internal(format!("the tenant status {text} is not known")))
}
