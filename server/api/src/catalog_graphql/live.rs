//! `serviceChanged`, `entityChanged`, `modelChanged`: changes as they are committed (api.md 2).

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder, Subscription,
    SubscriptionField, SubscriptionFieldFuture, TypeRef,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use portolan_catalog::query::{EntityNode, EntityPage, EntityQuery, Graph};
use portolan_catalog::{Entity, LogEntry};
use portolan_schema::{
    Code, EntityState, Error, Field as FilterField, Filter, Instant, Meta, Pointer, Result, Scalar,
};

use super::conditions;
use super::fields::{EntityFields, Index, shows_computed};
use super::history::kind_of;
use super::plan;
use super::resolve::Request;
use crate::graphql::arguments::Arguments;
use crate::graphql::live;
use crate::graphql::refusal::refuse;
use crate::platform_graphql::rules_filter;

/// A change with the entity before and after it.
struct ChangeNode {
    entry: LogEntry,
    before: Option<EntityNode>,
    after: Option<EntityNode>,
}

type Live = async_graphql::Result<BoxStream<'static, async_graphql::Result<Shown>>>;

/// An answer that borrows nothing.
struct Shown(FieldValue<'static>);

impl Shown {
    fn new<T: std::any::Any + Send + Sync>(value: T) -> Self {
        Self(FieldValue::owned_any(value))
    }
}

impl<'a> From<Shown> for FieldValue<'a> {
    fn from(Shown(value): Shown) -> FieldValue<'a> {
        value
    }
}

/// The subscription type with what does not depend on blueprints.
pub fn root() -> Subscription {
    let revision = TypeRef::named_nn("EntityModelChange");
    Subscription::new("Subscription")
        .field(
            SubscriptionField::new("modelChanged", revision, |ctx| {
                SubscriptionFieldFuture::new(async move { model_changed(&ctx).await })
            })
            .argument(InputValue::new("afterRevision", TypeRef::named(TypeRef::INT)))
            .description(
                "Each revision of the tenant's blueprints, once. With `afterRevision` it begins behind that one, without a \
                 gap.",
            ),
        )
        .field(
            SubscriptionField::new("entityChanged", TypeRef::named_nn("EntityChange"), |ctx| {
                SubscriptionFieldFuture::new(async move { entity_changed(&ctx).await })
            })
            .argument(InputValue::new("blueprint", TypeRef::named_nn(TypeRef::STRING)))
            .argument(InputValue::new("rules", TypeRef::named("JSON")))
            .argument(InputValue::new("afterSeq", TypeRef::named(TypeRef::INT))),
        )
}

/// Adds what [`root`] needs.
pub fn add_built_in(builder: SchemaBuilder) -> SchemaBuilder {
    builder.register(
        Object::new("EntityModelChange").description("The tenant's blueprints have changed.").field(
            Field::new("revision", TypeRef::named_nn(TypeRef::INT), |ctx| {
                let revision: Option<&i64> = ctx.parent_value.try_downcast_ref().ok();
                FieldFuture::from_value(revision.map(|revision| Value::from(*revision)))
            }),
        ),
    )
}

/// Adds the change type of one blueprint, and its field to the subscription type.
pub fn add(
    builder: SchemaBuilder,
    subscription: Subscription,
    index: &Arc<Index>,
    fields: &Arc<EntityFields>,
) -> (SchemaBuilder, Subscription) {
    let name = &fields.type_name;
    let side = |side: &'static str| {
        Field::new(side, TypeRef::named(name), move |ctx| {
            let node = node(&ctx).and_then(|change| match side {
                "before" => change.before.as_ref(),
                _ => change.after.as_ref(),
            });
            FieldFuture::Value(node.map(|node| FieldValue::borrowed_any(node)))
        })
    };
    let change = Object::new(format!("{name}Change"))
        .description(
            "Values are those of the change; computed values and related entities are those of now, or the last known.",
        )
        .field(Field::new("kind", TypeRef::named_nn("EntityChangeKind"), |ctx| {
            FieldFuture::from_value(node(&ctx).map(|change| kind_of(&change.entry)))
        }))
        .field(side("before"))
        .field(side("after"))
        .field(Field::new("event", TypeRef::named_nn("EntityEvent"), |ctx| {
            FieldFuture::Value(node(&ctx).map(|change| FieldValue::borrowed_any(&change.entry)))
        }));
    let (index, own) = (index.clone(), fields.clone());
    let answer = TypeRef::named_nn(format!("{name}Change"));
    let field = SubscriptionField::new(&fields.roots.changed, answer, move |ctx| {
        let (index, fields) = (index.clone(), own.clone());
        SubscriptionFieldFuture::new(async move { changed(&ctx, &index, &fields).await })
    })
    .argument(InputValue::new("where", TypeRef::named(format!("{name}Filter"))))
    .argument(InputValue::new("afterSeq", TypeRef::named(TypeRef::INT)))
    .description(
        "Each committed change, once, where the filter holds before it or after it. With `afterSeq` it begins behind that \
         change, without a gap.",
    );
    (builder.register(change), subscription.field(field))
}

fn node<'a>(ctx: &ResolverContext<'a>) -> Option<&'a ChangeNode> {
    ctx.parent_value.try_downcast_ref().ok()
}

async fn model_changed(ctx: &ResolverContext<'_>) -> Live {
    let revisions = async {
        let request = Request::of(ctx)?;
        let arguments = Arguments::of(&ctx.ctx.field())?;
        live::model_revisions(&request.catalog, &request.ctx, number(&arguments, "afterRevision")?).await
    };
    let revisions = revisions.await.map_err(refuse)?;
    Ok(revisions.map(|revision| revision.map(Shown::new).map_err(refuse)).boxed())
}

async fn entity_changed(ctx: &ResolverContext<'_>) -> Live {
    let changes = async {
        let request = Request::of(ctx)?;
        let arguments = Arguments::of(&ctx.ctx.field())?;
        let name = arguments.text("blueprint").unwrap_or_default();
        let found = request.model.get(name).ok_or_else(|| {
            let message = format!("there is no blueprint \"{name}\"");
            Error::at(Code::NotFound, Pointer::root().key("blueprint"), message)
        })?;
        let rules = arguments.get("rules").cloned().map(Value::into_json).transpose();
        let rules = rules.map_err(|error| Error::problem(Code::InvalidQuery, error.to_string()))?;
        let filter = rules_filter(&request.model, found, rules.as_ref())?;
        let after = number(&arguments, "afterSeq")?;
        live::changes(&request.catalog, &request.ctx, found.no(), filter, false, after).await
    };
    let changes = changes.await.map_err(refuse)?;
    Ok(changes.map(|entry| entry.map(Shown::new).map_err(refuse)).boxed())
}

fn number(arguments: &Arguments, name: &str) -> Result<Option<i64>> {
    let after = arguments.number(name)?;
    Ok(after.map(|after| i64::try_from(after).unwrap_or(i64::MAX)))
}

async fn changed(ctx: &ResolverContext<'_>, index: &Index, fields: &EntityFields) -> Live {
    let prepared = async {
        let request = Request::of(ctx)?.clone();
        let field = ctx.ctx.field();
        let arguments = Arguments::of(&field)?;
        let filter = conditions::filter(index, fields, arguments.get("where"))?;
        let side = |side: &str| {
            let wanted: Vec<_> = field.selection_set().filter(|field| field.name() == side).collect();
            plan::one(index, fields, Filter::always(), &wanted)
        };
        let reads = Arc::new((side("before")?, side("after")?));
        let after = number(&arguments, "afterSeq")?;
        let shown: Vec<_> =
            field.selection_set().filter(|field| ["before", "after"].contains(&field.name())).collect();
        let computed = shows_computed(fields, &shown);
        let changes =
            live::changes(&request.catalog, &request.ctx, fields.no, filter, computed, after).await?;
        Ok((request, reads, changes))
    };
    let (request, reads, changes) = prepared.await.map_err(refuse)?;
    let show = move |entry: Result<LogEntry>| {
        let (request, reads) = (request.clone(), reads.clone());
        async move {
            let change = match entry {
                Ok(entry) => change(&request, &reads.0, &reads.1, entry).await,
                Err(error) => Err(error),
            };
            change.map(Shown::new).map_err(refuse)
        }
    };
    Ok(changes.then(show).boxed())
}

/// Fills a change's entities with what the log does not hold: their stamps, and what is computed and related now.
async fn change(
    request: &Request,
    before: &EntityQuery,
    after: &EntityQuery,
    entry: LogEntry,
) -> Result<ChangeNode> {
    let known = request.catalog.known(&request.ctx, std::slice::from_ref(&entry)).await?;
    let known = known.get(&entry.entity).ok_or_else(|| Error::internal("a change lost its entity"))?;
    let node = async |state: &EntityState, at: Instant, by: &str, revision: i64, read: &EntityQuery| {
        let present = known.present.as_ref();
        let entity = Entity {
            id: entry.entity,
            blueprint: entry.blueprint,
            state: state.clone(),
            computed: known.computed.clone(),
            revision,
            seq: entry.seq,
            integration: present.and_then(|present| present.integration),
            datasource: known.datasource().map(str::to_owned),
            created_at: known.created_at,
            created_by: known.created_by.clone(),
            updated_at: at,
            updated_by: by.to_owned(),
        };
        let (related, graphs) = related(request, read, present).await?;
        Ok::<_, Error>(EntityNode { entity, cursor: String::new(), related, graphs })
    };
    let after = match &entry.after {
        Some(state) => Some(node(state, entry.at, &entry.actor, entry.revision, after).await?),
        None => None,
    };
    let before = match &entry.before {
        Some(state) => {
            let (at, by, revision) = match &entry.previous {
                Some(previous) => (previous.at, previous.actor.as_str(), previous.revision),
                None => (known.created_at, known.created_by.as_str(), entry.revision - 1),
            };
            Some(node(state, at, by, revision, before).await?)
        }
        None => None,
    };
    Ok(ChangeNode { entry, before, after })
}

/// What is related to an entity now, and what is around it; nothing where it is gone.
async fn related(
    request: &Request,
    read: &EntityQuery,
    present: Option<&Entity>,
) -> Result<(HashMap<String, EntityPage>, HashMap<String, Graph>)> {
    let (mut found, mut graphs) = (HashMap::new(), HashMap::new());
    let asks = !read.nodes.relations.is_empty() || !read.nodes.graphs.is_empty();
    if let Some(present) = present.filter(|_| asks) {
        let identifier = Scalar::Text(present.state.identifier.clone());
        let filter = Filter::equal(FilterField::Meta(Meta::Identifier), identifier);
        let query = EntityQuery { filter, ..read.clone() };
        let page = request.catalog.list(&request.ctx, &request.model, &query).await?;
        if let Some(node) = page.nodes.into_iter().next() {
            (found, graphs) = (node.related, node.graphs);
        }
    }
    for relation in &read.nodes.relations {
        found
            .entry(relation.key.clone())
            .or_insert_with(|| EntityPage { total: Some(0), ..EntityPage::default() });
    }
    Ok((found, graphs))
}
