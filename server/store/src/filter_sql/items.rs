//! The items of lists that have no value rows, out of the entity's JSON. No index helps here.

use portolan_schema::{Field, Result, Scalar};
use sea_orm::DbBackend;

use super::{FilterWriter, Subject, gone, truth};
use crate::property_sql::{computed_column, json_value};
use crate::sql::Sql;

impl<'a> FilterWriter<'a> {
    pub(super) fn item(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        values: &[Scalar],
    ) -> Result<()> {
        let Field::Property(no) = field else {
            sql.push(truth(false));
            return Ok(());
        };
        let property = subject.blueprint.property_by_no(no).ok_or_else(|| gone("property"))?;
        let own = format!("{}.properties", subject.row);
        let json =
            json_value(self.backend, subject.blueprint, property, &own, &computed_column(&subject.row));
        let item = self.alias("j");
        sql.push("EXISTS (SELECT 1 FROM ");
        // What is no list has no items.
        if self.backend == DbBackend::Postgres {
            sql.push(&format!(
                "json_array_elements(CASE json_typeof({json}) WHEN 'array' THEN {json} ELSE '[]' END) {item}(value)"
            ));
        } else {
            sql.push(&format!(
                "json_each(CASE json_type({json}) WHEN 'array' THEN {json} ELSE '[]' END) {item}"
            ));
        }
        sql.push(" WHERE ").push(truth(false));
        for value in values {
            sql.push(" OR ");
            self.push_item(sql, &item, value);
        }
        sql.push(")");
        Ok(())
    }

    /// A `CASE`, so that only numbers are read as numbers.
    fn push_item(&self, sql: &mut Sql, item: &str, value: &Scalar) {
        let postgres = self.backend == DbBackend::Postgres;
        let text = if postgres { format!("{item}.value #>> '{{}}'") } else { format!("{item}.value") };
        let kind = if postgres { format!("json_typeof({item}.value)") } else { format!("{item}.type") };
        match value {
            Scalar::Text(value) => {
                let string = if postgres { "string" } else { "text" };
                sql.push(&format!("CASE WHEN {kind} = '{string}' THEN {text} = ")).bind(value.as_str());
            }
            Scalar::Number(value) if postgres => {
                sql.push(&format!("CASE WHEN {kind} = 'number' THEN ({text})::double precision = "));
                sql.bind(*value);
            }
            Scalar::Number(value) => {
                sql.push(&format!("CASE WHEN {kind} IN ('integer', 'real') THEN CAST({text} AS REAL) = "));
                sql.bind(*value);
            }
            Scalar::Boolean(value) if postgres => {
                sql.push(&format!("CASE WHEN {kind} = 'boolean' THEN {text} = ")).bind(value.to_string());
            }
            Scalar::Boolean(value) => {
                sql.push(&format!("CASE WHEN {kind} IN ('true', 'false') THEN {kind} = "));
                sql.bind(value.to_string());
            }
            Scalar::Instant(_) | Scalar::Relative(_) => {
                sql.push("CASE WHEN 1 = 0 THEN 1 = 0");
            }
        }
        sql.push(" ELSE ").push(truth(false)).push(" END");
    }
}
