//! What a rule is about: a property, a relation, a shape of properties, a way through relations, or who asks.

use serde_json::Value;

use super::operator::Operator;
use super::path::{Path, Related};
use super::shape::Shape;
use crate::{Code, Meta, Pointer, Problem};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    /// A property, a `$meta` property or a relation.
    Property(String),
    /// A property of who asks.
    Context(Context),
    /// A relation; with `end` the title or identifier of what it points at.
    Relation { name: String, end: Option<Meta> },
    /// Any property of a shape.
    Shape(Shape),
    /// What relations lead to, one by one.
    Path(Path),
    /// What any relations lead to.
    Related(Related),
}

/// A property of the caller's entity, or of the caller's teams.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Context {
    pub who: Who,
    pub property: String,
    pub path: Pointer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    User,
    Teams,
}

impl Who {
    /// The blueprint of the entities.
    pub(super) fn blueprint(self) -> &'static str {
        match self {
            Self::User => crate::system::USER,
            Self::Teams => crate::system::TEAM,
        }
    }
}

pub(super) fn read(rule: &Value, operator: Operator, path: &Pointer) -> Result<Subject, Problem> {
    let at = |key: &str| path.key(key);
    if rule.get("scorecard").is_some() {
        let message = "rules on \"scorecard\" are not offered";
        return Err(Problem::new(Code::NotSupported, at("scorecard"), message));
    }
    let present = |key: &&str| rule.get(key).is_some_and(|value| !value.is_null());
    let mut named = ["property", "relation", "propertySchema"].into_iter().filter(present);
    let first = named.next();
    if operator == Operator::RelatedTo {
        return match first {
            None => Related::read(rule, path).map(Subject::Related),
            Some(key) => Err(Problem::new(
                Code::InvalidValue,
                at(key),
                format!("\"relatedTo\" is about the whole entity, not about a \"{key}\""),
            )),
        };
    }
    if let Some(second) = named.next() {
        let message = "a rule names one of \"property\", \"relation\" and \"propertySchema\"";
        return Err(Problem::new(Code::InvalidValue, at(second), message));
    }
    match (first, rule.get(first.unwrap_or_default())) {
        (Some("relation"), Some(Value::String(name))) => relation(rule, name, path),
        (Some("relation"), _) => {
            Err(Problem::new(Code::WrongType, at("relation"), "\"relation\" is a relation's identifier"))
        }
        (Some("propertySchema"), Some(value)) => {
            Shape::read(value, &at("propertySchema")).map(Subject::Shape)
        }
        (Some("property"), Some(Value::String(name))) => Ok(Subject::Property(name.clone())),
        (Some("property"), Some(value @ Value::Object(object))) => {
            let path = at("property");
            if object.contains_key("path") {
                return Path::read(value, &path).map(Subject::Path);
            }
            context(value, &path).map(Subject::Context)
        }
        (Some("property"), _) => {
            let message =
                "\"property\" is a property's identifier, a {\"context\", \"property\"} or a {\"path\"}";
            Err(Problem::new(Code::WrongType, at("property"), message))
        }
        _ => Err(Problem::new(
            Code::Required,
            at("property"),
            "a rule names a \"property\", a \"relation\" or a \"propertySchema\"",
        )),
    }
}

fn relation(rule: &Value, name: &str, path: &Pointer) -> Result<Subject, Problem> {
    let end = match rule.get("targetProperty") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_str().and_then(Meta::parse) {
            Some(end @ (Meta::Title | Meta::Identifier)) => Some(end),
            _ => {
                let message = "\"targetProperty\" is \"$title\" or \"$identifier\"";
                return Err(Problem::new(Code::InvalidValue, path.key("targetProperty"), message));
            }
        },
    };
    Ok(Subject::Relation { name: name.to_owned(), end })
}

/// Reads `{context, property}`.
pub(super) fn context(value: &Value, path: &Pointer) -> Result<Context, Problem> {
    let who = match value.get("context").and_then(Value::as_str) {
        Some("user") => Who::User,
        Some("userTeams") => Who::Teams,
        Some(other) => {
            let message =
                format!("\"context\" is \"user\" or \"userTeams\"; there is no \"{other}\" in a search");
            return Err(Problem::new(Code::NotSupported, path.key("context"), message));
        }
        None => {
            let message = "\"context\" is \"user\" or \"userTeams\"";
            return Err(Problem::new(Code::Required, path.key("context"), message));
        }
    };
    match value.get("property").and_then(Value::as_str) {
        Some(property) => Ok(Context { who, property: property.to_owned(), path: path.clone() }),
        None => Err(Problem::new(
            Code::Required,
            path.key("property"),
            "a context names a \"property\" of the user or the teams",
        )),
    }
}
