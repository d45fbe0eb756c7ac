//! Conditions on a state out of the log, decided in memory: what subscriptions filter by.
//!
//! A state holds what its author wrote, so conditions on computed values, stamps and related entities cannot be decided by
//! it and are refused. Logic is two-valued, as in the store: an absent value equals nothing.

use portolan_schema::filter::{Comparison, TextMatch};
use portolan_schema::rules::is;
use portolan_schema::{
    BlueprintModel, Code, EntityState, Error, Field, Filter, Instant, Meta, Result, Scalar, Targets,
};
use serde_json::Value;

/// Whether the filter can be decided by a state.
///
/// # Errors
/// `NOT_SUPPORTED`, naming what cannot.
pub fn check_live(blueprint: &BlueprintModel, filter: &Filter) -> Result<()> {
    let field = match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            return parts.iter().try_for_each(|part| check_live(blueprint, part));
        }
        Filter::Not(inner) => return check_live(blueprint, inner),
        Filter::RelatedIdentifiers { .. } => return Ok(()),
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Item { field, .. }
        | Filter::Range { field, .. }
        | Filter::Text { field, .. }
        | Filter::IsNull { field }
        | Filter::IsEmpty { field } => *field,
        _ => return Err(unsupported("related entities")),
    };
    match field {
        Field::Property(no) if blueprint.computed_by_no(no).is_some() => Err(unsupported("computed values")),
        Field::Property(_) | Field::Meta(Meta::Identifier | Meta::Title | Meta::Icon | Meta::Team) => Ok(()),
        Field::Meta(_) => Err(unsupported("stamps")),
    }
}

fn unsupported(what: &str) -> Error {
    Error::problem(Code::NotSupported, format!("a subscription cannot be filtered by {what}"))
}

/// Whether a state matches a filter that passed [`check_live`].
///
/// Relative dates have to be put in before: [`Filter::at`].
pub fn matches_live(blueprint: &BlueprintModel, filter: &Filter, state: &EntityState) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| matches_live(blueprint, part, state)),
        Filter::Any(parts) => parts.iter().any(|part| matches_live(blueprint, part, state)),
        Filter::Not(inner) => !matches_live(blueprint, inner, state),
        Filter::Compare { field, comparison, value } => {
            held(blueprint, *field, state).iter().any(|held| compares(held, *comparison, value))
        }
        Filter::In { field, values } => {
            let held = held(blueprint, *field, state);
            values.iter().any(|value| held.iter().any(|held| compares(held, Comparison::Equal, value)))
        }
        Filter::Item { field, values } => match whole(blueprint, *field, state) {
            Value::Array(items) => items.iter().any(|item| values.iter().any(|value| is(item, value))),
            _ => false,
        },
        Filter::Range { field, from, to } => held(blueprint, *field, state).iter().any(|held| {
            compares(held, Comparison::GreaterOrEqual, from) && compares(held, Comparison::LessOrEqual, to)
        }),
        Filter::Text { field, matching, value, fold } => {
            let folded = |text: &str| if *fold { text.to_lowercase() } else { text.to_owned() };
            let wanted = folded(value);
            held(blueprint, *field, state).iter().filter_map(Value::as_str).map(folded).any(|text| {
                match matching {
                    TextMatch::Contains => text.contains(&wanted),
                    TextMatch::StartsWith => text.starts_with(&wanted),
                    TextMatch::EndsWith => text.ends_with(&wanted),
                    TextMatch::Equals => text == wanted,
                }
            })
        }
        Filter::IsNull { field } => match field {
            Field::Property(_) => whole(blueprint, *field, state).is_null(),
            _ => held(blueprint, *field, state).is_empty(),
        },
        Filter::IsEmpty { field } => match whole(blueprint, *field, state) {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        },
        Filter::RelatedIdentifiers { relation, identifiers } => {
            let targets = blueprint
                .relation_by_no(*relation)
                .and_then(|relation| state.relations.get(&relation.relation.identifier));
            let mut held = targets.into_iter().flat_map(Targets::identifiers);
            held.any(|held| identifiers.iter().any(|wanted| wanted == held))
        }
        _ => false,
    }
}

/// The value of a field as it is, null where absent.
fn whole(blueprint: &BlueprintModel, field: Field, state: &EntityState) -> Value {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    match field {
        Field::Property(no) => blueprint
            .property_by_no(no)
            .and_then(|property| state.properties.get(&property.property.identifier))
            .cloned()
            .unwrap_or_default(),
        Field::Meta(Meta::Identifier) => state.identifier.as_str().into(),
        Field::Meta(Meta::Title) => text(&state.title),
        Field::Meta(Meta::Icon) => text(&state.icon),
        Field::Meta(Meta::Team) => state.team.clone().into(),
        Field::Meta(_) => Value::Null,
    }
}

/// The single values of a field: the items of a list, nothing where absent.
fn held(blueprint: &BlueprintModel, field: Field, state: &EntityState) -> Vec<Value> {
    match whole(blueprint, field, state) {
        Value::Null => Vec::new(),
        Value::Array(items) => items,
        one => vec![one],
    }
}

fn compares(held: &Value, comparison: Comparison, value: &Scalar) -> bool {
    let order = match (held, value) {
        (Value::String(held), Scalar::Text(value)) => Some(held.as_str().cmp(value)),
        (Value::Number(held), Scalar::Text(value)) => Some(held.to_string().cmp(value)),
        (Value::Number(held), Scalar::Number(value)) => {
            held.as_f64().and_then(|held| held.partial_cmp(value))
        }
        (Value::Bool(held), Scalar::Boolean(value)) => Some(held.cmp(value)),
        (Value::String(held), Scalar::Instant(value)) => Instant::parse(held).map(|held| held.cmp(value)),
        _ => None,
    };
    order.is_some_and(|order| comparison.holds(order))
}
