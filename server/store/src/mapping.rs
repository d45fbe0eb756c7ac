//! Mappings of integrations, for those who follow changes of the model.

use portolan_schema::Result;
use serde_json::Value;

use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// The mapping of one integration.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMapping {
    pub integration: i64,
    /// Of the integration.
    pub identifier: String,
    /// The integration runs elsewhere.
    pub remote: bool,
    pub mapping: Value,
}

impl TenantScope {
    /// The mappings of all integrations.
    pub async fn mappings(&self) -> Result<Vec<StoredMapping>> {
        let mut sql = Sql::new(
            "SELECT integration_id, identifier, remote, mapping FROM integrations WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" ORDER BY identifier");
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(StoredMapping {
                    integration: column(row, 0)?,
                    identifier: column(row, 1)?,
                    remote: column::<i32>(row, 2)? != 0,
                    mapping: json_column(row, 3)?,
                })
            })
            .collect()
    }

    pub async fn save_mapping(&self, integration: i64, mapping: &Value) -> Result<()> {
        let mut sql = Sql::new("UPDATE integrations SET mapping = ");
        sql.bind(mapping.to_string()).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND integration_id = ").bind(integration);
        self.execute(sql).await?;
        Ok(())
    }
}
