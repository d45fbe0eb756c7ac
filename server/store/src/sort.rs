//! Orders and the cursors that go with them: which columns sort a list, and where a page begins.
//!
//! Nulls come last whatever the direction. Ties are broken by the entity's id, in the direction of the last key; rows
//! without a value for a single key are ordered by identifier, for which there is an index.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, Code, Error, Field, Meta, PropertyNo, Result};
use sea_orm::Value;
use serde::{Deserialize, Serialize};

use crate::entity::Entity;
use crate::filter_sql::{column_name, meta_column};
use crate::query::Order;
use crate::sql::Sql;
use crate::value_rows::{computed_value_rows, value_rows};

/// Where a key's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A column of `entities`.
    Column { name: &'static str, nullable: bool, instant: bool },
    /// Value rows of a property (the first item of a list).
    Value { property: PropertyNo, column: Column, list: bool },
    /// The place of an edge in its relation.
    Ordinal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub source: Source,
    pub descending: bool,
}

impl Key {
    pub(crate) const IDENTIFIER: Key = Key {
        source: Source::Column { name: "identifier", nullable: false, instant: false },
        descending: false,
    };
    pub(crate) const ORDINAL: Key = Key { source: Source::Ordinal, descending: false };

    pub(crate) fn is_identifier(&self) -> bool {
        matches!(self.source, Source::Column { name: "identifier", .. })
    }

    pub(crate) fn nullable(&self) -> bool {
        match self.source {
            Source::Column { nullable, .. } => nullable,
            Source::Value { .. } => true,
            Source::Ordinal => false,
        }
    }

    /// The SQL expression of the key; `at` is its place, which names the join of a value row.
    fn expression(&self, at: usize) -> String {
        match self.source {
            Source::Column { name, .. } => format!("e.{name}"),
            Source::Value { column, .. } => format!("k{at}.{}", column_name(column)),
            Source::Ordinal => "r.ordinal".to_owned(),
        }
    }
}

/// Turns an order into keys.
///
/// # Errors
/// [`Code::InvalidOperator`] where a field cannot be sorted by.
pub(crate) fn keys(blueprint: &BlueprintModel, order: &[Order], default: Key) -> Result<Vec<Key>> {
    if order.is_empty() {
        return Ok(vec![default]);
    }
    order
        .iter()
        .map(|order| {
            let source = match order.field {
                Field::Property(no) => {
                    let property = blueprint.property_by_no(no);
                    let column = property.and_then(|property| property.property.column());
                    match (property, column) {
                        (Some(property), Some(column)) => Source::Value {
                            property: no,
                            column,
                            list: property.property.value_type.is_list(),
                        },
                        _ => return Err(unsortable(property.map_or("?", |p| &p.property.identifier))),
                    }
                }
                Field::Meta(meta @ (Meta::Team | Meta::Blueprint)) => {
                    return Err(unsortable(if meta == Meta::Team { "$team" } else { "$blueprint" }));
                }
                Field::Meta(meta) => Source::Column {
                    name: meta_column(order.field)?,
                    nullable: matches!(meta, Meta::Title | Meta::Icon | Meta::Datasource),
                    instant: meta.is_instant(),
                },
            };
            Ok(Key { source, descending: order.descending })
        })
        .collect()
}

fn unsortable(name: &str) -> Error {
    Error::problem(Code::InvalidOperator, format!("lists cannot be ordered by \"{name}\""))
}

/// A position in an ordered list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// One value a key.
    #[serde(rename = "k")]
    pub keys: Vec<KeyValue>,
    #[serde(rename = "e")]
    pub id: i64,
    /// Only where rows without a value are ordered by it.
    #[serde(rename = "i", skip_serializing_if = "Option::is_none", default)]
    pub identifier: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum KeyValue {
    #[serde(rename = "0")]
    Null,
    #[serde(rename = "t")]
    Text(String),
    /// The bits of the number, so that it comes back exactly.
    #[serde(rename = "n")]
    Number(u64),
    #[serde(rename = "d")]
    Instant(i64),
    #[serde(rename = "o")]
    Ordinal(i32),
}

impl KeyValue {
    pub(crate) fn bound(&self) -> Value {
        match self {
            Self::Null => Value::String(None),
            Self::Text(text) => text.as_str().into(),
            Self::Number(bits) => f64::from_bits(*bits).into(),
            Self::Instant(at) => (*at).into(),
            Self::Ordinal(at) => (*at).into(),
        }
    }

    fn fits(&self, key: &Key) -> bool {
        match (self, key.source) {
            (Self::Null, _) => key.nullable(),
            (Self::Ordinal(_), source) => source == Source::Ordinal,
            (Self::Instant(_), Source::Column { instant, .. }) => instant,
            (Self::Text(_), Source::Column { instant, .. }) => !instant,
            (Self::Text(_), Source::Value { column, .. }) => column == Column::Text,
            (Self::Number(_), Source::Value { column, .. }) => {
                matches!(column, Column::Number | Column::Boolean)
            }
            (Self::Instant(_), Source::Value { column, .. }) => column == Column::Instant,
            _ => false,
        }
    }
}

impl Cursor {
    /// # Errors
    /// [`Code::InvalidCursor`] where the text is not a cursor of a list with these keys.
    pub(crate) fn parse(text: &str, keys: &[Key]) -> Result<Self> {
        let invalid =
            || Error::problem(Code::InvalidCursor, "the cursor does not belong to this list and order");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        let fits = cursor.keys.len() == keys.len()
            && cursor.keys.iter().zip(keys).all(|(value, key)| value.fits(key))
            && (cursor.keys != [KeyValue::Null] || cursor.identifier.is_some());
        if fits { Ok(cursor) } else { Err(invalid()) }
    }

    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The position of an entity in a list with these keys.
    pub(crate) fn of(blueprint: &BlueprintModel, entity: &Entity, keys: &[Key], ordinal: i32) -> Self {
        let needs_rows = keys.iter().any(|key| matches!(key.source, Source::Value { .. }));
        let mut rows = if needs_rows { value_rows(blueprint, &entity.state) } else { Vec::new() };
        if needs_rows && !entity.computed.is_empty() {
            rows.extend(computed_value_rows(blueprint, &entity.computed));
        }
        let text = |text: Option<&str>| text.map_or(KeyValue::Null, |text| KeyValue::Text(text.to_owned()));
        let values: Vec<KeyValue> = keys
            .iter()
            .map(|key| match key.source {
                Source::Ordinal => KeyValue::Ordinal(ordinal),
                Source::Column { name: "identifier", .. } => text(Some(&entity.state.identifier)),
                Source::Column { name: "title", .. } => text(entity.state.title.as_deref()),
                Source::Column { name: "icon", .. } => text(entity.state.icon.as_deref()),
                Source::Column { name: "datasource", .. } => text(entity.datasource.as_deref()),
                Source::Column { name: "created_by", .. } => text(Some(&entity.created_by)),
                Source::Column { name: "updated_by", .. } => text(Some(&entity.updated_by)),
                Source::Column { name: "created_at", .. } => KeyValue::Instant(entity.created_at.0),
                Source::Column { .. } => KeyValue::Instant(entity.updated_at.0),
                Source::Value { property, .. } => rows
                    .iter()
                    .find(|row| row.property == property && row.ordinal == 0)
                    .and_then(|row| {
                        row.text
                            .clone()
                            .map(KeyValue::Text)
                            .or(row.number.map(|number| KeyValue::Number(number.to_bits())))
                            .or(row.instant.map(KeyValue::Instant))
                    })
                    .unwrap_or(KeyValue::Null),
            })
            .collect();
        let identifier = (values == [KeyValue::Null]).then(|| entity.state.identifier.clone());
        Self { keys: values, id: entity.id, identifier }
    }
}

/// Joins the value rows that general orders need, as `k0`, `k1`, ….
pub(crate) fn push_joins(sql: &mut Sql, keys: &[Key]) {
    for (at, key) in keys.iter().enumerate() {
        if let Source::Value { property, .. } = key.source {
            let k = format!("k{at}");
            sql.push(" LEFT JOIN entity_values ")
                .push(&k)
                .push(" ON ")
                .push(&k)
                .push(".tenant_id = e.tenant_id AND ");
            sql.push(&k).push(".blueprint_no = e.blueprint_no AND ").push(&k).push(".property_no = ");
            sql.bind(property.0).push(" AND ").push(&k).push(".entity_id = e.entity_id AND ");
            sql.push(&k).push(".ordinal = 0");
        }
    }
}

fn word(descending: bool) -> &'static str {
    if descending { " DESC" } else { " ASC" }
}

/// The order of a general list, without `ORDER BY`; `reverse` turns the whole list around.
pub(crate) fn order_by(keys: &[Key], reverse: bool) -> String {
    let mut parts = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let expression = key.expression(at);
        if key.nullable() {
            parts.push(format!("({expression} IS NULL){}", word(reverse)));
        }
        parts.push(format!("{expression}{}", word(key.descending != reverse)));
    }
    match keys {
        [.., last] if last.is_identifier() => {}
        [only] if only.nullable() => {
            let expression = only.expression(0);
            parts.push(format!("CASE WHEN {expression} IS NULL THEN e.identifier END{}", word(reverse)));
            parts.push(format!("e.entity_id{}", word(only.descending != reverse)));
        }
        _ => {
            let descending = keys.last().is_some_and(|key| key.descending);
            parts.push(format!("e.entity_id{}", word(descending != reverse)));
        }
    }
    parts.join(", ")
}

/// The condition that a row of a general list comes after the cursor (before it, with `reverse`).
pub(crate) fn push_keyset(sql: &mut Sql, keys: &[Key], cursor: &Cursor, reverse: bool) {
    sql.push("(");
    for at in 0..=keys.len() {
        if at > 0 {
            sql.push(" OR ");
        }
        sql.push("(");
        for (before, key) in keys[..at].iter().enumerate() {
            let expression = key.expression(before);
            match &cursor.keys[before] {
                KeyValue::Null => sql.push(&expression).push(" IS NULL AND "),
                value => sql.push(&expression).push(" = ").bind(value.bound()).push(" AND "),
            };
        }
        match keys.get(at) {
            Some(key) => push_beyond(sql, &key.expression(at), &cursor.keys[at], key, reverse),
            None => push_tie(sql, keys, cursor, reverse),
        }
        sql.push(")");
    }
    sql.push(")");
}

fn push_beyond(sql: &mut Sql, expression: &str, value: &KeyValue, key: &Key, reverse: bool) {
    match value {
        KeyValue::Null if reverse => drop(sql.push(expression).push(" IS NOT NULL")),
        KeyValue::Null => drop(sql.push("1 = 0")),
        value => {
            let sign = if key.descending == reverse { " > " } else { " < " };
            sql.push("(").push(expression).push(sign).bind(value.bound());
            if key.nullable() && !reverse {
                sql.push(" OR ").push(expression).push(" IS NULL");
            }
            sql.push(")");
        }
    }
}

fn push_tie(sql: &mut Sql, keys: &[Key], cursor: &Cursor, reverse: bool) {
    let last_descending = keys.last().is_some_and(|key| key.descending);
    match (keys, &cursor.identifier) {
        ([.., last], _) if last.is_identifier() => drop(sql.push("1 = 0")),
        ([_], Some(identifier)) => {
            sql.push(if reverse { "e.identifier < " } else { "e.identifier > " }).bind(identifier.as_str());
        }
        _ => {
            let sign = if last_descending == reverse { "e.entity_id > " } else { "e.entity_id < " };
            sql.push(sign).bind(cursor.id);
        }
    }
}
