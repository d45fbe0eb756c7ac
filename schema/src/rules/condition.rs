//! Conditions on one field: an operator and an operand that fit its type.

use serde_json::Value;

use super::Rule;
use super::operator::Operator;
use crate::filter::{Comparison, TextMatch};
use crate::model::PropertyModel;
use crate::property::{Column, StringFormat};
use crate::{Code, Field, Filter, Instant, Meta, Moment, Pointer, Problem, Scalar, ValueType, moment};

/// A field as conditions see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub field: Field,
    /// None where only its presence can be asked.
    pub column: Option<Column>,
    pub list: bool,
    pub timer: bool,
    /// A list without value rows, whose items are compared one by one.
    pub items: bool,
}

impl Slot {
    pub(super) fn meta(meta: Meta) -> Self {
        let column = if meta.is_instant() { Column::Instant } else { Column::Text };
        Self {
            field: Field::Meta(meta),
            column: Some(column),
            list: meta == Meta::Team,
            timer: false,
            items: false,
        }
    }

    pub(super) fn property(property: &PropertyModel) -> Self {
        let kind = &property.property.value_type;
        let item = match kind {
            ValueType::Array(Some(item)) => item,
            other => other,
        };
        Self {
            field: Field::Property(property.no),
            column: property.property.column(),
            list: kind.is_list(),
            items: property.property.column().is_none()
                && match kind {
                    ValueType::Array(None) => true,
                    ValueType::Array(Some(item)) => {
                        matches!(item.column(), Some(Column::Text | Column::Number | Column::Boolean))
                    }
                    _ => false,
                },
            timer: *item == ValueType::String(Some(StringFormat::Timer)),
        }
    }
}

/// The filter of the rule's operator, not negated.
pub(super) fn condition(rule: &Rule, slot: Slot) -> Result<Filter, Problem> {
    let field = slot.field;
    match rule.operator {
        Operator::IsEmpty => return Ok(Filter::IsEmpty { field }),
        _ if rule.is_equal_null() => return Ok(Filter::IsNull { field }),
        _ => {}
    }
    let Some(column) = slot.column else {
        if slot.items {
            return item_condition(rule, field);
        }
        return Err(rule.misfit("a property that is not indexed, an object or a document"));
    };
    let compare = |comparison, value: &Value, path: &Pointer| {
        Ok::<_, Problem>(Filter::Compare { field, comparison, value: scalar(value, column, path)? })
    };
    let at = rule.path.key("value");
    let ordered = |comparison| match column {
        Column::Number | Column::Instant if !slot.list => compare(comparison, &rule.value, &at),
        _ => Err(rule.misfit("this property")),
    };
    let text = |matching, fold| match column {
        Column::Text => Ok(Filter::Text { field, matching, value: rule.string()?, fold }),
        _ => Err(rule.misfit("a property that is no text")),
    };
    match rule.operator {
        Operator::Equal if rule.value.is_object() => between(rule, field, column),
        Operator::Equal => compare(Comparison::Equal, &rule.value, &at),
        Operator::Less => ordered(Comparison::Less),
        Operator::LessOrEqual => ordered(Comparison::LessOrEqual),
        Operator::Greater => ordered(Comparison::Greater),
        Operator::GreaterOrEqual => ordered(Comparison::GreaterOrEqual),
        // On a list: an element of it, or all of several.
        Operator::Contains if slot.list => match &rule.value {
            Value::Array(values) => {
                let values = values.iter().enumerate();
                let parts = values.map(|(index, value)| compare(Comparison::Equal, value, &at.index(index)));
                Ok(Filter::All(parts.collect::<Result<_, _>>()?))
            }
            value => compare(Comparison::Equal, value, &at),
        },
        Operator::Contains => text(TextMatch::Contains, true),
        Operator::BeginsWith => text(TextMatch::StartsWith, true),
        Operator::EndsWith => text(TextMatch::EndsWith, true),
        Operator::In | Operator::ContainsAny => {
            let values = rule
                .value
                .as_array()
                .ok_or_else(|| Problem::new(Code::WrongType, at.clone(), "the value is a list"))?;
            let values = values
                .iter()
                .enumerate()
                .map(|(index, value)| scalar(value, column, &at.index(index)))
                .collect::<Result<_, _>>()?;
            Ok(Filter::In { field, values })
        }
        Operator::Between => between(rule, field, column),
        Operator::IsExpired if slot.timer => {
            let (comparison, value) = (Comparison::LessOrEqual, Scalar::Relative(Moment::Now));
            Ok(Filter::Compare { field, comparison, value })
        }
        Operator::IsExpired => Err(rule.misfit("a property that is no timer")),
        Operator::IsEmpty | Operator::RelatedTo | Operator::MatchAny => Err(rule.misfit("a property")),
    }
}

/// A condition on the items of a list without value rows.
fn item_condition(rule: &Rule, field: Field) -> Result<Filter, Problem> {
    let at = rule.path.key("value");
    let one = |value: &Value, path: &Pointer| match value {
        Value::String(text) => Ok(Scalar::Text(text.clone())),
        Value::Number(number) => Ok(Scalar::Number(number.as_f64().unwrap_or(f64::NAN))),
        Value::Bool(flag) => Ok(Scalar::Boolean(*flag)),
        _ => {
            let message = "the value is a string, a number, or true or false";
            Err(Problem::new(Code::WrongType, path.clone(), message))
        }
    };
    let several = |values: &[Value]| {
        let values = values.iter().enumerate();
        values.map(|(index, value)| one(value, &at.index(index))).collect::<Result<Vec<_>, _>>()
    };
    match (rule.operator, &rule.value) {
        (Operator::Contains, Value::Array(values)) => {
            let all = several(values)?.into_iter().map(|value| Filter::Item { field, values: vec![value] });
            Ok(Filter::All(all.collect()))
        }
        (Operator::In | Operator::ContainsAny, Value::Array(values)) => {
            Ok(Filter::Item { field, values: several(values)? })
        }
        (Operator::In | Operator::ContainsAny, _) => {
            Err(Problem::new(Code::WrongType, at, "the value is a list"))
        }
        (Operator::Equal | Operator::Contains, value) => {
            Ok(Filter::Item { field, values: vec![one(value, &at)?] })
        }
        _ => Err(rule.misfit("a list that is not indexed")),
    }
}

/// `{from, to}`, both included; either may be missing. Or `{preset}`.
fn between(rule: &Rule, field: Field, column: Column) -> Result<Filter, Problem> {
    let at = rule.path.key("value");
    if column != Column::Instant {
        return Err(rule.misfit("a property that is no date"));
    }
    let present = |key: &str| rule.value.get(key).filter(|value| !value.is_null());
    if let Some(moment) = relative(&rule.value, &at)? {
        if let Some(key) = ["from", "to"].into_iter().find(|key| present(key).is_some()) {
            let message = "a range has a \"preset\", or \"from\" and \"to\", not both";
            return Err(Problem::new(Code::InvalidValue, at.key(key), message));
        }
        return Ok(Filter::equal(field, Scalar::Relative(moment)));
    }
    let end = |key: &str| present(key).map(|value| scalar(value, column, &at.key(key))).transpose();
    match (end("from")?, end("to")?) {
        (Some(from), Some(to)) => Ok(Filter::Range { field, from, to }),
        (Some(value), None) => Ok(Filter::Compare { field, comparison: Comparison::GreaterOrEqual, value }),
        (None, Some(value)) => Ok(Filter::Compare { field, comparison: Comparison::LessOrEqual, value }),
        (None, None) => {
            Err(Problem::new(Code::Required, at, "a range has \"from\", \"to\" or both, or a \"preset\""))
        }
    }
}

/// Reads `{preset}` or `{relative}`; None for other values.
fn relative(value: &Value, path: &Pointer) -> Result<Option<Moment>, Problem> {
    let named = ["preset", "relative"].into_iter().find_map(|key| Some((key, value.get(key)?)));
    let Some((key, name)) = named else { return Ok(None) };
    // Days are those of UTC; another zone would be another day.
    if let Some(zone) = value.get("timeZone").filter(|zone| !matches!(zone.as_str(), Some("UTC" | "Etc/UTC")))
    {
        let message = format!("relative dates are counted in UTC; {zone} is not offered");
        return Err(Problem::new(Code::NotSupported, path.key("timeZone"), message));
    }
    match name.as_str().and_then(Moment::parse) {
        Some(moment) => Ok(Some(moment)),
        None => {
            let message = format!("{name} is no relative date: that is {}", moment::NAMES);
            Err(Problem::new(Code::InvalidValue, path.key(key), message))
        }
    }
}

pub(super) fn scalar(value: &Value, column: Column, path: &Pointer) -> Result<Scalar, Problem> {
    let (found, wanted) = match column {
        Column::Text => (value.as_str().map(|text| Scalar::Text(text.to_owned())), "a string"),
        Column::Number => (value.as_f64().map(Scalar::Number), "a number"),
        Column::Boolean => (value.as_bool().map(Scalar::Boolean), "true or false"),
        Column::Instant => {
            if let Some(moment) = relative(value, path)? {
                return Ok(Scalar::Relative(moment));
            }
            let wanted = "a date and time (RFC 3339), or a relative date such as {\"preset\": \"lastWeek\"}";
            (value.as_str().and_then(Instant::parse).map(Scalar::Instant), wanted)
        }
    };
    found.ok_or_else(|| Problem::new(Code::WrongType, path.clone(), format!("the value is {wanted}")))
}

impl Rule {
    pub(super) fn is_equal_null(&self) -> bool {
        self.operator == Operator::Equal && self.value.is_null()
    }

    pub(super) fn string(&self) -> Result<String, Problem> {
        let found = self.value.as_str().map(str::to_owned);
        found.ok_or_else(|| Problem::new(Code::WrongType, self.path.key("value"), "the value is a string"))
    }

    /// The items of a list of strings.
    pub(super) fn strings(&self) -> Result<Vec<String>, Problem> {
        let wrong =
            || Problem::new(Code::WrongType, self.path.key("value"), "the value is a list of strings");
        let items = self.value.as_array().ok_or_else(wrong)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }

    /// A string, or a list of them.
    pub(super) fn one_or_more(&self) -> Result<Vec<String>, Problem> {
        match &self.value {
            Value::String(one) => Ok(vec![one.clone()]),
            Value::Array(_) => self.strings(),
            _ => {
                let message = "the value is an identifier or a list of them";
                Err(Problem::new(Code::WrongType, self.path.key("value"), message))
            }
        }
    }

    pub(super) fn misfit(&self, what: &str) -> Problem {
        let message = format!("this operator does not fit {what}");
        Problem::new(Code::InvalidOperator, self.path.key("operator"), message)
    }
}
