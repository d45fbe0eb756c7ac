//! From what was loaded to answers. Nothing here reads the database but the roots.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{FieldFuture, FieldValue, ResolverContext};
use portolan_catalog::query::{EntityNode, EntityPage};
use portolan_catalog::{Catalog, OpContext};
use portolan_schema::{CatalogModel, Error, Field, Filter, Meta, Problem, Result, Scalar, Targets};

use super::fields::{BuiltIn, EntityFields, Index, PropertyField};
use super::global_id;
use super::plan;
use super::value_shape::Leaf;
use super::warnings::Warnings;
use crate::graphql::arguments::key;
use crate::graphql::refusal::refuse;

type Answer<'a> = async_graphql::Result<Option<FieldValue<'a>>>;

/// Everything that belongs to one request; resolvers find it in the request's data, never in a closure.
pub struct Request {
    pub ctx: OpContext,
    pub catalog: Catalog,
    pub model: Arc<CatalogModel>,
    pub warnings: Warnings,
}

impl Request {
    pub fn of<'a>(ctx: &ResolverContext<'a>) -> Result<&'a Arc<Self>> {
        ctx.ctx.data_opt().ok_or_else(|| Error::internal("a query was started without its request"))
    }
}

pub async fn list<'a>(ctx: ResolverContext<'a>, index: &Index, fields: &EntityFields) -> Answer<'a> {
    let answer = async {
        let request = Request::of(&ctx)?;
        let query = plan::list(index, fields, ctx.ctx.field())?;
        request.catalog.list(&request.ctx, &request.model, &query).await
    };
    Ok(Some(FieldValue::owned_any(answer.await.map_err(refuse)?)))
}

pub async fn one<'a>(ctx: ResolverContext<'a>, index: &Index, fields: &EntityFields) -> Answer<'a> {
    let answer = async {
        let identifier = ctx.args.get("identifier").and_then(|value| value.string().ok().map(str::to_owned));
        find(&ctx, index, fields, &identifier.unwrap_or_default()).await
    };
    Ok(answer.await.map_err(refuse)?.map(FieldValue::owned_any))
}

/// `node(id:)`: an entity of any blueprint.
pub async fn node<'a>(ctx: ResolverContext<'a>, index: &Index) -> Answer<'a> {
    let answer = async {
        let request = Request::of(&ctx)?;
        let id = ctx.args.get("id").and_then(|value| value.string().ok().map(str::to_owned));
        let Some(id) = id.and_then(|id| global_id::decode(&id)) else { return Ok(None) };
        let Some(entity) = request.catalog.by_id(&request.ctx, id).await? else { return Ok(None) };
        let Some(fields) = index.get(entity.blueprint) else { return Ok(None) };
        let found = find(&ctx, index, fields, &entity.state.identifier).await?;
        Ok(found.map(|found| FieldValue::owned_any(found).with_type(fields.type_name.clone())))
    };
    answer.await.map_err(refuse)
}

/// `entity(blueprint:, identifier:)`.
pub async fn entity<'a>(ctx: ResolverContext<'a>, index: &Index) -> Answer<'a> {
    let answer = async {
        let text = |name: &str| ctx.args.get(name).and_then(|value| value.string().ok().map(str::to_owned));
        let (blueprint, identifier) =
            (text("blueprint").unwrap_or_default(), text("identifier").unwrap_or_default());
        let Some(fields) = index.named(&blueprint) else { return Ok(None) };
        let found = find(&ctx, index, fields, &identifier).await?;
        Ok(found.map(|found| FieldValue::owned_any(found).with_type(fields.type_name.clone())))
    };
    answer.await.map_err(refuse)
}

async fn find(
    ctx: &ResolverContext<'_>,
    index: &Index,
    fields: &EntityFields,
    identifier: &str,
) -> Result<Option<EntityNode>> {
    let request = Request::of(ctx)?;
    let filter = Filter::equal(Field::Meta(Meta::Identifier), Scalar::Text(identifier.to_owned()));
    let query = plan::one(index, fields, filter, &[ctx.ctx.field()])?;
    let page = request.catalog.list(&request.ctx, &request.model, &query).await?;
    Ok(page.nodes.into_iter().next())
}

fn parent<'a, T: 'static>(ctx: &ResolverContext<'a>) -> async_graphql::Result<&'a T> {
    ctx.parent_value.try_downcast_ref()
}

pub fn built_in(ctx: &ResolverContext<'_>, field: BuiltIn, blueprint: &str) -> Option<Value> {
    let node: &EntityNode = parent(ctx).ok()?;
    let entity = &node.entity;
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    Some(match field {
        BuiltIn::Id => Value::from(global_id::encode(entity.id)),
        BuiltIn::Identifier => Value::from(entity.state.identifier.as_str()),
        BuiltIn::Title => text(&entity.state.title),
        BuiltIn::Icon => text(&entity.state.icon),
        BuiltIn::Blueprint => Value::from(blueprint),
        BuiltIn::Team => {
            let model = Request::of(ctx).ok().and_then(|request| request.model.by_no(entity.blueprint));
            let team = model.map(|blueprint| entity.team(blueprint)).unwrap_or_default();
            Value::List(team.into_iter().map(Value::from).collect())
        }
        BuiltIn::CreatedAt => Value::from(entity.created_at.to_rfc3339()),
        BuiltIn::UpdatedAt => Value::from(entity.updated_at.to_rfc3339()),
        BuiltIn::CreatedBy => Value::from(entity.created_by.as_str()),
        BuiltIn::UpdatedBy => Value::from(entity.updated_by.as_str()),
        BuiltIn::Revision => Value::from(entity.revision),
        BuiltIn::Source => text(&entity.datasource),
        BuiltIn::Properties => {
            let properties = serde_json::Value::Object(entity.state.properties.clone());
            Value::from_json(properties).unwrap_or(Value::Null)
        }
        BuiltIn::Computed => {
            let model = Request::of(ctx).ok().and_then(|request| request.model.by_no(entity.blueprint));
            let computed = model.map(|blueprint| entity.computed.named(blueprint)).unwrap_or_default();
            Value::from_json(serde_json::Value::Object(computed)).unwrap_or(Value::Null)
        }
        BuiltIn::Relations => {
            let relations = entity.state.relations.iter().map(|(name, targets)| {
                let value = match targets {
                    Targets::One(one) => one.clone().map_or(serde_json::Value::Null, Into::into),
                    Targets::Many(many) => many.clone().into(),
                };
                (name.clone(), value)
            });
            Value::from_json(serde_json::Value::Object(relations.collect())).unwrap_or(Value::Null)
        }
    })
}

/// A value out of its type reads as null, with a warning.
pub fn property(ctx: &ResolverContext<'_>, property: &PropertyField) -> Option<Value> {
    let node: &EntityNode = parent(ctx).ok()?;
    let value = match property.computed {
        None => node.entity.state.properties.get(&property.identifier)?,
        Some(no) => match node.entity.computed.get(no) {
            Some(value) => value,
            None => {
                if let (Some(problem), Ok(request)) = (node.entity.computed.problem(no), Request::of(ctx)) {
                    request.warnings.add(ctx.ctx, problem);
                }
                return None;
            }
        },
    };
    let read = property.shape.read(value, &mut |message| {
        if let Ok(request) = Request::of(ctx) {
            request.warnings.add(ctx.ctx, &message);
        }
    });
    match (read, &property.shape.leaf) {
        (Value::Null, _) => None,
        // async-graphql refuses a null among the values of an enum, though the type allows it.
        (Value::List(items), Leaf::Enum(_)) => {
            Some(Value::List(items.into_iter().filter(|item| *item != Value::Null).collect()))
        }
        (read, _) => Some(read),
    }
}

/// Nothing is related to an entity that was deleted.
pub fn related_many(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    let nothing = || FieldValue::owned_any(EntityPage { total: Some(0), ..EntityPage::default() });
    FieldFuture::Value(Some(related(&ctx).map_or_else(nothing, |found| FieldValue::borrowed_any(found))))
}

pub fn related_one(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    FieldFuture::Value(
        related(&ctx).and_then(|page| page.nodes.first()).map(|found| FieldValue::borrowed_any(found)),
    )
}

fn related<'a>(ctx: &ResolverContext<'a>) -> Option<&'a EntityPage> {
    let node: &'a EntityNode = parent(ctx).ok()?;
    node.related.get(&key(&ctx.ctx.field()))
}

pub fn nodes(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    let nodes = parent::<EntityPage>(&ctx)
        .map(|page| page.nodes.iter().map(|found| FieldValue::borrowed_any(found)))
        .ok();
    FieldFuture::Value(nodes.map(FieldValue::list))
}

pub fn total_count(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    let total = parent::<EntityPage>(&ctx).ok().and_then(|page| page.total);
    FieldFuture::from_value(total.map(Value::from))
}

/// The parent, seen as another type.
pub fn same(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    FieldFuture::Value(parent::<EntityPage>(&ctx).ok().map(|found| FieldValue::borrowed_any(found)))
}

pub fn same_node(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    FieldFuture::Value(parent::<EntityNode>(&ctx).ok().map(|found| FieldValue::borrowed_any(found)))
}

pub fn cursor(ctx: ResolverContext<'_>) -> FieldFuture<'_> {
    let node = parent::<EntityNode>(&ctx).ok();
    FieldFuture::from_value(node.map(|node| Value::from(node.cursor.as_str())))
}

pub fn page_info<'a>(ctx: ResolverContext<'a>, field: &str) -> FieldFuture<'a> {
    let page = parent::<EntityPage>(&ctx).ok();
    FieldFuture::from_value(page.and_then(|page| match field {
        "hasNextPage" => Some(Value::from(page.has_next)),
        "hasPreviousPage" => Some(Value::from(page.has_previous)),
        "startCursor" => page.nodes.first().map(|node| Value::from(node.cursor.as_str())),
        _ => page.nodes.last().map(|node| Value::from(node.cursor.as_str())),
    }))
}

pub fn problem<'a>(ctx: ResolverContext<'a>, field: &str) -> FieldFuture<'a> {
    let problem = parent::<Problem>(&ctx).ok();
    FieldFuture::from_value(problem.map(|problem| match field {
        "code" => Value::from(problem.code.as_str()),
        "message" => Value::from(problem.message.as_str()),
        _ => Value::from(problem.path.as_str()),
    }))
}
