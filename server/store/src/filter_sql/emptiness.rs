//! Absent and empty values.

use portolan_schema::{Field, Meta, Result};
use sea_orm::DbBackend;

use super::columns::meta_column;
use super::{FENCE, FilterWriter, Subject, gone};
use crate::property_sql::{computed_column, json_value};
use crate::sql::Sql;
use crate::value_rows::team_no;

impl<'a> FilterWriter<'a> {
    pub(super) fn is_null(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Result<()> {
        if let Some(json) = self.unindexed(subject, field)? {
            sql.push(&json).push(" = 'null'");
            return Ok(());
        }
        if let Some((row, _)) = self.open_present(sql, subject, field) {
            sql.push(&row).push(".ordinal IS NOT NULL").push(FENCE);
        } else {
            sql.push("(").push(&subject.row).push(".").push(meta_column(field)?).push(" IS NULL)");
        }
        Ok(())
    }

    pub(super) fn is_empty(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Result<()> {
        if let Some(json) = self.unindexed(subject, field)? {
            sql.push(&json).push(" IN ('null', '\"\"', '[]', '{}')");
            return Ok(());
        }
        if let Some((row, list)) = self.open_present(sql, subject, field) {
            sql.push(&row).push(".ordinal >= 0");
            if !list {
                sql.push(" AND coalesce(").push(&row).push(".text_value, 'x') <> ''");
            }
            sql.push(FENCE);
            return Ok(());
        }
        let column = format!("{}.{}", subject.row, meta_column(field)?);
        sql.push("(").push(&column).push(" IS NULL");
        if field.is_text() {
            sql.push(" OR ").push(&column).push(" = ''");
        }
        sql.push(")");
        Ok(())
    }

    /// Opens `NOT EXISTS` over the rows of a field that has value rows; answers their alias and whether it is a list.
    fn open_present(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Option<(String, bool)> {
        let (property, list) = match field {
            Field::Meta(Meta::Team) => (team_no(subject.blueprint), true),
            Field::Meta(_) => return None,
            Field::Property(no) => {
                let model = subject.blueprint.property_by_no(no);
                (no, model.is_none_or(|model| model.property.value_type.is_list()))
            }
        };
        sql.push("NOT ");
        Some((self.open_probe(sql, subject, property, list), list))
    }

    /// The JSON text of a property that has no value rows, `null` where absent; None for other fields.
    fn unindexed(&self, subject: &Subject<'a>, field: Field) -> Result<Option<String>> {
        let Field::Property(no) = field else { return Ok(None) };
        let property = subject.blueprint.property_by_no(no).ok_or_else(|| gone("property"))?;
        if property.property.column().is_some() {
            return Ok(None);
        }
        let own = format!("{}.properties", subject.row);
        let json =
            json_value(self.backend, subject.blueprint, property, &own, &computed_column(&subject.row));
        let cast = if self.backend == DbBackend::Postgres { "::text" } else { "" };
        Ok(Some(format!("coalesce({json}{cast}, 'null')")))
    }
}
