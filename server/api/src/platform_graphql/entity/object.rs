//! Entities and lists of them, of any blueprint.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Json, Object};
use portolan_catalog::query::{EntityNode, EntityPage, Graph};
use portolan_schema::{CatalogModel, Error, Targets};
use serde_json::{Map, Value};

use super::graph::{EntityGraph, EntityGraphDirection};
use super::version::{EntityHistory, EntityOrigin};
use crate::catalog_graphql::global_id;
use crate::graphql::arguments::key;
use crate::graphql::history::{self, Part};
use crate::graphql::origins;
use crate::graphql::refusal::refuse;
use crate::platform_graphql::page_info::PageInfo;

/// An entity of any blueprint.
pub struct Entity<'a> {
    pub node: Cow<'a, EntityNode>,
    pub model: Arc<CatalogModel>,
}

/// Which way a relation is followed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RelationDirection {
    /// From the entity that holds the relation to its targets.
    Forward,
    /// From a target to the entities that point at it.
    Backward,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    Asc,
    Desc,
}

/// One key of an order. Nulls come last whatever the direction.
#[derive(InputObject)]
pub struct EntityOrder {
    /// A property, or a meta-property such as `$title`.
    pub property: String,
    #[graphql(default_with = "OrderDirection::Asc")]
    pub direction: OrderDirection,
}

#[Object]
impl Entity<'_> {
    /// The same for as long as the entity lives; the `id` of the catalog API.
    async fn id(&self) -> ID {
        global_id::encode(self.node.entity.id).into()
    }

    async fn identifier(&self) -> &str {
        &self.node.entity.state.identifier
    }

    async fn title(&self) -> Option<&str> {
        self.node.entity.state.title.as_deref()
    }

    async fn icon(&self) -> Option<&str> {
        self.node.entity.state.icon.as_deref()
    }

    /// Identifier of its blueprint.
    async fn blueprint(&self) -> async_graphql::Result<&str> {
        let found = self.model.by_no(self.node.entity.blueprint);
        let found = found.ok_or_else(|| refuse(Error::internal("an entity lost its blueprint")))?;
        Ok(found.identifier())
    }

    /// The teams that own it: its own, or the inherited ones.
    async fn team(&self) -> Vec<String> {
        self.model
            .by_no(self.node.entity.blueprint)
            .map_or_else(Vec::new, |found| self.node.entity.team(found))
    }

    /// What its authors wrote.
    async fn properties(&self) -> Json<Value> {
        Json(Value::Object(self.node.entity.state.properties.clone()))
    }

    /// Mirrors, calculations and aggregations.
    async fn computed(&self) -> Json<Value> {
        let found = self.model.by_no(self.node.entity.blueprint);
        Json(Value::Object(found.map_or_else(Map::new, |found| self.node.entity.computed.named(found))))
    }

    /// Identifiers of what its relations point at: one or null, or a list.
    async fn relations(&self) -> Json<Value> {
        let relations = self.node.entity.state.relations.iter().map(|(name, targets)| {
            let value = match targets {
                Targets::One(one) => one.clone().map_or(Value::Null, Value::String),
                Targets::Many(many) => many.clone().into(),
            };
            (name.clone(), value)
        });
        Json(Value::Object(relations.collect()))
    }

    /// The entities at the other end of a relation. `blueprint` names the one that holds it, where a relation followed
    /// backward would be in doubt.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field; the plan has read them")]
    async fn related(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "relation")] _relation: ID,
        #[graphql(name = "direction", default_with = "RelationDirection::Forward")]
        _direction: RelationDirection,
        #[graphql(name = "blueprint")] _blueprint: Option<ID>,
        #[graphql(name = "rules")] _rules: Option<Json<Value>>,
        #[graphql(name = "orderBy")] _order_by: Option<Vec<EntityOrder>>,
        #[graphql(name = "first")] _first: Option<i32>,
        #[graphql(name = "after")] _after: Option<String>,
        #[graphql(name = "last")] _last: Option<i32>,
        #[graphql(name = "before")] _before: Option<String>,
        #[graphql(name = "offset")] _offset: Option<i32>,
    ) -> async_graphql::Result<EntityConnection<'_>> {
        // Among entities of several blueprints there may be some that do not have the relation.
        let none = || Cow::Owned(EntityPage { total: Some(0), ..EntityPage::default() });
        let page = self.node.related.get(&key(&ctx.field())).map_or_else(none, Cow::Borrowed);
        Ok(EntityConnection { page, model: self.model.clone() })
    }

    /// The entities around it, the nearest first, each once. The way to those of `blueprints` may lead through others.
    async fn related_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "direction")] _direction: EntityGraphDirection,
        #[graphql(name = "depth", default = 3)] _depth: i32,
        #[graphql(name = "blueprints")] _blueprints: Option<Vec<ID>>,
        #[graphql(name = "first", default = 100)] _first: i32,
    ) -> EntityGraph<'_> {
        // What was not stored has nothing around it.
        let graph = self.node.graphs.get(&key(&ctx.field()));
        let graph = graph.map_or_else(|| Cow::Owned(Graph::default()), Cow::Borrowed);
        EntityGraph { graph, model: self.model.clone() }
    }

    /// Who wrote each value last, by property and relation, as far as its last 1,000 changes tell.
    async fn origins(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<EntityOrigin>> {
        let found = origins::read(ctx.data()?, self.node.entity.id).await.map_err(refuse)?;
        Ok(found.into_iter().map(EntityOrigin::from).collect())
    }

    /// Its changes, the newest first.
    async fn history(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> async_graphql::Result<EntityHistory> {
        let first = first.map(|first| usize::try_from(first).unwrap_or(0));
        let part = Part::new(self.node.entity.id, first, after.as_deref()).map_err(refuse)?;
        history::read(ctx.data()?, part).await.map(EntityHistory::from).map_err(refuse)
    }

    async fn created_at(&self) -> String {
        self.node.entity.created_at.to_rfc3339()
    }

    async fn created_by(&self) -> &str {
        &self.node.entity.created_by
    }

    async fn updated_at(&self) -> String {
        self.node.entity.updated_at.to_rfc3339()
    }

    async fn updated_by(&self) -> &str {
        &self.node.entity.updated_by
    }

    /// Counts the entity's changes; what `ifRevision` is compared with.
    async fn revision(&self) -> i64 {
        self.node.entity.revision
    }

    /// `User-Agent` of the token's client that created it.
    async fn source(&self) -> Option<&str> {
        self.node.entity.datasource.as_deref()
    }
}

/// A page of a list.
pub struct EntityConnection<'a> {
    pub page: Cow<'a, EntityPage>,
    pub model: Arc<CatalogModel>,
}

/// An entity in a page.
pub struct EntityEdge<'a> {
    node: &'a EntityNode,
    model: Arc<CatalogModel>,
}

impl<'a> EntityEdge<'a> {
    pub fn of(page: &'a EntityPage, model: &Arc<CatalogModel>) -> Vec<Self> {
        page.nodes.iter().map(|node| Self { node, model: model.clone() }).collect()
    }
}

#[Object]
impl EntityConnection<'_> {
    /// All that match, not only this page; counted only when it is asked for.
    async fn total_count(&self) -> async_graphql::Result<u64> {
        self.page.total.ok_or_else(|| refuse(Error::internal("a list was not counted")))
    }

    async fn page_info(&self) -> PageInfo {
        PageInfo::of(&self.page)
    }

    async fn edges(&self) -> Vec<EntityEdge<'_>> {
        EntityEdge::of(&self.page, &self.model)
    }

    async fn nodes(&self) -> Vec<Entity<'_>> {
        let entity = |node| Entity { node: Cow::Borrowed(node), model: self.model.clone() };
        self.page.nodes.iter().map(entity).collect()
    }
}

#[Object]
impl EntityEdge<'_> {
    async fn cursor(&self) -> &str {
        &self.node.cursor
    }

    async fn node(&self) -> Entity<'_> {
        Entity { node: Cow::Borrowed(self.node), model: self.model.clone() }
    }
}
