//! `ORDER BY` and keyset conditions.

use portolan_schema::BlueprintNo;

use super::{Cursor, Key, KeyValue, Source};
use crate::TenantId;
use crate::sql::Sql;

/// The keys of a list as its statement sees them.
pub(crate) struct Ordering<'k> {
    pub keys: &'k [Key],
    /// The column that holds the entity's id.
    pub id: &'k str,
    /// Every row in view has a value for the first key.
    pub first_present: bool,
    /// Rows without a value for the only key are ordered by identifier.
    pub nulls_by_identifier: bool,
}

impl<'k> Ordering<'k> {
    /// The order of a whole list.
    pub(crate) fn whole(keys: &'k [Key], id: &'k str) -> Self {
        let nulls_by_identifier = keys.len() == 1 && keys[0].nullable();
        Self { keys, id, first_present: false, nulls_by_identifier }
    }

    fn nullable(&self, at: usize) -> bool {
        self.keys[at].nullable() && !(at == 0 && self.first_present)
    }

    /// The last key decides the direction of ties, unless it leaves none.
    fn ties(&self) -> Option<bool> {
        self.keys.last().filter(|last| !last.is_identifier()).map(|last| last.descending)
    }

    /// Without `ORDER BY`; `reverse` turns the whole list around.
    pub(crate) fn order_by(&self, reverse: bool) -> String {
        let mut parts = Vec::new();
        for (at, key) in self.keys.iter().enumerate() {
            let expression = key.expression(at);
            if self.nullable(at) {
                parts.push(format!("({expression} IS NULL){}", word(reverse)));
            }
            parts.push(format!("{expression}{}", word(key.descending != reverse)));
        }
        if let Some(descending) = self.ties() {
            if self.nulls_by_identifier && !self.first_present {
                let expression = self.keys[0].expression(0);
                parts.push(format!("CASE WHEN {expression} IS NULL THEN e.identifier END{}", word(reverse)));
            }
            parts.push(format!("{}{}", self.id, word(descending != reverse)));
        }
        parts.join(", ")
    }

    /// The condition that a row comes after the cursor (before it, with `reverse`).
    pub(crate) fn push_keyset(&self, sql: &mut Sql, cursor: &Cursor, reverse: bool) {
        if self.keys.len() == 1 && !self.nullable(0) {
            return self.push_single(sql, cursor, reverse);
        }
        if self.first_present {
            // Said once more as a range, which the index of the first key can begin with.
            let sign = if self.keys[0].descending == reverse { " >= " } else { " <= " };
            sql.push(&self.keys[0].expression(0)).push(sign).bind(cursor.keys[0].bound()).push(" AND ");
        }
        sql.push("(");
        for at in 0..=self.keys.len() {
            if at > 0 {
                sql.push(" OR ");
            }
            sql.push("(");
            for before in 0..at {
                let expression = self.keys[before].expression(before);
                match &cursor.keys[before] {
                    KeyValue::Null => sql.push(&expression).push(" IS NULL AND "),
                    value => sql.push(&expression).push(" = ").bind(value.bound()).push(" AND "),
                };
            }
            if at < self.keys.len() {
                self.push_beyond(sql, at, &cursor.keys[at], reverse);
            } else {
                self.push_tie(sql, cursor, reverse);
            }
            sql.push(")");
        }
        sql.push(")");
    }

    /// One key that all rows have: a comparison that the key's index answers.
    fn push_single(&self, sql: &mut Sql, cursor: &Cursor, reverse: bool) {
        let expression = self.keys[0].expression(0);
        let sign = if self.keys[0].descending == reverse { " > " } else { " < " };
        if self.ties().is_none() {
            sql.push(&expression).push(sign).bind(cursor.keys[0].bound());
            return;
        }
        sql.push("(").push(&expression).push(", ").push(self.id).push(")").push(sign).push("(");
        sql.bind(cursor.keys[0].bound()).push(", ").bind(cursor.id).push(")");
    }

    fn push_beyond(&self, sql: &mut Sql, at: usize, value: &KeyValue, reverse: bool) {
        let expression = self.keys[at].expression(at);
        match value {
            KeyValue::Null if reverse => drop(sql.push(&expression).push(" IS NOT NULL")),
            KeyValue::Null => drop(sql.push("1 = 0")),
            value => {
                let sign = if self.keys[at].descending == reverse { " > " } else { " < " };
                sql.push("(").push(&expression).push(sign).bind(value.bound());
                if self.nullable(at) && !reverse {
                    sql.push(" OR ").push(&expression).push(" IS NULL");
                }
                sql.push(")");
            }
        }
    }

    fn push_tie(&self, sql: &mut Sql, cursor: &Cursor, reverse: bool) {
        match (self.ties(), &cursor.identifier) {
            (None, _) => drop(sql.push("1 = 0")),
            (Some(_), Some(identifier)) => {
                sql.push(if reverse { "e.identifier < " } else { "e.identifier > " })
                    .bind(identifier.as_str());
            }
            (Some(descending), None) => {
                sql.push(self.id).push(if descending == reverse { " > " } else { " < " }).bind(cursor.id);
            }
        }
    }
}

/// Joins the value rows of keys from the place `from` on, as `k0`, `k1`, … by their places.
pub(crate) fn push_joins(
    sql: &mut Sql,
    tenant: TenantId,
    blueprint: BlueprintNo,
    ordering: &Ordering<'_>,
    from: usize,
) {
    for (at, key) in ordering.keys.iter().enumerate().skip(from) {
        if let Source::Value { property, .. } = key.source {
            let k = format!("k{at}");
            sql.push(" LEFT JOIN entity_values ").push(&k).push(" ON ").push(&k).push(".tenant_id = ");
            sql.bind(tenant.0).push(" AND ").push(&k).push(".blueprint_no = ").bind(blueprint.0);
            sql.push(" AND ").push(&k).push(".property_no = ").bind(property.0);
            sql.push(" AND ").push(&k).push(".entity_id = ").push(ordering.id);
            sql.push(" AND ").push(&k).push(".ordinal = 0");
        }
    }
}

fn word(descending: bool) -> &'static str {
    if descending { " DESC" } else { " ASC" }
}
