//! Deciding a [`Filter`] in memory, by the same two-valued logic as the SQL that the store compiles it to.
//!
//! The data is lent by a [`World`]; nothing is looked up anywhere else.

use std::collections::HashSet;

use serde_json::Value;

use crate::filter::{Comparison, Direction, Quantifier, TextMatch};
use crate::model::Stamps;
use crate::rules::values::{self, Held};
use crate::{BlueprintModel, CatalogModel, EntityState, Field, Filter, Meta, PropertyNo, RelationNo, Scalar};

/// An entity as a condition sees it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Unique in its [`World`].
    pub id: i64,
    pub blueprint: &'a BlueprintModel,
    /// Its `relations` are not looked at: edges come from the world.
    pub state: &'a EntityState,
    pub stamps: &'a Stamps,
    pub datasource: Option<&'a str>,
}

/// Where a relation points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    Entity(i64),
    /// An identifier whose entity does not exist (yet).
    Pending(&'a str),
}

/// The entities and edges that conditions on related entities look at.
pub trait World {
    fn model(&self) -> &CatalogModel;

    /// An entity by its id.
    fn entity(&self, id: i64) -> Option<Record<'_>>;

    /// An entity's computed value; inherited teams are computed, too.
    fn computed(&self, id: i64, property: PropertyNo) -> Option<&Value>;

    /// Where an entity's relation points.
    fn targets(&self, source: i64, relation: RelationNo) -> Vec<Target<'_>>;

    /// The entities whose relation points at `target`.
    fn sources(&self, target: i64, relation: RelationNo) -> Vec<i64>;
}

/// Whether the entity matches.
pub fn matches(world: &impl World, entity: &Record<'_>, filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| matches(world, entity, part)),
        Filter::Any(parts) => parts.iter().any(|part| matches(world, entity, part)),
        Filter::Not(inner) => !matches(world, entity, inner),
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Range { field, .. }
        | Filter::Text { field, .. }
        | Filter::IsNull { field }
        | Filter::IsEmpty { field } => decide(&held(world, entity, *field), filter),
        Filter::Item { field, values } => {
            let items = raw(world, entity, *field).and_then(Value::as_array);
            items.into_iter().flatten().any(|item| values.iter().any(|value| is(item, value)))
        }
        Filter::Related { relation, direction, quantifier, filter } => {
            let related = related(world, entity.id, *relation, *direction);
            let mut verdicts = related
                .into_iter()
                .map(|id| world.entity(id).is_some_and(|other| matches(world, &other, filter)));
            match quantifier {
                Quantifier::Some => verdicts.any(|holds| holds),
                Quantifier::None => !verdicts.any(|holds| holds),
                Quantifier::Every => verdicts.all(|holds| holds),
            }
        }
        Filter::RelatedIdentifiers { relation, identifiers } => {
            world.targets(entity.id, *relation).into_iter().any(|target| {
                let identifier = match target {
                    Target::Pending(identifier) => Some(identifier.to_owned()),
                    Target::Entity(id) => world.entity(id).map(|other| other.state.identifier.clone()),
                };
                identifier.is_some_and(|identifier| identifiers.contains(&identifier))
            })
        }
        Filter::Chain { relations, direction, most, blueprint, filter } => {
            chained(world, entity.id, relations.as_deref(), *direction, *most).into_iter().any(|id| {
                let found = world.entity(id).filter(|found| found.blueprint.no() == *blueprint);
                found.is_some_and(|found| matches(world, &found, filter))
            })
        }
        Filter::Contextual(_) => {
            debug_assert!(false, "a filter is decided before it is known who asks");
            false
        }
    }
}

/// What relations lead to, followed once or more.
fn chained(
    world: &impl World,
    start: i64,
    relations: Option<&[RelationNo]>,
    direction: Direction,
    most: Option<u32>,
) -> HashSet<i64> {
    let all = world.model().blueprints().iter().flat_map(|holder| &holder.relations).map(|one| one.no);
    let relations: Vec<RelationNo> =
        all.filter(|no| relations.is_none_or(|these| these.contains(no))).collect();
    let mut reached = HashSet::new();
    let mut level = vec![start];
    let mut hops = 0;
    while !level.is_empty() && most.is_none_or(|most| hops < most) {
        let next = level.iter().flat_map(|id| relations.iter().map(move |no| (*id, *no)));
        let next: Vec<i64> = next.flat_map(|(id, no)| related(world, id, no, direction)).collect();
        level = next.into_iter().filter(|id| reached.insert(*id)).collect();
        hops += 1;
    }
    reached
}

fn related(world: &impl World, id: i64, relation: RelationNo, direction: Direction) -> Vec<i64> {
    match direction {
        Direction::Backward => world.sources(id, relation),
        Direction::Forward => {
            let targets = world.targets(id, relation).into_iter();
            targets
                .filter_map(|target| match target {
                    Target::Entity(id) => Some(id),
                    Target::Pending(_) => None,
                })
                .collect()
        }
    }
}

/// A property's value as it is.
fn raw<'w>(world: &'w impl World, entity: &Record<'w>, field: Field) -> Option<&'w Value> {
    let Field::Property(no) = field else { return None };
    let property = entity.blueprint.property_by_no(no)?;
    match entity.blueprint.computed_by_no(no) {
        Some(_) => world.computed(entity.id, no),
        None => entity.state.properties.get(&property.property.identifier),
    }
}

/// Whether a list's item is such a text, number or boolean.
pub fn is(item: &Value, value: &Scalar) -> bool {
    match (item, value) {
        (Value::String(item), Scalar::Text(value)) => item == value,
        (Value::Number(item), Scalar::Number(value)) => item.as_f64() == Some(*value),
        (Value::Bool(item), Scalar::Boolean(value)) => item == value,
        _ => false,
    }
}

/// What the entity holds in a field.
fn held(world: &impl World, entity: &Record<'_>, field: Field) -> Held {
    let text = |text: Option<&str>| match text {
        Some(text) => Held::One(Scalar::Text(text.to_owned())),
        None => Held::Nothing,
    };
    let Record { state, stamps, .. } = entity;
    match field {
        Field::Property(no) => match entity.blueprint.property_by_no(no) {
            Some(property) => values::held(&property.property, raw(world, entity, field)),
            None => Held::Nothing,
        },
        Field::Meta(Meta::Team) if entity.blueprint.owner().is_some() => {
            let owner = entity.blueprint.owner();
            let teams = owner
                .map(|owner| values::held(&owner.property.property, world.computed(entity.id, owner.no())));
            // No teams are no value, whether they are own or inherited.
            match teams {
                Some(Held::List(teams)) if !teams.is_empty() => Held::List(teams),
                _ => Held::Nothing,
            }
        }
        Field::Meta(Meta::Team) if state.team.is_empty() => Held::Nothing,
        Field::Meta(Meta::Team) => Held::List(state.team.iter().cloned().map(Scalar::Text).collect()),
        Field::Meta(Meta::Identifier) => text(Some(&state.identifier)),
        Field::Meta(Meta::Title) => text(state.title.as_deref()),
        Field::Meta(Meta::Icon) => text(state.icon.as_deref()),
        Field::Meta(Meta::Blueprint) => text(Some(entity.blueprint.identifier())),
        Field::Meta(Meta::CreatedAt) => Held::One(Scalar::Instant(stamps.created_at)),
        Field::Meta(Meta::CreatedBy) => text(Some(&stamps.created_by)),
        Field::Meta(Meta::UpdatedAt) => Held::One(Scalar::Instant(stamps.updated_at)),
        Field::Meta(Meta::UpdatedBy) => text(Some(&stamps.updated_by)),
        Field::Meta(Meta::Datasource) => text(entity.datasource),
    }
}

/// A condition on one field, given what the field holds; conditions of other kinds do not hold.
pub(super) fn decide(held: &Held, filter: &Filter) -> bool {
    match filter {
        Filter::Compare { comparison, value, .. } => held.any(|held| compare(held, *comparison, value)),
        Filter::In { values, .. } => {
            held.any(|held| values.iter().any(|value| compare(held, Comparison::Equal, value)))
        }
        Filter::Range { from, to, .. } => held.any(|held| {
            compare(held, Comparison::GreaterOrEqual, from) && compare(held, Comparison::LessOrEqual, to)
        }),
        Filter::Text { field, matching, value, fold } => {
            held.any(|held| text(*field, held, *matching, value, *fold))
        }
        Filter::IsNull { .. } => *held == Held::Nothing,
        Filter::IsEmpty { .. } => held.is_empty(),
        _ => false,
    }
}

/// Whether a condition on one field holds where the field is this text.
pub fn text_matches(text: &str, filter: &Filter) -> bool {
    decide(&Held::One(Scalar::Text(text.to_owned())), filter)
}

/// Compares values of one type; values of different types are not equal, nor is one less than the other.
pub(super) fn compare(held: &Scalar, comparison: Comparison, value: &Scalar) -> bool {
    let order = match (held, value) {
        // By bytes, as both engines compare.
        (Scalar::Text(held), Scalar::Text(value)) => Some(held.cmp(value)),
        (Scalar::Instant(held), Scalar::Instant(value)) => Some(held.cmp(value)),
        (held, value) => match (number(held), number(value)) {
            (Some(held), Some(value)) => held.partial_cmp(&value),
            _ => None,
        },
    };
    order.is_some_and(|order| comparison.holds(order))
}

/// Booleans are stored as 0 and 1.
fn number(value: &Scalar) -> Option<f64> {
    match value {
        Scalar::Number(number) => Some(*number),
        Scalar::Boolean(flag) => Some(f64::from(u8::from(*flag))),
        Scalar::Text(_) | Scalar::Instant(_) | Scalar::Relative(_) => None,
    }
}

fn text(field: Field, held: &Scalar, matching: TextMatch, value: &str, fold: bool) -> bool {
    let Scalar::Text(held) = held else { return false };
    if !fold {
        return matching.holds(held, value);
    }
    if field.folds_ascii_only() {
        return matching.holds(&held.to_ascii_lowercase(), &value.to_ascii_lowercase());
    }
    matching.holds(&held.to_lowercase(), &value.to_lowercase())
}

impl TextMatch {
    /// Whether `text` contains, begins with, … `operand`; case counts.
    pub fn holds(self, text: &str, operand: &str) -> bool {
        match self {
            Self::Contains => text.contains(operand),
            Self::StartsWith => text.starts_with(operand),
            Self::EndsWith => text.ends_with(operand),
            Self::Equals => text == operand,
        }
    }
}
