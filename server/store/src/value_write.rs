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
    /// expressions. The driver's arrays hold no nulls, so rows are parted by the column of their value.
    async fn insert_arrays(&self, rows: &[PlacedRow]) -> Result<()> {
        for kind in [Kind::Text, Kind::Number, Kind::Instant, Kind::EmptyList] {
            let rows: Vec<&PlacedRow> = rows.iter().filter(|(_, _, row)| Kind::of(row) == kind).collect();
            for chunk in rows.chunks(ARRAY_ROWS) {
                self.execute(kind.statement(self.tenant().0, chunk)).await?;
            }
        }
        Ok(())
    }
}

/// Which column of a row has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Instant,
    EmptyList,
}

impl Kind {
    fn of(row: &ValueRow) -> Self {
        match row {
            ValueRow { text: Some(_), .. } => Self::Text,
            ValueRow { number: Some(_), .. } => Self::Number,
            ValueRow { instant: Some(_), .. } => Self::Instant,
            _ => Self::EmptyList,
        }
    }

    fn statement(self, tenant: i64, rows: &[&PlacedRow]) -> Sql {
        let (into, from) = match self {
            // No folded text is empty.
            Self::Text => (", text_value, folded", ", u.text_value, nullif(u.folded, '')"),
            Self::Number => (", number_value", ", u.number_value"),
            Self::Instant => (", instant_value", ", u.instant_value"),
            Self::EmptyList => ("", ""),
        };
        let mut sql = Sql::new(
            "INSERT INTO entity_values (tenant_id, blueprint_no, property_no, entity_id, ordinal, cut",
        );
        sql.push(into).push(") SELECT CAST(").bind(tenant);
        sql.push(" AS BIGINT), u.blueprint_no, u.property_no, u.entity_id, u.ordinal, u.cut").push(from);
        sql.push(" FROM unnest(").bind(array(ArrayType::Int, rows, |(no, ..)| no.0.into()));
        sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| row.property.0.into()));
        sql.push(", ").bind(array(ArrayType::BigInt, rows, |(_, entity, _)| (*entity).into()));
        sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| row.ordinal.into()));
        sql.push(", ").bind(array(ArrayType::Int, rows, |(_, _, row)| i32::from(row.cut).into()));
        match self {
            Self::Text => {
                let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
                sql.push(", ").bind(array(ArrayType::String, rows, |(_, _, row)| text(&row.text)));
                sql.push(", ").bind(array(ArrayType::String, rows, |(_, _, row)| text(&row.folded)));
            }
            Self::Number => {
                let number = |row: &ValueRow| row.number.unwrap_or_default().into();
                sql.push(", ").bind(array(ArrayType::Double, rows, |(_, _, row)| number(row)));
            }
            Self::Instant => {
                let instant = |row: &ValueRow| row.instant.unwrap_or_default().into();
                sql.push(", ").bind(array(ArrayType::BigInt, rows, |(_, _, row)| instant(row)));
            }
            Self::EmptyList => {}
        }
        sql.push(") AS u (blueprint_no, property_no, entity_id, ordinal, cut").push(into).push(")");
        sql
    }
}

fn array(of: ArrayType, rows: &[&PlacedRow], value: impl Fn(&PlacedRow) -> Value) -> Value {
    Value::Array(of, Some(Box::new(rows.iter().map(|row| value(row)).collect())))
}
