//! Which formulas have been computed for all entities, and how far the consumer has read.

use portolan_schema::{BlueprintNo, Instant, PropertyNo, Result};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// How far a formula has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaRow {
    pub property: PropertyNo,
    pub blueprint: BlueprintNo,
    /// What it was when it was last filled; another text means that all values are stale.
    pub formula: String,
    /// The last entity that was computed; None when all are.
    pub filled_to: Option<i64>,
    /// When all had been computed.
    pub filled_at: Option<Instant>,
    /// Why it is not evaluated any more.
    pub suspended: Option<String>,
}

impl TenantScope {
    pub async fn formulas(&self) -> Result<Vec<FormulaRow>> {
        let mut sql = Sql::new(
            "SELECT property_no, blueprint_no, formula, filled_to, filled_at, suspended FROM computed_formulas WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" ORDER BY property_no");
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(FormulaRow {
                    property: PropertyNo(column(row, 0)?),
                    blueprint: BlueprintNo(column(row, 1)?),
                    formula: column(row, 2)?,
                    filled_to: column(row, 3)?,
                    filled_at: column::<Option<i64>>(row, 4)?.map(Instant),
                    suspended: column(row, 5)?,
                })
            })
            .collect()
    }

    pub async fn save_formula(&self, row: &FormulaRow) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO computed_formulas (tenant_id, property_no, blueprint_no, formula, filled_to, filled_at,
               suspended) VALUES (",
        );
        sql.bind(self.tenant().0).push(", ").bind(row.property.0).push(", ").bind(row.blueprint.0);
        sql.push(", ").bind(row.formula.as_str()).push(", ").bind(row.filled_to);
        sql.push(", ").bind(row.filled_at.map(|at| at.0)).push(", ").bind(row.suspended.as_deref());
        sql.push(
            ") ON CONFLICT (tenant_id, property_no) DO UPDATE SET formula = excluded.formula,
               filled_to = excluded.filled_to, filled_at = excluded.filled_at, suspended = excluded.suspended",
        );
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn delete_formula(&self, property: PropertyNo) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM computed_formulas WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND property_no = ").bind(property.0);
        self.execute(sql).await?;
        Ok(())
    }
}
