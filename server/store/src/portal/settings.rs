//! What a tenant's admins set for its portal.

use portolan_schema::{Instant, Result};
use serde_json::Value;

use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// The settings of one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub settings: Value,
    /// Counts their changes; 0 before the first.
    pub revision: i64,
}

impl TenantScope {
    /// None before they were saved the first time.
    pub async fn portal_settings(&self) -> Result<Option<Settings>> {
        let mut sql = Sql::new("SELECT settings, revision FROM portal_settings WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.one(sql)
            .await?
            .map(|row| Ok(Settings { settings: json_column(&row, 0)?, revision: column(&row, 1)? }))
            .transpose()
    }

    /// Writes the settings. The caller holds the head's lock.
    pub async fn save_portal_settings(&self, settings: &Settings, at: Instant, by: &str) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO portal_settings (tenant_id, settings, revision, updated_at, updated_by) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(settings.settings.to_string());
        sql.push(", ").bind(settings.revision).push(", ").bind(at.0).push(", ").bind(by);
        sql.push(
            ") ON CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings, revision = excluded.revision, \
             updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        );
        self.execute(sql).await.map(drop)
    }
}
