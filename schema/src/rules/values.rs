//! What an entity holds in a property, as conditions see it: typed scalars, a list of them, or nothing.

use serde_json::Value;

use crate::property::Column;
use crate::{Instant, Property, Scalar};

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Held {
    /// Absent, null, or not of the field's type (any more).
    Nothing,
    One(Scalar),
    /// The items of a list that have its type; may be empty.
    List(Vec<Scalar>),
    /// A document, object or other value that is only known to be there.
    Opaque {
        empty: bool,
    },
}

impl Held {
    /// Whether the value, or one of its items, is such.
    pub(super) fn any(&self, holds: impl Fn(&Scalar) -> bool) -> bool {
        match self {
            Self::One(one) => holds(one),
            Self::List(items) => items.iter().any(holds),
            Self::Nothing | Self::Opaque { .. } => false,
        }
    }

    /// Absent, null, an empty text or an empty list.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::One(one) => *one == Scalar::Text(String::new()),
            Self::List(items) => items.is_empty(),
            Self::Opaque { empty } => *empty,
        }
    }
}

/// Reads a property's value.
pub(super) fn held(property: &Property, value: Option<&Value>) -> Held {
    let value = value.unwrap_or(&Value::Null);
    let Some(column) = property.column() else {
        return match value {
            Value::Null => Held::Nothing,
            Value::String(text) => Held::Opaque { empty: text.is_empty() },
            Value::Array(items) => Held::Opaque { empty: items.is_empty() },
            Value::Object(members) => Held::Opaque { empty: members.is_empty() },
            Value::Bool(_) | Value::Number(_) => Held::Opaque { empty: false },
        };
    };
    match value {
        Value::Array(items) if property.value_type.is_list() => {
            Held::List(items.iter().filter_map(|item| scalar(column, item)).collect())
        }
        value => match scalar(column, value) {
            None => Held::Nothing,
            // The property became a list after this was written.
            Some(one) if property.value_type.is_list() => Held::List(vec![one]),
            Some(one) => Held::One(one),
        },
    }
}

/// A value of the column's type; numbers in a text column read as their text.
fn scalar(column: Column, value: &Value) -> Option<Scalar> {
    match (column, value) {
        (Column::Text, Value::String(text)) => Some(Scalar::Text(text.clone())),
        (Column::Text, Value::Number(number)) => Some(Scalar::Text(number.to_string())),
        (Column::Number, Value::Number(number)) => number.as_f64().map(Scalar::Number),
        (Column::Boolean, Value::Bool(flag)) => Some(Scalar::Boolean(*flag)),
        (Column::Instant, Value::String(text)) => Instant::parse(text).map(Scalar::Instant),
        _ => None,
    }
}
