//! Cursors: opaque texts that hold a position in an ordered list.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, Code, Error, Result};
use sea_orm::Value;
use serde::{Deserialize, Serialize};

use super::{Key, Source};
use crate::entity::Entity;
use crate::value_rows::{computed_value_rows, value_rows};

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
    /// The position among the rows that have no value for the first key, where it is one.
    pub(crate) fn rest(&self) -> Self {
        let keys = match (&self.identifier, &self.keys[1..]) {
            (Some(identifier), []) => vec![KeyValue::Text(identifier.clone())],
            (_, rest) => rest.to_vec(),
        };
        Self { keys, id: self.id, identifier: None }
    }

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
