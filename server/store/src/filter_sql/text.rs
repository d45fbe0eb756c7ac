//! Text comparisons: beginnings, ends and parts, with and without case.

use portolan_schema::filter::TextMatch;
use portolan_schema::{Error, Field, Meta, Result};
use sea_orm::DbBackend;

use super::compare::SHORT;
use super::{FilterWriter, Place, Subject, truth};
use crate::property_sql::json_value;
use crate::sql::Sql;

impl<'a> FilterWriter<'a> {
    pub(super) fn text(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        matching: TextMatch,
        value: &str,
        fold: bool,
    ) -> Result<()> {
        if !field.is_text() {
            sql.push(truth(false));
            return Ok(());
        }
        let operand = match (fold, field.folds_ascii_only()) {
            (false, _) => value.to_owned(),
            (true, true) => value.to_ascii_lowercase(),
            (true, false) => value.to_lowercase(),
        };
        let place = self.open(sql, subject, field, "text_value")?;
        match &place {
            Place::Column(column) if fold => {
                let lower = lower(field, &subject.row, column);
                self.text_match(sql, &lower, matching, &operand);
            }
            Place::Column(column) => self.match_whole(sql, column, matching, &operand),
            Place::Probe(row) | Place::AtHand(row) if fold => {
                // Of a text that was cut, the whole lower-case form is stored.
                let column = format!("coalesce({row}.folded, {row}.text_value)");
                sql.push(row).push(".text_value IS NOT NULL AND ");
                self.text_match(sql, &column, matching, &operand);
            }
            Place::Probe(row) | Place::AtHand(row) => {
                self.match_kept(sql, subject, field, row, matching, &operand)?;
            }
        }
        Self::close(sql, &place);
        Ok(())
    }

    /// A text of which the first 256 bytes are kept.
    fn match_kept(
        &self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        row: &str,
        matching: TextMatch,
        operand: &str,
    ) -> Result<()> {
        let column = format!("{row}.text_value");
        if matching == TextMatch::StartsWith && operand.len() < SHORT {
            self.match_whole(sql, &column, matching, operand);
            return Ok(());
        }
        sql.push("((").push(row).push(".cut = 0 AND ");
        self.text_match(sql, &column, matching, operand);
        sql.push(") OR (").push(row).push(".cut = 1 AND ");
        let whole = self.whole_text(subject, field, row)?;
        self.text_match(sql, &whole, matching, operand);
        sql.push("))");
        Ok(())
    }

    /// A text that is whole in its column; a beginning is a range, which an index can answer.
    pub(super) fn match_whole(&self, sql: &mut Sql, column: &str, matching: TextMatch, operand: &str) {
        if matching != TextMatch::StartsWith || operand.is_empty() {
            return self.text_match(sql, column, matching, operand);
        }
        sql.push(column).push(" >= ").bind(operand);
        if let Some(end) = prefix_end(operand) {
            sql.push(" AND ").push(column).push(" < ").bind(end);
        }
    }

    fn text_match(&self, sql: &mut Sql, column: &str, matching: TextMatch, operand: &str) {
        let length = i32::try_from(operand.chars().count()).unwrap_or(i32::MAX);
        match matching {
            _ if operand.is_empty() && matching != TextMatch::Equals => {
                sql.push(column).push(" IS NOT NULL");
            }
            TextMatch::Equals => {
                sql.push(column).push(" = ").bind(operand);
            }
            TextMatch::Contains => {
                let function = if self.backend == DbBackend::Postgres { "strpos(" } else { "instr(" };
                sql.push(function).push(column).push(", ").bind(operand).push(") > 0");
            }
            TextMatch::StartsWith => {
                sql.push("substr(").push(column).push(", 1, ").bind(length).push(") = ").bind(operand);
            }
            TextMatch::EndsWith if self.backend == DbBackend::Postgres => {
                sql.push("right(").push(column).push(", ").bind(length).push(") = ").bind(operand);
            }
            TextMatch::EndsWith => {
                sql.push("substr(").push(column).push(", -").bind(length).push(") = ").bind(operand);
            }
        }
    }

    /// The whole of a text whose value row was cut, out of the entity's JSON.
    pub(super) fn whole_text(&self, subject: &Subject<'a>, field: Field, row: &str) -> Result<String> {
        let blueprint = subject.blueprint;
        let property = match field {
            Field::Meta(Meta::Team) => blueprint.owner().map(|owner| &owner.property),
            Field::Property(no) => Some(blueprint.property_by_no(no).ok_or_else(|| super::gone("property"))?),
            Field::Meta(_) => return Err(Error::internal(format!("{field:?} has no value rows"))),
        };
        let (json, list) = match property {
            None => (of_row("entities", "team", row), true),
            Some(property) => {
                let own = of_row("entities", "properties", row);
                let computed = of_row("computed_values", "properties", row);
                let json = json_value(self.backend, blueprint, property, &own, &computed);
                (json, property.property.value_type.is_list())
            }
        };
        Ok(match (self.backend, list) {
            (DbBackend::Postgres, true) => format!("(({json}::json ->> {row}.ordinal) COLLATE \"C\")"),
            (DbBackend::Postgres, false) => format!("(({json} #>> '{{}}') COLLATE \"C\")"),
            (_, true) => format!("({json} ->> {row}.ordinal)"),
            (_, false) => format!("({json} ->> '$')"),
        })
    }
}

/// A column of the entity that a row belongs to.
fn of_row(table: &str, column: &str, row: &str) -> String {
    format!(
        "(SELECT w.{column} FROM {table} w WHERE w.tenant_id = {row}.tenant_id AND w.entity_id = {row}.entity_id)"
    )
}

/// The lower-case form of a column. Titles and identifiers have theirs stored where it differs; other texts are folded
/// by the engine, which knows ASCII only.
fn lower(field: Field, row: &str, column: &str) -> String {
    match field {
        Field::Meta(Meta::Title) => format!("coalesce({row}.title_folded, {column})"),
        Field::Meta(Meta::Identifier) => format!("coalesce({row}.identifier_folded, {column})"),
        _ => format!("lower({column})"),
    }
}

/// The smallest text greater than every text that begins with `prefix`, by bytes; None where there is none.
fn prefix_end(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match u32::from(last) + 1 {
            0xD800 => 0xE000,
            code => code,
        };
        if let Some(next) = char::from_u32(next) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}
