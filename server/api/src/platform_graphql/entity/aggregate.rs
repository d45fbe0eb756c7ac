//! `entitiesAggregate`: counts and functions of number properties, by group.

use async_graphql::{Enum, InputObject, Json, SimpleObject};
use portolan_catalog::PointInTime;
use portolan_catalog::query::{AggregateQuery, Function, Group, GroupBy};
use portolan_schema::{BlueprintModel, Code, Error, Filter, Instant, Pointer, Result};
use serde_json::{Map, Value};

use super::plan::property;
use crate::graphql::bounds::bound;
use crate::graphql::limits::{MAX_GROUP_KEYS, MAX_GROUP_NUMBERS, MAX_GROUPS};

/// A part of time, in UTC. Weeks begin on Monday.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_catalog::query::Interval")]
pub enum EntityInterval {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum EntityFunction {
    Sum,
    Avg,
    Min,
    Max,
    Median,
}

impl From<EntityFunction> for Function {
    fn from(function: EntityFunction) -> Self {
        match function {
            EntityFunction::Sum => Self::Sum,
            EntityFunction::Avg => Self::Average,
            EntityFunction::Min => Self::Minimum,
            EntityFunction::Max => Self::Maximum,
            EntityFunction::Median => Self::Median,
        }
    }
}

/// What to group by. By a list, an entity counts in the group of each of its items.
#[derive(InputObject)]
pub struct EntityGroupBy {
    /// A property, or a meta-property such as `$createdAt`.
    pub property: String,
    /// For dates: what they are cut to.
    pub interval: Option<EntityInterval>,
}

/// A function of a number property.
#[derive(InputObject)]
pub struct EntityFunctionInput {
    pub func: EntityFunction,
    pub property: String,
}

/// A function's value in a group; null where no entity of it has one.
#[derive(SimpleObject)]
pub struct EntityFunctionValue {
    func: EntityFunction,
    property: String,
    value: Option<f64>,
}

#[derive(SimpleObject)]
pub struct EntityGroup {
    /// The value of each property that was grouped by; null for absent ones.
    key: Json<Map<String, Value>>,
    count: u64,
    /// In the order of `funcs`.
    values: Vec<EntityFunctionValue>,
}

#[derive(SimpleObject)]
pub struct EntityAggregate {
    /// The largest count first.
    groups: Vec<EntityGroup>,
    /// There are more groups than were asked for.
    has_more: bool,
}

/// The entities of a blueprint in one interval.
#[derive(SimpleObject)]
pub struct EntitiesInTime {
    /// Where the interval begins.
    at: String,
    /// How many there were at its end; in the present one, how many there are.
    count: u64,
    /// How many were made in it.
    created: u64,
    /// How many were deleted in it.
    deleted: u64,
}

impl From<PointInTime> for EntitiesInTime {
    fn from(point: PointInTime) -> Self {
        let PointInTime { at, count, created, deleted } = point;
        Self { at: at.to_rfc3339(), count, created, deleted }
    }
}

/// A point in time, out of the argument `name`.
///
/// # Errors
/// `INVALID_VALUE`.
pub fn instant(text: &str, name: &str) -> Result<Instant> {
    Instant::parse(text).ok_or_else(|| {
        let message = "a point in time is RFC 3339, such as 2026-03-01T09:00:00Z";
        Error::at(Code::InvalidValue, Pointer::root().key(name), message)
    })
}

/// What an aggregate asks of the catalog: one group more than is answered.
pub fn query(
    blueprint: &BlueprintModel,
    filter: Filter,
    group_by: &[EntityGroupBy],
    funcs: &[EntityFunctionInput],
    first: i32,
) -> Result<AggregateQuery> {
    bound(Code::TooManyItems, "number of keys", MAX_GROUP_KEYS as u64, group_by.len() as u64)?;
    bound(Code::TooManyItems, "number of functions", MAX_GROUP_NUMBERS as u64, funcs.len() as u64)?;
    let first = usize::try_from(first).unwrap_or(0);
    bound(Code::QueryTooCostly, "page size", MAX_GROUPS as u64, first as u64)?;
    let root = Pointer::root();
    let group_by = group_by.iter().enumerate().map(|(at, wanted)| {
        let path = root.key("groupBy").index(at).key("property");
        let field = property(blueprint, &wanted.property, &path)?;
        Ok(match wanted.interval {
            Some(interval) => GroupBy::Date { field, interval: interval.into() },
            None => GroupBy::Field(field),
        })
    });
    let functions = funcs.iter().enumerate().map(|(at, wanted)| {
        let path = root.key("funcs").index(at).key("property");
        Ok((wanted.func.into(), property(blueprint, &wanted.property, &path)?))
    });
    Ok(AggregateQuery {
        blueprint: blueprint.no(),
        filter,
        group_by: group_by.collect::<Result<_>>()?,
        functions: functions.collect::<Result<_>>()?,
        limit: first + 1,
    })
}

/// The answer, of the groups that were found for `limit` wanted ones and one more.
pub fn answer(
    mut groups: Vec<Group>,
    limit: usize,
    group_by: &[EntityGroupBy],
    funcs: &[EntityFunctionInput],
) -> EntityAggregate {
    let has_more = groups.len() > limit;
    groups.truncate(limit);
    let show = |group: Group| EntityGroup {
        key: Json(group_by.iter().map(|by| by.property.clone()).zip(group.key).collect()),
        count: group.count,
        values: funcs
            .iter()
            .zip(group.values)
            .map(|(wanted, value)| EntityFunctionValue {
                func: wanted.func,
                property: wanted.property.clone(),
                value: value.filter(|value| value.is_finite()),
            })
            .collect(),
    };
    EntityAggregate { groups: groups.into_iter().map(show).collect(), has_more }
}
