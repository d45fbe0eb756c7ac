//! What a property's values are in GraphQL, and reading a stored value as that.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Name, Value as GraphqlValue};
use indexmap::IndexMap;
use portolan_schema::property::{Property, StringFormat};
use portolan_schema::{Instant, ValueType};
use serde_json::Value;

/// An enum of one property: names in GraphQL and the values they stand for.
#[derive(Debug, Clone)]
pub struct EnumNames {
    pub type_name: String,
    pub by_name: IndexMap<String, Value>,
    by_value: HashMap<String, String>,
}

impl EnumNames {
    pub fn new(type_name: String, by_name: IndexMap<String, Value>) -> Self {
        let by_value = by_name.iter().map(|(name, value)| (value.to_string(), name.clone())).collect();
        Self { type_name, by_name, by_value }
    }

    pub fn name_of(&self, value: &Value) -> Option<&str> {
        self.by_value.get(&value.to_string()).map(String::as_str)
    }
}

/// The type of a single value.
#[derive(Debug, Clone)]
pub enum Leaf {
    Text,
    Url,
    Email,
    DateTime,
    Number,
    Boolean,
    Json,
    Enum(Arc<EnumNames>),
}

/// The type of a property's values.
#[derive(Debug, Clone)]
pub struct ValueShape {
    pub leaf: Leaf,
    pub list: bool,
}

impl ValueShape {
    /// The shape of a property, enums aside.
    pub fn of(value_type: &ValueType) -> Self {
        match value_type {
            ValueType::Array(Some(item)) if item.is_list() => Self { leaf: Leaf::Json, list: true },
            ValueType::Array(Some(item)) => Self { leaf: Self::of(item).leaf, list: true },
            ValueType::Array(None) => Self { leaf: Leaf::Json, list: true },
            ValueType::Object => Self { leaf: Leaf::Json, list: false },
            ValueType::Number => Self { leaf: Leaf::Number, list: false },
            ValueType::Boolean => Self { leaf: Leaf::Boolean, list: false },
            ValueType::String(format) => Self { leaf: text_leaf(*format), list: false },
        }
    }

    /// A property that can carry an enum: its values are scalars or lists of scalars.
    pub fn takes_enum(property: &Property) -> bool {
        !matches!(Self::of(&property.value_type).leaf, Leaf::Json)
    }

    /// Reads a stored value.
    ///
    /// Answers null for what is out of the type, with the reason; a list keeps its other items.
    pub fn read(&self, value: &Value, complain: &mut dyn FnMut(String)) -> GraphqlValue {
        if value.is_null() {
            return GraphqlValue::Null;
        }
        if !self.list {
            return self.leaf.read(value).unwrap_or_else(|| {
                complain(format!("the stored value is not {}", self.leaf.wanted()));
                GraphqlValue::Null
            });
        }
        let Value::Array(items) = value else {
            complain("the stored value is not a list".to_owned());
            return GraphqlValue::Null;
        };
        let read = items.iter().enumerate().map(|(index, item)| {
            if item.is_null() {
                return GraphqlValue::Null;
            }
            self.leaf.read(item).unwrap_or_else(|| {
                complain(format!("item {index} of the stored list is not {}", self.leaf.wanted()));
                GraphqlValue::Null
            })
        });
        GraphqlValue::List(read.collect())
    }
}

fn text_leaf(format: Option<StringFormat>) -> Leaf {
    match format {
        Some(format) if format.is_instant() => Leaf::DateTime,
        Some(StringFormat::Url) => Leaf::Url,
        Some(StringFormat::Email | StringFormat::IdnEmail) => Leaf::Email,
        _ => Leaf::Text,
    }
}

impl Leaf {
    /// Name of the GraphQL type.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Text => "String",
            Self::Url => "URL",
            Self::Email => "EmailAddress",
            Self::DateTime => "DateTime",
            Self::Number => "Float",
            Self::Boolean => "Boolean",
            Self::Json => "JSON",
            Self::Enum(names) => &names.type_name,
        }
    }

    fn read(&self, value: &Value) -> Option<GraphqlValue> {
        let fits = match (self, value) {
            (Self::Json, _) => return GraphqlValue::from_json(value.clone()).ok(),
            (Self::Enum(names), _) => {
                return names.name_of(value).map(|name| GraphqlValue::Enum(Name::new(name)));
            }
            (Self::Text, Value::String(_)) => true,
            (Self::Url, Value::String(text)) => url::Url::parse(text).is_ok(),
            (Self::Email, Value::String(text)) => text.contains('@'),
            (Self::DateTime, Value::String(text)) => Instant::parse(text).is_some(),
            (Self::Number, Value::Number(number)) => return Some(GraphqlValue::Number(number.clone())),
            (Self::Boolean, Value::Bool(flag)) => return Some(GraphqlValue::Boolean(*flag)),
            _ => false,
        };
        let text = value.as_str().filter(|_| fits)?;
        Some(GraphqlValue::String(text.to_owned()))
    }

    fn wanted(&self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Url => "a URL".into(),
            Self::Email => "an e-mail address".into(),
            Self::DateTime => "a date and time".into(),
            Self::Number => "a number".into(),
            Self::Boolean => "true or false".into(),
            Self::Json => "JSON".into(),
            Self::Enum(names) => format!("a value of {}", names.type_name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(shape: &ValueShape, stored: Value) -> (Value, Vec<String>) {
        let mut complaints = Vec::new();
        let read = shape.read(&stored, &mut |reason| complaints.push(reason));
        (read.into_json().unwrap(), complaints)
    }

    #[test]
    fn a_value_out_of_its_type_reads_as_null_with_a_reason() {
        let tiers: IndexMap<_, _> = [("GOLD".to_owned(), json!("gold")), ("_3".to_owned(), json!(3))].into();
        let leaf = Leaf::Enum(Arc::new(EnumNames::new("ServiceTier".into(), tiers)));
        let one = |leaf: Leaf| ValueShape { leaf, list: false };
        let cases = [
            (one(Leaf::Text), json!("a"), json!("a"), 0),
            (one(Leaf::Text), json!(1), json!(null), 1),
            (one(Leaf::Text), json!(null), json!(null), 0),
            (one(Leaf::Number), json!(1.5), json!(1.5), 0),
            (one(Leaf::Number), json!("1.5"), json!(null), 1),
            (one(Leaf::DateTime), json!("2026-03-01T09:00:00Z"), json!("2026-03-01T09:00:00Z"), 0),
            (one(Leaf::DateTime), json!("yesterday"), json!(null), 1),
            (one(Leaf::Url), json!("no url"), json!(null), 1),
            (one(Leaf::Email), json!("a@b.example"), json!("a@b.example"), 0),
            (one(Leaf::Json), json!({"a": [1, null]}), json!({"a": [1, null]}), 0),
            (one(leaf.clone()), json!("gold"), json!("GOLD"), 0),
            (one(leaf.clone()), json!(3), json!("_3"), 0),
            (one(leaf.clone()), json!("GOLD"), json!(null), 1),
            (ValueShape { leaf, list: true }, json!(["gold", "tin", null]), json!(["GOLD", null, null]), 1),
            (ValueShape { leaf: Leaf::Text, list: true }, json!("a"), json!(null), 1),
        ];
        for (shape, stored, expected, complaints) in cases {
            let (read, found) = check(&shape, stored.clone());
            assert_eq!((read, found.len()), (expected, complaints), "{stored} as {shape:?}");
        }
    }
}
