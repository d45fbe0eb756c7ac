//! Rules on every property of a type and format, whatever its name.

use serde_json::Value;

use super::condition::{Slot, condition};
use super::operator::Operator;
use super::{Binding, Rule};
use crate::{Code, Filter, Pointer, Problem, Property, ValueType};

/// `{type, format?, items?: {type, format?}}`. A format that is not named may be any or none.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    value_type: String,
    format: Option<String>,
    items: Option<Box<Shape>>,
}

impl Shape {
    pub(super) fn read(value: &Value, path: &Pointer) -> Result<Self, Problem> {
        if !value.is_object() {
            let message = "a \"propertySchema\" is an object with a \"type\"";
            return Err(Problem::new(Code::WrongType, path.clone(), message));
        }
        let text = |key: &str| match value.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Problem::new(Code::WrongType, path.key(key), format!("\"{key}\" is a string"))),
        };
        let at = path.key("type");
        let Some(value_type) = text("type")? else {
            return Err(Problem::new(Code::Required, at, "a \"propertySchema\" has a \"type\""));
        };
        if !["string", "number", "boolean", "object", "array"].contains(&value_type.as_str()) {
            let message = format!("\"{value_type}\" is not a type of properties");
            return Err(Problem::new(Code::UnknownPropertyType, at, message));
        }
        let items = match value.get("items") {
            None | Some(Value::Null) => None,
            Some(items) => Some(Box::new(Self::read(items, &path.key("items"))?)),
        };
        Ok(Self { value_type, format: text("format")?, items })
    }

    fn fits(&self, property: &Property) -> bool {
        let definition = |key| property.definition.get(key);
        let format = definition("format").and_then(Value::as_str);
        let items = definition("items").and_then(|items| items.get("format")).and_then(Value::as_str);
        let kind = &property.value_type;
        self.is_of(kind, format)
            && match (&self.items, kind) {
                (None, _) => true,
                (Some(shape), ValueType::Array(Some(item))) => shape.is_of(item, items),
                (Some(_), _) => false,
            }
    }

    /// Whether a type is of the shape; `format` is what its definition says, where it has one of its own.
    fn is_of(&self, kind: &ValueType, format: Option<&str>) -> bool {
        let known = match kind {
            ValueType::String(Some(format)) => Some(format.as_str()),
            _ => format,
        };
        self.value_type == kind.json_type() && (self.format.is_none() || self.format.as_deref() == known)
    }
}

/// Holds where it does for one of the blueprint's properties of the shape; `isEmpty` and `= null` where they do for all.
/// Properties that the operator and its operand do not fit take no part.
pub(super) fn rule(rule: &Rule, shape: &Shape, binding: Binding<'_>) -> Result<Filter, Problem> {
    let blueprint = binding.blueprint;
    let computed = blueprint.computed.iter().filter(|one| !one.is_owner).map(|one| &one.property);
    let of_shape = blueprint.properties.iter().chain(computed).filter(|one| shape.fits(&one.property));
    let (mut parts, mut misfit) = (Vec::new(), None);
    for property in of_shape {
        match condition(rule, Slot::property(property)) {
            Ok(part) => parts.push(part),
            Err(problem) => misfit = misfit.or(Some(problem)),
        }
    }
    match misfit {
        Some(problem) if parts.is_empty() => Err(problem),
        _ if rule.operator == Operator::IsEmpty || rule.is_equal_null() => Ok(Filter::All(parts)),
        _ => Ok(Filter::Any(parts)),
    }
}
