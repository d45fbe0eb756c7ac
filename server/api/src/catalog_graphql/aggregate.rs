//! `servicesAggregate`: counts and functions of number properties, by group (api.md 2).

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext,
    SchemaBuilder, TypeRef,
};
use indexmap::IndexSet;
use portolan_catalog::query::{AggregateQuery, Function, Group, GroupBy, Interval};
use portolan_schema::{Code, Error, Pointer, Problem, Result};

use super::conditions;
use super::fields::{EntityFields, Index, Key};
use super::resolve::Request;
use super::value_shape::{Leaf, ValueShape};
use crate::graphql::arguments::{Arguments, items, text};
use crate::graphql::bounds::bound;
use crate::graphql::limits::{MAX_GROUP_KEYS, MAX_GROUP_NUMBERS, MAX_GROUPS};
use crate::graphql::refusal::refuse;

const FUNCTIONS: &[(&str, Function)] = &[
    ("sum", Function::Sum),
    ("avg", Function::Average),
    ("min", Function::Minimum),
    ("max", Function::Maximum),
    ("median", Function::Median),
];

const INTERVALS: &[(&str, Interval)] = &[
    ("HOUR", Interval::Hour),
    ("DAY", Interval::Day),
    ("WEEK", Interval::Week),
    ("MONTH", Interval::Month),
    ("QUARTER", Interval::Quarter),
    ("YEAR", Interval::Year),
];

/// One group of an answer, with what its places stand for.
struct GroupNode {
    group: Group,
    asked: Arc<Asked>,
}

/// What an aggregate was asked for, in the order of the store's answer.
struct Asked {
    /// Fields of the key.
    keys: IndexSet<String>,
    /// Functions with their fields.
    values: IndexSet<(&'static str, String)>,
}

/// The values of one function.
struct Numbers {
    node: Arc<GroupNode>,
    function: &'static str,
}

/// `EntityInterval`.
pub fn interval() -> Enum {
    let found = Enum::new("EntityInterval").description("A part of time, in UTC. Weeks begin on Monday.");
    INTERVALS.iter().fold(found, |found, (name, _)| found.item(*name))
}

fn numbers(fields: &EntityFields) -> impl Iterator<Item = &Key> {
    fields.keys.values().filter(|key| matches!(key.leaf, Leaf::Number) && !key.list)
}

/// The root field.
pub fn field(index: &Arc<Index>, fields: &Arc<EntityFields>) -> Field {
    let name = &fields.type_name;
    let (index, own) = (index.clone(), fields.clone());
    let answer = TypeRef::named_nn_list_nn(format!("{name}Aggregate"));
    Field::new(&fields.roots.aggregate, answer, move |ctx| {
        let (index, fields) = (index.clone(), own.clone());
        FieldFuture::new(async move {
            let groups = run(&ctx, &index, &fields).await.map_err(refuse)?;
            Ok(Some(FieldValue::list(groups.into_iter().map(|group| FieldValue::owned_any(Arc::new(group))))))
        })
    })
    .argument(InputValue::new("where", TypeRef::named(format!("{name}Filter"))))
    .argument(InputValue::new("groupBy", TypeRef::named_nn_list(format!("{name}GroupBy"))))
    .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)).default_value(MAX_GROUPS as u64))
    .description(format!(
        "Counts and functions of number properties. Without `groupBy` there is one group; with it, the groups come with \
         the largest count first, at most {MAX_GROUPS}; `extensions.warnings` says where there are more. By a list, an \
         entity counts in the group of each of its items. Texts of more than 256 bytes are told apart by their beginning."
    ))
}

/// Adds the types of one blueprint's aggregates.
pub fn add(mut builder: SchemaBuilder, fields: &EntityFields) -> SchemaBuilder {
    let name = &fields.type_name;
    let mut group_field = Enum::new(format!("{name}GroupField"));
    let mut date_field = Enum::new(format!("{name}DateField"));
    for (shouted, field) in &fields.order_names {
        group_field = group_field.item(EnumItem::new(shouted));
        let key = &fields.keys[field];
        if matches!(key.leaf, Leaf::DateTime) && !key.list {
            date_field = date_field.item(EnumItem::new(shouted));
        }
    }
    let group_date = InputObject::new(format!("{name}GroupDate"))
        .field(InputValue::new("field", TypeRef::named_nn(format!("{name}DateField"))))
        .field(InputValue::new("interval", TypeRef::named_nn("EntityInterval")));
    let group_by = InputObject::new(format!("{name}GroupBy"))
        .oneof()
        .field(InputValue::new("field", TypeRef::named(format!("{name}GroupField"))))
        .field(InputValue::new("date", TypeRef::named(format!("{name}GroupDate"))));
    let mut key = Object::new(format!("{name}AggregateKey"))
        .description("What a group has in common; null for what was not grouped by, and for absent values.");
    for found in fields.keys.values() {
        let own = found.clone();
        key = key.field(Field::new(&found.name, TypeRef::named(found.leaf.type_name()), move |ctx| {
            FieldFuture::from_value(key_value(&ctx, &own))
        }));
    }
    let mut group = Object::new(format!("{name}Aggregate"))
        .field(Field::new("key", TypeRef::named_nn(format!("{name}AggregateKey")), |ctx| {
            FieldFuture::Value(node(&ctx).map(|found| FieldValue::borrowed_any(found)))
        }))
        .field(Field::new("count", TypeRef::named_nn(TypeRef::INT), |ctx| {
            FieldFuture::from_value(node(&ctx).map(|found| Value::from(found.group.count)))
        }));
    let mut of_numbers = Object::new(format!("{name}AggregateNumbers"))
        .description("Null where no entity of the group has a value.");
    let mut any = false;
    for found in numbers(fields) {
        any = true;
        let own = found.name.clone();
        of_numbers = of_numbers.field(Field::new(&found.name, TypeRef::named(TypeRef::FLOAT), move |ctx| {
            FieldFuture::from_value(number(&ctx, &own))
        }));
    }
    if any {
        for (function, _) in FUNCTIONS {
            let answer = TypeRef::named_nn(format!("{name}AggregateNumbers"));
            group = group.field(Field::new(*function, answer, move |ctx| {
                let numbers = node(&ctx).map(|node| Numbers { node: node.clone(), function });
                FieldFuture::Value(numbers.map(FieldValue::owned_any))
            }));
        }
        builder = builder.register(of_numbers);
    }
    builder
        .register(group_field)
        .register(date_field)
        .register(group_date)
        .register(group_by)
        .register(key)
        .register(group)
}

fn node<'a>(ctx: &ResolverContext<'a>) -> Option<&'a Arc<GroupNode>> {
    ctx.parent_value.try_downcast_ref().ok()
}

fn key_value(ctx: &ResolverContext<'_>, key: &Key) -> Option<Value> {
    let node = node(ctx)?;
    let value = &node.group.key[node.asked.keys.get_index_of(&key.name)?];
    let shape = ValueShape { leaf: key.leaf.clone(), list: false };
    Some(shape.read(value, &mut |message| {
        if let Ok(request) = Request::of(ctx) {
            request.warnings.add(ctx.ctx, &message);
        }
    }))
}

fn number(ctx: &ResolverContext<'_>, field: &str) -> Option<Value> {
    let numbers: &Numbers = ctx.parent_value.try_downcast_ref().ok()?;
    let at = numbers.node.asked.values.get_index_of(&(numbers.function, field.to_owned()))?;
    let number = async_graphql::Number::from_f64(numbers.node.group.values[at]?)?;
    Some(Value::Number(number))
}

async fn run(ctx: &ResolverContext<'_>, index: &Index, fields: &EntityFields) -> Result<Vec<GroupNode>> {
    let request = Request::of(ctx)?;
    let field = ctx.ctx.field();
    let arguments = Arguments::of(&field)?;
    let (keys, group_by) = keys(fields, items(arguments.get("groupBy")))?;
    let limit = arguments.number("first")?.unwrap_or(MAX_GROUPS);
    bound(Code::QueryTooCostly, "page size", MAX_GROUPS as u64, limit as u64)?;
    let mut values: IndexSet<(&'static str, String)> = IndexSet::new();
    for asked in field.selection_set() {
        let Some((function, _)) = FUNCTIONS.iter().find(|(name, _)| *name == asked.name()) else { continue };
        let wanted = asked.selection_set().filter(|number| fields.keys.contains_key(number.name()));
        values.extend(wanted.map(|number| (*function, number.name().to_owned())));
    }
    let different: IndexSet<&str> = values.iter().map(|(_, field)| field.as_str()).collect();
    bound(Code::TooManyItems, "number of properties", MAX_GROUP_NUMBERS as u64, different.len() as u64)?;
    let functions = values
        .iter()
        .filter_map(|(name, field)| {
            let (_, function) = FUNCTIONS.iter().find(|(found, _)| found == name)?;
            Some((*function, fields.keys.get(field)?.field))
        })
        .collect();
    let query = AggregateQuery {
        blueprint: fields.no,
        filter: conditions::filter(index, fields, arguments.get("where"))?,
        group_by,
        functions,
        limit: limit + 1,
    };
    let mut groups = request.catalog.aggregate(&request.ctx, &request.model, &query).await?;
    if groups.len() > limit {
        groups.truncate(limit);
        let message = format!("there are more than {limit} groups; those with the largest counts are shown");
        request.warnings.add(ctx.ctx, &message);
    }
    let asked = Arc::new(Asked { keys, values });
    Ok(groups.into_iter().map(|group| GroupNode { group, asked: asked.clone() }).collect())
}

/// Reads `groupBy`: the fields of the key, and what the store groups by.
fn keys(fields: &EntityFields, items: &[Value]) -> Result<(IndexSet<String>, Vec<GroupBy>)> {
    bound(Code::TooManyItems, "number of keys", MAX_GROUP_KEYS as u64, items.len() as u64)?;
    let (mut keys, mut group_by) = (IndexSet::new(), Vec::with_capacity(items.len()));
    for (at, item) in items.iter().enumerate() {
        let Value::Object(item) = item else { return Err(wrong("a key is an object")) };
        let (key, interval) = match (item.get("field"), item.get("date")) {
            (Some(field), _) if *field != Value::Null => (key_named(fields, Some(field))?, None),
            (_, Some(Value::Object(date))) => {
                let name = date.get("interval").and_then(text).unwrap_or_default();
                let interval = INTERVALS.iter().find(|(known, _)| *known == name);
                let (_, interval) = interval.ok_or_else(|| wrong("there is no such interval"))?;
                (key_named(fields, date.get("field"))?, Some(*interval))
            }
            _ => return Err(wrong("a key is a field or a date")),
        };
        if !keys.insert(key.name.clone()) {
            let path = Pointer::root().key("groupBy").index(at);
            let message =
                format!("\"{}\" is among the keys already; a key has one place in the answer", key.name);
            return Err(Problem::new(Code::InvalidQuery, path, message).into());
        }
        group_by.push(match interval {
            Some(interval) => GroupBy::Date { field: key.field, interval },
            None => GroupBy::Field(key.field),
        });
    }
    Ok((keys, group_by))
}

fn key_named<'a>(fields: &'a EntityFields, value: Option<&Value>) -> Result<&'a Key> {
    let name = value.and_then(text).unwrap_or_default();
    let found = fields.order_names.get(name).and_then(|field| fields.keys.get(field));
    found.ok_or_else(|| wrong(&format!("\"{name}\" cannot be grouped by")))
}

fn wrong(message: &str) -> Error {
    Error::problem(Code::InvalidQuery, message)
}
