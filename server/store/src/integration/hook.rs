//! Hook keys: by which of them a source may tell which integration.

use portolan_schema::Result;

use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, TenantId, TenantScope};

/// Whom a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hook {
    pub tenant: TenantId,
    pub integration: i64,
}

impl GlobalScope {
    /// Finds whom a key belongs to by its hash. Suspended tenants have no hooks.
    pub async fn hook(&self, key_hash: &[u8]) -> Result<Option<Hook>> {
        let mut sql = Sql::new(
            "SELECT h.tenant_id, h.integration_id FROM hooks h JOIN tenants t ON t.tenant_id = h.tenant_id
             WHERE t.status = 'ACTIVE' AND h.key_hash = ",
        );
        sql.bind(key_hash.to_vec());
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(Hook { tenant: TenantId(column(&row, 0)?), integration: column(&row, 1)? }))
    }
}

impl TenantScope {
    /// Gives an integration a key; the one it had is good for nothing from then on.
    pub async fn save_hook(&self, integration: i64, key_hash: &[u8], key_sealed: &[u8]) -> Result<()> {
        let mut sql =
            Sql::new("INSERT INTO hooks (key_hash, tenant_id, integration_id, key_sealed) VALUES (");
        sql.bind(key_hash.to_vec()).push(", ").bind(self.tenant().0).push(", ").bind(integration);
        sql.push(", ").bind(key_sealed.to_vec());
        sql.push(
            ") ON CONFLICT (tenant_id, integration_id) DO UPDATE SET
               key_hash = excluded.key_hash, key_sealed = excluded.key_sealed",
        );
        self.execute(sql).await?;
        Ok(())
    }

    /// An integration's key, as it was sealed.
    pub async fn sealed_hook_key(&self, integration: i64) -> Result<Option<Vec<u8>>> {
        let mut sql = Sql::new("SELECT key_sealed FROM hooks WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        self.one(sql).await?.map(|row| column(&row, 0)).transpose()
    }
}
