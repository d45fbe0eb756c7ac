//! What one person prefers in one tenant.

use portolan_schema::{Instant, Result};
use serde_json::Value;

use crate::TenantScope;
use crate::row::json_column;
use crate::sql::Sql;

impl TenantScope {
    pub async fn preferences(&self, owner: &str) -> Result<Option<Value>> {
        let mut sql = Sql::new("SELECT preferences FROM portal_preferences WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND owner = ").bind(owner);
        self.one(sql).await?.map(|row| json_column(&row, 0)).transpose()
    }

    /// Reads preferences and keeps others from changing them until the transaction ends; those that nobody has saved
    /// become `{}`.
    pub async fn lock_preferences(&self, owner: &str, at: Instant) -> Result<Value> {
        let mut sql =
            Sql::new("INSERT INTO portal_preferences (tenant_id, owner, preferences, updated_at) VALUES (");
        sql.bind(self.tenant().0).push(", ").bind(owner).push(", '{}', ").bind(at.0);
        sql.push(") ON CONFLICT (tenant_id, owner) DO UPDATE SET updated_at = excluded.updated_at RETURNING preferences");
        match self.one(sql).await? {
            Some(row) => json_column(&row, 0),
            None => Ok(Value::Null),
        }
    }

    pub async fn save_preferences(&self, owner: &str, preferences: &Value) -> Result<()> {
        let mut sql = Sql::new("UPDATE portal_preferences SET preferences = ");
        sql.bind(preferences.to_string()).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND owner = ").bind(owner);
        self.execute(sql).await.map(drop)
    }
}
