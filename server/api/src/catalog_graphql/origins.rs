//! `origins` of an entity: who wrote each of its values last.

use async_graphql::Value;
use async_graphql::dataloader::DataLoader;
use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, Object, ResolverContext, SchemaBuilder, TypeRef,
};
use portolan_catalog::query::EntityNode;

use crate::graphql::history::Histories;
use crate::graphql::origins::{self, ValueOrigin};
use crate::graphql::refusal::refuse;

/// The field of an entity.
pub fn field() -> Field {
    Field::new("origins", TypeRef::named_nn_list_nn("EntityOrigin"), |ctx| {
        FieldFuture::new(async move {
            let node: &EntityNode = ctx.parent_value.try_downcast_ref()?;
            let loader: &DataLoader<Histories> = ctx.ctx.data()?;
            let found = origins::read(loader, node.entity.id).await.map_err(refuse)?;
            Ok(Some(FieldValue::list(found.into_iter().map(FieldValue::owned_any))))
        })
    })
    .description(
        "Who wrote each value last, by property and relation, as far as its last 1,000 changes tell.",
    )
}

/// Adds the type of an origin.
pub fn add(builder: SchemaBuilder) -> SchemaBuilder {
    let text = |text: Option<&str>| text.map(Value::from);
    builder.register(
        Object::new("EntityOrigin")
            .field(
                Field::new("name", TypeRef::named_nn(TypeRef::STRING), |ctx| {
                    FieldFuture::from_value(parent(&ctx).map(|one| Value::from(one.name.as_str())))
                })
                .description("Identifier of the property or relation."),
            )
            .field(
                Field::new("seq", TypeRef::named_nn(TypeRef::INT), |ctx| {
                    FieldFuture::from_value(parent(&ctx).map(|one| Value::from(one.origin.seq)))
                })
                .description("The number of the change that wrote the value; see `history`."),
            )
            .field(Field::new("at", TypeRef::named_nn("DateTime"), |ctx| {
                FieldFuture::from_value(parent(&ctx).map(|one| Value::from(one.origin.at.to_rfc3339())))
            }))
            .field(Field::new("actor", TypeRef::named_nn(TypeRef::STRING), |ctx| {
                FieldFuture::from_value(parent(&ctx).map(|one| Value::from(one.origin.actor.as_str())))
            }))
            .field(
                Field::new("origin", TypeRef::named(TypeRef::STRING), move |ctx| {
                    FieldFuture::from_value(parent(&ctx).and_then(|one| text(one.origin.origin.as_deref())))
                })
                .description("`User-Agent` of the request, where there was one."),
            )
            .field(
                Field::new("integration", TypeRef::named(TypeRef::STRING), move |ctx| {
                    FieldFuture::from_value(parent(&ctx).and_then(|one| text(one.integration())))
                })
                .description("The integration that wrote it, where one did."),
            )
            .field(
                Field::new("run", TypeRef::named(TypeRef::ID), |ctx| {
                    let run = parent(&ctx).and_then(|one| one.origin.run);
                    FieldFuture::from_value(run.map(|run| Value::from(run.to_string())))
                })
                .description("Its run."),
            ),
    )
}

fn parent<'a>(ctx: &ResolverContext<'a>) -> Option<&'a ValueOrigin> {
    ctx.parent_value.try_downcast_ref().ok()
}
