//! Writing value rows, which are most of what a write costs.

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Value};

use portolan_schema::Result;

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::entity_write::ROWS;
use crate::sql::Sql;
use crate::value_rows::{PlacedRow, ValueRow};

/// Most rows of one statement that takes arrays.
const ARRAY_ROWS: usize = 4_000;

impl TenantScope {
    pub(crate) async fn delete_values(&self, rows: &[PlacedRow]) -> Result<()> {
        for chunk in rows.chunks(MAX_IN / 4) {
            let mut sql = Sql::new("DELETE FROM entity_values WHERE tenant_id = ");
            sql.bind(self.tenant().0);
            sql.push(" AND (blueprint_no, property_no, entity_id, ordinal) IN (VALUES ");
            for (at, (blueprint, entity, row)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(blueprint.0);
                sql.push(", ").bind(row.property.0).push(", ").bind(*entity);
                sql.push(", ").bind(row.ordinal).push(")");
            }
            sql.push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Inserts value rows; better in the order of [`ValueRow::write_order`].
    pub(crate) async fn insert_values(&self, rows: &[PlacedRow]) -> Result<()> {
        if self.backend() == DbBackend::Postgres {
            return self.insert_arrays(rows).await;
        }
        for chunk in rows.chunks(ROWS * 2) {
            let mut sql = Sql::new(
                "INSERT INTO entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, text_value,
                   folded, cut, number_value, instant_value) VALUES ",
            );
            for (at, (blueprint, entity, row)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(blueprint.0).push(", ").bind(row.property.0);
                sql.push(", ").bind(*entity).push(", ").bind(row.ordinal);
                sql.push(", ").bind(row.text.as_deref()).push(", ").bind(row.folded.as_deref());
                sql.push(", ").bind(i32::from(row.cut));
                sql.push(", ").bind(row.number).push(", ").bind(row.instant).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// PostgreSQL takes each column as one array: a few parameters instead of ten a row, of which it has to make as many
    /// expressions. The driver's arrays hold no nulls, so a column of its own says which of the values a row has.
    async fn insert_arrays(&self, rows: &[PlacedRow]) -> Result<()> {
        for rows in rows.chunks(ARRAY_ROWS) {
            let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
            let mut sql = Sql::new(
                "INSERT INTO entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, cut, text_value,
                   folded, number_value, instant_value) SELECT CAST(",
            );
            // No folded text is empty.
            sql.bind(self.tenant().0).push(
                " AS BIGINT), u.blueprint_no, u.property_no, u.entity_id, u.ordinal, u.cut,
                   CASE u.kind WHEN 1 THEN u.text_value END, nullif(u.folded, ''),
                   CASE u.kind WHEN 2 THEN u.number_value END, CASE u.kind WHEN 3 THEN u.instant_value END
                 FROM unnest(",
            );
            sql.bind(array(ArrayType::Int, rows, |(no, ..)| no.0.into()));
            sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| row.property.0.into()));
            sql.push(", ").bind(array(ArrayType::BigInt, rows, |(_, entity, _)| (*entity).into()));
            sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| row.ordinal.into()));
            sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| i32::from(row.cut).into()));
            sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| kind(row).into()));
            sql.push(", ").bind(array(ArrayType::String, rows, |(_, _, row)| text(&row.text)));
            sql.push(", ").bind(array(ArrayType::String, rows, |(_, _, row)| text(&row.folded)));
            let number = |row: &ValueRow| row.number.unwrap_or_default().into();
            sql.push(", ").bind(array(ArrayType::Double, rows, |(_, _, row)| number(row)));
            let instant = |row: &ValueRow| row.instant.unwrap_or_default().into();
            sql.push(", ").bind(array(ArrayType::BigInt, rows, |(_, _, row)| instant(row)));
            sql.push(
                ") AS u (blueprint_no, property_no, entity_id, ordinal, cut, kind, text_value, folded, number_value,
                    instant_value)",
            );
            self.execute(sql).await?;
        }
        Ok(())
    }
}

/// Which value a row has: a text, a number, an instant, or none, where it says that a list is empty.
fn kind(row: &ValueRow) -> i32 {
    match row {
        ValueRow { text: Some(_), .. } => 1,
        ValueRow { number: Some(_), .. } => 2,
        ValueRow { instant: Some(_), .. } => 3,
        _ => 0,
    }
}

fn array(of: ArrayType, rows: &[PlacedRow], value: impl Fn(&PlacedRow) -> Value) -> Value {
    Value::Array(of, Some(Box::new(rows.iter().map(value).collect())))
}
