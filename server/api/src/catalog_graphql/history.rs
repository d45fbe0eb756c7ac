//! `history` of an entity: its changes with the states before and after, and where they came from.

use async_graphql::Value;
use async_graphql::dataloader::DataLoader;
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputValue, InterfaceField, Object, ResolverContext, SchemaBuilder,
    TypeRef,
};
use portolan_catalog::LogEntry;
use portolan_catalog::query::EntityNode;
use portolan_schema::EntityState;

use crate::graphql::history::{self, Histories, History, Part, state_json};
use crate::graphql::refusal::refuse;

/// The field of an entity.
pub fn field() -> Field {
    Field::new("history", TypeRef::named_nn("EntityHistory"), |ctx| {
        FieldFuture::new(async move {
            let node: &EntityNode = ctx.parent_value.try_downcast_ref()?;
            let first = ctx.args.get("first").filter(|first| !first.is_null());
            let first = first.map(|first| first.u64()).transpose()?;
            let first = first.map(|first| usize::try_from(first).unwrap_or(usize::MAX));
            let after = ctx.args.get("after").filter(|after| !after.is_null());
            let after = after.as_ref().map(|after| after.string()).transpose()?;
            let loader: &DataLoader<Histories> = ctx.ctx.data()?;
            let part = Part::new(node.entity.id, first, after).map_err(refuse)?;
            let found = history::read(loader, part).await.map_err(refuse)?;
            Ok(Some(FieldValue::owned_any(found)))
        })
    })
    .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
    .argument(InputValue::new("after", TypeRef::named(TypeRef::STRING)))
    .description("Its changes, the newest first.")
}

/// The same, of the interface.
pub fn interface_field() -> InterfaceField {
    InterfaceField::new("history", TypeRef::named_nn("EntityHistory"))
        .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
        .argument(InputValue::new("after", TypeRef::named(TypeRef::STRING)))
        .description("Its changes, the newest first.")
}

/// Adds the types of histories and events.
pub fn add(builder: SchemaBuilder) -> SchemaBuilder {
    let kind = Enum::new("EntityChangeKind").item("CREATED").item("UPDATED").item("DELETED");
    let history = Object::new("EntityHistory")
        .field(Field::new("nodes", TypeRef::named_nn_list_nn("EntityChange"), |ctx| {
            let entries = parent::<History>(&ctx).map(|history| history.entries.iter());
            FieldFuture::Value(
                entries.map(|entries| FieldValue::list(entries.map(|one| FieldValue::borrowed_any(one)))),
            )
        }))
        .field(Field::new("hasNextPage", TypeRef::named_nn(TypeRef::BOOLEAN), |ctx| {
            FieldFuture::from_value(parent::<History>(&ctx).map(|history| Value::from(history.has_next)))
        }))
        .field(Field::new("endCursor", TypeRef::named(TypeRef::STRING), |ctx| {
            FieldFuture::from_value(parent::<History>(&ctx).and_then(History::end_cursor).map(Value::from))
        }));
    let change = Object::new("EntityChange")
        .description("The states are `{identifier, title, icon, team, properties, relations}`.")
        .field(Field::new("kind", TypeRef::named_nn("EntityChangeKind"), |ctx| {
            FieldFuture::from_value(entry(&ctx).map(kind_of))
        }))
        .field(Field::new("before", TypeRef::named("JSON"), |ctx| {
            FieldFuture::from_value(entry(&ctx).and_then(|entry| shown(entry.before.as_ref())))
        }))
        .field(Field::new("after", TypeRef::named("JSON"), |ctx| {
            FieldFuture::from_value(entry(&ctx).and_then(|entry| shown(entry.after.as_ref())))
        }))
        .field(Field::new("event", TypeRef::named_nn("EntityEvent"), |ctx| {
            FieldFuture::Value(entry(&ctx).map(|entry| FieldValue::borrowed_any(entry)))
        }));
    builder.register(kind).register(history).register(change).register(event())
}

fn event() -> Object {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    Object::new("EntityEvent")
        .field(
            Field::new("seq", TypeRef::named_nn(TypeRef::INT), |ctx| {
                FieldFuture::from_value(entry(&ctx).map(|entry| Value::from(entry.seq)))
            })
            .description("Numbers the changes of the tenant in the order of their commits."),
        )
        .field(Field::new("at", TypeRef::named_nn("DateTime"), |ctx| {
            FieldFuture::from_value(entry(&ctx).map(|entry| Value::from(entry.at.to_rfc3339())))
        }))
        .field(Field::new("actor", TypeRef::named_nn(TypeRef::STRING), |ctx| {
            FieldFuture::from_value(entry(&ctx).map(|entry| Value::from(entry.actor.as_str())))
        }))
        .field(
            Field::new("origin", TypeRef::named(TypeRef::STRING), move |ctx| {
                FieldFuture::from_value(entry(&ctx).and_then(|entry| text(&entry.origin)))
            })
            .description("`User-Agent` of the request, where there was one."),
        )
        .field(
            Field::new("run", TypeRef::named(TypeRef::ID), |ctx| {
                let run = entry(&ctx).and_then(|entry| entry.run);
                FieldFuture::from_value(run.map(|run| Value::from(run.to_string())))
            })
            .description("The run of an integration, where one wrote."),
        )
}

fn parent<'a, T: 'static>(ctx: &ResolverContext<'a>) -> Option<&'a T> {
    ctx.parent_value.try_downcast_ref().ok()
}

fn entry<'a>(ctx: &ResolverContext<'a>) -> Option<&'a LogEntry> {
    parent(ctx)
}

/// `CREATED`, `UPDATED` or `DELETED`.
pub fn kind_of(entry: &LogEntry) -> Value {
    Value::Enum(async_graphql::Name::new(&entry.kind))
}

fn shown(state: Option<&EntityState>) -> Option<Value> {
    state.and_then(|state| Value::from_json(state_json(state)).ok())
}
