//! Aggregates are what one gets by going through the matching entities: counts by value, by item of a list and by date,
//! and functions of a number.

use std::collections::BTreeMap;

use portolan_schema::property::Column;
use portolan_schema::rules::{Record, World, matches};
use portolan_schema::{BlueprintModel, Field, Filter, Instant, PropertyNo};
use portolan_store::query::{AggregateQuery, Function, Group, GroupBy, Interval};
use portolan_store::{Store, TenantId};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::filters;
use crate::law::on_random_catalogs;
use crate::tape::Tape;
use crate::world::Catalog;

const CATALOGS: u32 = 16;
/// Aggregates asked of each blueprint.
const QUERIES: usize = 8;
const FUNCTIONS: [Function; 5] =
    [Function::Sum, Function::Average, Function::Minimum, Function::Maximum, Function::Median];

#[test]
fn groups_are_what_their_entities_come_to() {
    on_random_catalogs(CATALOGS, 3_000, |store, tenant, catalog, tape| {
        Box::pin(async move {
            for blueprint in catalog.model.blueprints() {
                for _ in 0..QUERIES {
                    check(store, tenant, catalog, blueprint, tape).await?;
                }
            }
            Ok(())
        })
    });
}

async fn check(
    store: &Store,
    tenant: TenantId,
    catalog: &Catalog,
    blueprint: &BlueprintModel,
    tape: &mut Tape,
) -> Result<(), TestCaseError> {
    let of = |column: Column| -> Vec<PropertyNo> {
        let properties =
            blueprint.properties.iter().filter(|property| property.property.column() == Some(column));
        properties.map(|property| property.no).collect()
    };
    let (groupable, dates): (Vec<PropertyNo>, _) =
        ([of(Column::Text), of(Column::Number), of(Column::Boolean)].concat(), of(Column::Instant));
    let scalar = |no: &PropertyNo| !list(blueprint, *no);
    let numbers: Vec<PropertyNo> = of(Column::Number).into_iter().filter(scalar).collect();
    let mut group_by = Vec::new();
    if !groupable.is_empty() && !tape.once_in(4) {
        group_by.push(GroupBy::Field(Field::Property(*tape.pick(&groupable))));
    }
    if !dates.is_empty() && tape.once_in(4) {
        group_by.push(GroupBy::Date { field: Field::Property(*tape.pick(&dates)), interval: Interval::Year });
    }
    let functions = if numbers.is_empty() || tape.once_in(2) {
        Vec::new()
    } else {
        FUNCTIONS.map(|function| (function, Field::Property(numbers[0]))).to_vec()
    };
    let filter =
        if tape.once_in(2) { Filter::always() } else { filters::filter(tape, &catalog.model, blueprint, 1) };
    let query = AggregateQuery {
        blueprint: blueprint.no(),
        filter,
        group_by,
        functions,
        limit: if tape.once_in(4) { 2 } else { 1_000 },
    };
    let found = store.read(tenant).await.unwrap().aggregate(&catalog.model, &query).await;
    let found = found.map_err(|error| TestCaseError::fail(format!("{error:?} for {query:?}")))?;
    let expected = expected(catalog, blueprint, &query);
    let counts = |groups: &[Group]| -> Vec<u64> { groups.iter().map(|group| group.count).collect() };
    let largest: Vec<u64> = counts(&expected).into_iter().take(query.limit).collect();
    let known = found.iter().all(|group| expected.iter().any(|other| same(group, other)));
    if counts(&found) != largest || !known {
        let engine = store.backend();
        let message = format!("{engine:?} {query:?}:\n  in SQL {found:?}\n  in memory {expected:?}");
        return Err(TestCaseError::fail(message));
    }
    Ok(())
}

/// Sums differ by the order in which they are made.
fn same(a: &Group, b: &Group) -> bool {
    let close = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
        (Some(a), Some(b)) => {
            a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e300 * f64::EPSILON)
        }
        (a, b) => a == b,
    };
    a.key == b.key && a.count == b.count && a.values.iter().zip(&b.values).all(|(a, b)| close(a, b))
}

fn list(blueprint: &BlueprintModel, no: PropertyNo) -> bool {
    blueprint.property_by_no(no).unwrap().property.value_type.is_list()
}

fn expected(catalog: &Catalog, blueprint: &BlueprintModel, query: &AggregateQuery) -> Vec<Group> {
    let mut groups: BTreeMap<String, (Vec<Value>, u64, Vec<f64>)> = BTreeMap::new();
    if query.group_by.is_empty() {
        groups.insert("[]".into(), (Vec::new(), 0, Vec::new()));
    }
    for entity in catalog.of(blueprint.no()).filter(|entity| matches(catalog, entity, &query.filter)) {
        let mut keys: Vec<Vec<Value>> = vec![Vec::new()];
        for group in &query.group_by {
            let values = key_values(catalog, &entity, *group);
            keys = keys
                .iter()
                .flat_map(|key| values.iter().map(|value| [key.clone(), vec![value.clone()]].concat()))
                .collect();
        }
        for key in keys {
            let text = Value::Array(key.clone()).to_string();
            let group = groups.entry(text).or_insert_with(|| (key, 0, Vec::new()));
            group.1 += 1;
            if let Some((_, Field::Property(no))) = query.functions.first() {
                group.2.extend(values_of(catalog, &entity, *no).first().and_then(Value::as_f64));
            }
        }
    }
    let mut all: Vec<Group> = groups
        .into_values()
        .map(|(key, count, mut numbers)| {
            numbers.sort_by(f64::total_cmp);
            let values = query.functions.iter().map(|(function, _)| apply(*function, &numbers)).collect();
            Group { key, count, values }
        })
        .collect();
    all.sort_by_key(|group| std::cmp::Reverse(group.count));
    all
}

#[expect(clippy::cast_precision_loss, reason = "a few numbers")]
fn apply(function: Function, sorted: &[f64]) -> Option<f64> {
    let (first, last) = (sorted.first()?, sorted.last()?);
    let sum: f64 = sorted.iter().sum();
    Some(match function {
        Function::Sum => sum,
        Function::Average => sum / sorted.len() as f64,
        Function::Minimum => *first,
        Function::Maximum => *last,
        Function::Median => f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]),
    })
}

/// The groups that an entity belongs to: one each item of a list, or none's.
fn key_values(catalog: &Catalog, entity: &Record<'_>, group: GroupBy) -> Vec<Value> {
    let (GroupBy::Field(Field::Property(no)) | GroupBy::Date { field: Field::Property(no), .. }) = group
    else {
        return vec![Value::Null];
    };
    let mut values = values_of(catalog, entity, no);
    if matches!(group, GroupBy::Date { .. }) {
        for value in &mut values {
            let at = Instant::parse(value.as_str().unwrap()).unwrap();
            *value = format!("{}-01-01T00:00:00.000Z", at.to_chrono().format("%Y")).into();
        }
    }
    if values.is_empty() { vec![Value::Null] } else { values }
}

/// The values of a property that have its type, as an aggregate shows them.
fn values_of(catalog: &Catalog, entity: &Record<'_>, no: PropertyNo) -> Vec<Value> {
    let property = &entity.blueprint.property_by_no(no).unwrap().property;
    let value = match entity.blueprint.computed_by_no(no) {
        Some(_) => catalog.computed(entity.id, no),
        None => entity.state.properties.get(&property.identifier),
    };
    let items = match value {
        Some(Value::Array(items)) if property.value_type.is_list() => items.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    let shown = |value: Value| match (property.column()?, value) {
        (Column::Text, Value::String(text)) => Some(text[..text.floor_char_boundary(256)].into()),
        (Column::Text, Value::Number(number)) => Some(number.to_string().into()),
        (Column::Number, Value::Number(number)) => Some((number.as_f64()? + 0.0).into()),
        (Column::Boolean, flag @ Value::Bool(_)) => Some(flag),
        (Column::Instant, Value::String(text)) => Instant::parse(&text).map(|_| text.into()),
        _ => None,
    };
    items.into_iter().filter_map(shown).collect()
}
