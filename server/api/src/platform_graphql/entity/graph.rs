//! What is around an entity, and entities found by a text: entities of several blueprints.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};
use portolan_catalog::query::{EntityPage, Graph, GraphEdge, GraphNode};
use portolan_schema::CatalogModel;

use super::object::{Entity, EntityEdge};
use crate::catalog_graphql::global_id;
use crate::platform_graphql::page_info::PageInfo;

/// Which way relations are followed from an entity.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum EntityGraphDirection {
    /// To what it depends on.
    Upstream,
    /// To what depends on it.
    Downstream,
}

/// What is around an entity.
pub struct EntityGraph<'a> {
    pub graph: Cow<'a, Graph>,
    pub model: Arc<CatalogModel>,
}

/// An entity around another.
pub struct EntityGraphNode<'a> {
    node: &'a GraphNode,
    model: Arc<CatalogModel>,
}

/// A relation, by its identifier, from the entity that holds it to its target, by their ids.
#[derive(SimpleObject)]
pub struct EntityGraphEdge {
    source: ID,
    target: ID,
    relation: String,
}

impl From<&GraphEdge> for EntityGraphEdge {
    fn from(edge: &GraphEdge) -> Self {
        Self {
            source: global_id::encode(edge.source).into(),
            target: global_id::encode(edge.target).into(),
            relation: edge.relation.clone(),
        }
    }
}

#[Object]
impl EntityGraph<'_> {
    async fn nodes(&self) -> Vec<EntityGraphNode<'_>> {
        let nodes = self.graph.nodes.iter();
        nodes.map(|node| EntityGraphNode { node, model: self.model.clone() }).collect()
    }

    /// The relations between the nodes, and between them and the entity itself.
    async fn edges(&self) -> Vec<EntityGraphEdge> {
        self.graph.edges.iter().map(EntityGraphEdge::from).collect()
    }

    /// Within the depth there is more than `first`, or than could be looked at.
    async fn has_more(&self) -> bool {
        self.graph.has_more
    }
}

#[Object]
impl EntityGraphNode<'_> {
    /// How many relations away it is, the shortest way.
    async fn depth(&self) -> usize {
        self.node.depth
    }

    async fn entity(&self) -> Entity<'_> {
        Entity { node: Cow::Borrowed(&self.node.node), model: self.model.clone() }
    }
}

/// A page of what a text finds.
pub struct EntitySearchConnection {
    pub page: EntityPage,
    pub model: Arc<CatalogModel>,
}

#[Object]
impl EntitySearchConnection {
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
