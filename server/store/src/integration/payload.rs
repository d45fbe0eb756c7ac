//! A few raw payloads of each kind, as the source gave them: what mappings are tried on.

use portolan_schema::{Instant, Result};
use serde_json::Value;

use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

impl TenantScope {
    /// Replaces the payloads that are recorded of a kind.
    pub async fn save_payloads(
        &self,
        integration: i64,
        kind: &str,
        payloads: &[Value],
        at: Instant,
    ) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM payload_samples WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND kind = ").bind(kind);
        self.execute(sql).await?;
        if payloads.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new(
            "INSERT INTO payload_samples (tenant_id, integration_id, kind, ordinal, payload, at) VALUES ",
        );
        for (ordinal, payload) in (0_i32..).zip(payloads) {
            sql.push(if ordinal == 0 { "(" } else { ", (" }).bind(self.tenant().0);
            sql.push(", ").bind(integration).push(", ").bind(kind).push(", ").bind(ordinal);
            sql.push(", ").bind(payload.to_string()).push(", ").bind(at.0).push(")");
        }
        self.execute(sql).await?;
        Ok(())
    }

    /// The kinds that payloads are recorded of.
    pub async fn payload_kinds(&self, integration: i64) -> Result<Vec<String>> {
        let mut sql = Sql::new("SELECT DISTINCT kind FROM payload_samples WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration).push(" ORDER BY kind");
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }

    /// The payloads that are recorded of a kind.
    pub async fn payloads(&self, integration: i64, kind: &str) -> Result<Vec<Value>> {
        let mut sql = Sql::new("SELECT payload FROM payload_samples WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
        sql.push(" AND kind = ").bind(kind).push(" ORDER BY ordinal");
        self.all(sql).await?.iter().map(|row| json_column(row, 0)).collect()
    }
}
