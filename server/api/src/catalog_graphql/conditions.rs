//! From a `where` argument to a [`Filter`].

use async_graphql::{Name, Value};
use indexmap::IndexMap;
use portolan_schema::filter::{Comparison, Direction, Quantifier, TextMatch};
use portolan_schema::{Code, Error, Filter, Instant, Moment, Pointer, Problem, Result, Scalar, moment};

use super::fields::{EntityFields, Index, Key, Member, RelationField};
use super::value_shape::Leaf;
use crate::graphql::limits::{MAX_CONDITIONS, MAX_RELATION_DEPTH};

type Object = IndexMap<Name, Value>;

/// Reads the filter of one blueprint's entities.
///
/// # Errors
/// `INVALID_QUERY` for what the schema's validation lets through and makes no sense; `QUERY_TOO_DEEP`.
pub fn filter(index: &Index, fields: &EntityFields, value: Option<&Value>) -> Result<Filter> {
    let mut reader = Reader { index, conditions: 0 };
    match value {
        None | Some(Value::Null) => Ok(Filter::always()),
        Some(value) => reader.entity(fields, value, 0),
    }
}

struct Reader<'a> {
    index: &'a Index,
    conditions: usize,
}

impl Reader<'_> {
    fn entity(&mut self, fields: &EntityFields, value: &Value, depth: usize) -> Result<Filter> {
        self.count(1)?;
        let mut parts = Vec::new();
        for (name, value) in object(value)?.iter().filter(|(_, value)| **value != Value::Null) {
            let part = match name.as_str() {
                "and" => Filter::All(self.each(fields, value, depth)?),
                "or" => Filter::Any(self.each(fields, value, depth)?),
                "not" => self.entity(fields, value, depth)?.negate(),
                name => match (fields.keys.get(name), fields.members.get(name)) {
                    (Some(key), _) => self.operators(key, value)?,
                    (None, Some(Member::Relation(relation))) => self.relation(relation, value, depth)?,
                    _ => return Err(wrong(format!("there is no filter \"{name}\""))),
                },
            };
            parts.push(part);
        }
        Ok(all(parts))
    }

    fn each(&mut self, fields: &EntityFields, value: &Value, depth: usize) -> Result<Vec<Filter>> {
        items(value).iter().map(|item| self.entity(fields, item, depth)).collect()
    }

    fn relation(&mut self, relation: &RelationField, value: &Value, depth: usize) -> Result<Filter> {
        let depth = depth + 1;
        if depth > MAX_RELATION_DEPTH {
            let what = "the relations that conditions nest through are too many";
            let over = Problem::over(Code::QueryTooDeep, Pointer::root(), what, MAX_RELATION_DEPTH, depth);
            return Err(over.into());
        }
        let index = self.index;
        let other =
            index.get(relation.other).ok_or_else(|| Error::internal("a relation has no target type"))?;
        let related = |quantifier, filter| Filter::Related {
            relation: relation.relation,
            direction: relation.direction,
            quantifier,
            filter: Box::new(filter),
        };
        let mut parts = Vec::new();
        for (name, value) in object(value)?.iter().filter(|(_, value)| **value != Value::Null) {
            let part = match name.as_str() {
                "is" | "some" => related(Quantifier::Some, self.entity(other, value, depth)?),
                "none" => related(Quantifier::None, self.entity(other, value, depth)?),
                "every" => related(Quantifier::Every, self.entity(other, value, depth)?),
                _ => {
                    let exists = related(Quantifier::Some, Filter::always());
                    if *value == Value::Boolean(true) { exists.negate() } else { exists }
                }
            };
            parts.push(part);
        }
        debug_assert!(relation.many || relation.direction == Direction::Forward);
        Ok(all(parts))
    }

    fn operators(&mut self, key: &Key, value: &Value) -> Result<Filter> {
        let field = key.field;
        let mut parts = Vec::new();
        for (name, value) in object(value)? {
            // `eq: null` says nothing; `isNull` does.
            if *value == Value::Null {
                continue;
            }
            let compare = |comparison| {
                Ok::<_, Error>(Filter::Compare { field, comparison, value: scalar(key, value)? })
            };
            let text = |matching, fold| match value {
                Value::String(text) => Ok(Filter::Text { field, matching, value: text.clone(), fold }),
                _ => Err(wrong("a text is a string")),
            };
            let part = match name.as_str() {
                "eq" | "has" => compare(Comparison::Equal)?,
                "ne" => compare(Comparison::Equal)?.negate(),
                "in" | "hasAny" => self.one_of(key, value)?,
                "notIn" => self.one_of(key, value)?.negate(),
                "hasAll" => Filter::All(
                    items(value)
                        .iter()
                        .map(|item| Ok(Filter::equal(field, scalar(key, item)?)))
                        .collect::<Result<_>>()?,
                ),
                "gt" => compare(Comparison::Greater)?,
                "gte" => compare(Comparison::GreaterOrEqual)?,
                "lt" => compare(Comparison::Less)?,
                "lte" => compare(Comparison::LessOrEqual)?,
                "between" => match items(value) {
                    [from, to] => Filter::Range { field, from: scalar(key, from)?, to: scalar(key, to)? },
                    [during @ Value::Object(_)] => Filter::equal(field, scalar(key, during)?),
                    _ => return Err(wrong("\"between\" takes two values: from and to")),
                },
                "contains" => text(TextMatch::Contains, false)?,
                "startsWith" => text(TextMatch::StartsWith, false)?,
                "endsWith" => text(TextMatch::EndsWith, false)?,
                "icontains" => text(TextMatch::Contains, true)?,
                "istartsWith" => text(TextMatch::StartsWith, true)?,
                "ieq" => text(TextMatch::Equals, true)?,
                "isNull" => flag(Filter::IsNull { field }, value),
                "isEmpty" => flag(Filter::IsEmpty { field }, value),
                name => return Err(wrong(format!("there is no operator \"{name}\""))),
            };
            self.count(1)?;
            parts.push(part);
        }
        Ok(all(parts))
    }

    fn one_of(&mut self, key: &Key, value: &Value) -> Result<Filter> {
        let values = items(value);
        self.count(values.len())?;
        let values = values.iter().map(|item| scalar(key, item)).collect::<Result<_>>()?;
        Ok(Filter::In { field: key.field, values })
    }

    fn count(&mut self, more: usize) -> Result<()> {
        self.conditions += more;
        if self.conditions <= MAX_CONDITIONS {
            return Ok(());
        }
        let what = "the conditions and values of the filter are too many";
        Err(Problem::over(Code::TooManyItems, Pointer::root(), what, MAX_CONDITIONS, self.conditions).into())
    }
}

fn flag(filter: Filter, value: &Value) -> Filter {
    if *value == Value::Boolean(false) { filter.negate() } else { filter }
}

fn all(mut parts: Vec<Filter>) -> Filter {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (Some(last), false) => {
            parts.push(last);
            Filter::All(parts)
        }
        (None, _) => Filter::always(),
    }
}

fn object(value: &Value) -> Result<&Object> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(wrong("a filter is an object")),
    }
}

/// A single value stands for a list of one, as GraphQL's input coercion has it.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        other => std::slice::from_ref(other),
    }
}

fn scalar(key: &Key, value: &Value) -> Result<Scalar> {
    match (&key.leaf, value) {
        (Leaf::Enum(names), Value::Enum(_) | Value::String(_)) => {
            let name = match value {
                Value::Enum(name) => name.as_str(),
                Value::String(name) => name,
                _ => "",
            };
            match names.by_name.get(name) {
                Some(serde_json::Value::String(original)) => Ok(Scalar::Text(original.clone())),
                _ => Err(wrong(format!("\"{name}\" is not a value of {}", names.type_name))),
            }
        }
        (Leaf::DateTime, Value::String(text)) => Instant::parse(text)
            .map(Scalar::Instant)
            .ok_or_else(|| wrong(format!("\"{text}\" is not a date and time (RFC 3339)"))),
        (Leaf::DateTime, Value::Object(relative)) => match (relative.get("relative"), relative.len()) {
            (Some(Value::String(name)), 1) => Moment::parse(name)
                .map(Scalar::Relative)
                .ok_or_else(|| wrong(format!("\"{name}\" is no relative date: that is {}", moment::NAMES))),
            _ => Err(wrong("a date is a text (RFC 3339), or relative: {relative: \"last7Days\"}")),
        },
        (Leaf::Number, Value::Number(number)) => Ok(Scalar::Number(number.as_f64().unwrap_or(f64::NAN))),
        (Leaf::Boolean, Value::Boolean(flag)) => Ok(Scalar::Boolean(*flag)),
        (_, Value::String(text)) => Ok(Scalar::Text(text.clone())),
        _ => Err(wrong(format!("a value of \"{}\" is of type {}", key.name, key.leaf.type_name()))),
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::problem(Code::InvalidQuery, message)
}
