//! `relatedTo` of an entity, and `search`: entities of any blueprint, seen through the interface `Entity`.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputValue, InterfaceField, Object, ResolverContext, SchemaBuilder,
    TypeRef,
};
use portolan_catalog::query::{EntityNode, EntityPage, Graph, GraphEdge, GraphNode};

use super::fields::Index;
use super::resolve::Request;
use super::{global_id, plan, resolve};
use crate::graphql::arguments::key;
use crate::graphql::graphs::GRAPH_DEPTH;
use crate::graphql::limits::GRAPH_PAGE;
use crate::graphql::refusal::refuse;

const TEXT: &str = "The entities around it, the nearest first, each once. The way to those of `blueprints` may lead through others.";

/// The field of an entity.
pub fn field() -> Field {
    let field = Field::new("relatedTo", TypeRef::named_nn("EntityGraph"), |ctx| {
        let node: Option<&EntityNode> = parent(&ctx);
        let graph = node.and_then(|node| node.graphs.get(&key(&ctx.ctx.field())));
        // What was not stored has nothing around it.
        let graph = graph
            .map_or_else(|| FieldValue::owned_any(Graph::default()), |found| FieldValue::borrowed_any(found));
        FieldFuture::Value(Some(graph))
    });
    arguments().into_iter().fold(field, Field::argument).description(TEXT)
}

/// The same, of the interface.
pub fn interface_field() -> InterfaceField {
    let field = InterfaceField::new("relatedTo", TypeRef::named_nn("EntityGraph"));
    arguments().into_iter().fold(field, InterfaceField::argument).description(TEXT)
}

fn arguments() -> [InputValue; 4] {
    [
        InputValue::new("direction", TypeRef::named_nn("EntityGraphDirection")),
        InputValue::new("depth", TypeRef::named_nn(TypeRef::INT)).default_value(GRAPH_DEPTH),
        InputValue::new("blueprints", TypeRef::named_nn_list(TypeRef::ID)),
        InputValue::new("first", TypeRef::named_nn(TypeRef::INT)).default_value(GRAPH_PAGE),
    ]
}

/// `search`, of the root.
pub fn search(index: &Arc<Index>) -> Field {
    let index = index.clone();
    Field::new("search", TypeRef::named_nn("EntitySearchConnection"), move |ctx| {
        let index = index.clone();
        FieldFuture::new(async move {
            let found = async {
                let request = Request::of(&ctx)?;
                let query = plan::search(&index, &request.model, ctx.ctx.field())?;
                request.catalog.search(&request.ctx, &request.model, &query).await
            };
            Ok(Some(FieldValue::owned_any(found.await.map_err(refuse)?)))
        })
    })
    .argument(InputValue::new("text", TypeRef::named_nn(TypeRef::STRING)))
    .argument(InputValue::new("blueprints", TypeRef::named_nn_list(TypeRef::ID)))
    .argument(InputValue::new("first", TypeRef::named(TypeRef::INT)))
    .argument(InputValue::new("after", TypeRef::named(TypeRef::STRING)))
    .description(
        "Entities whose identifier, title or a word of the title begins with a text, whatever the case; the best first.",
    )
}

/// Adds what the fields answer.
pub fn add(builder: SchemaBuilder, index: &Arc<Index>) -> SchemaBuilder {
    let direction = Enum::new("EntityGraphDirection")
        .description(
            "Upstream is what an entity depends on, by its relations; downstream is what depends on it.",
        )
        .item("UPSTREAM")
        .item("DOWNSTREAM");
    let graph = Object::new("EntityGraph")
        .field(Field::new("nodes", TypeRef::named_nn_list_nn("EntityGraphNode"), |ctx| {
            let nodes = parent(&ctx).map(|graph: &Graph| graph.nodes.iter());
            FieldFuture::Value(
                nodes.map(|nodes| FieldValue::list(nodes.map(|one| FieldValue::borrowed_any(one)))),
            )
        }))
        .field(
            Field::new("edges", TypeRef::named_nn_list_nn("EntityGraphEdge"), |ctx| {
                let edges = parent(&ctx).map(|graph: &Graph| graph.edges.iter());
                FieldFuture::Value(
                    edges.map(|edges| FieldValue::list(edges.map(|one| FieldValue::borrowed_any(one)))),
                )
            })
            .description("The relations between the nodes, and between them and the entity itself."),
        )
        .field(
            Field::new("hasMore", TypeRef::named_nn(TypeRef::BOOLEAN), |ctx| {
                FieldFuture::from_value(parent(&ctx).map(|graph: &Graph| Value::from(graph.has_more)))
            })
            .description("Within the depth there is more than `first`, or than could be looked at."),
        );
    let at = index.clone();
    let node = Object::new("EntityGraphNode")
        .field(
            Field::new("depth", TypeRef::named_nn(TypeRef::INT), |ctx| {
                FieldFuture::from_value(parent(&ctx).map(|node: &GraphNode| Value::from(node.depth)))
            })
            .description("How many relations away it is, the shortest way."),
        )
        .field(Field::new("entity", TypeRef::named_nn("Entity"), move |ctx| {
            FieldFuture::Value(parent(&ctx).and_then(|found: &GraphNode| typed(&at, &found.node)))
        }));
    let end = |name: &'static str, read: fn(&GraphEdge) -> i64| {
        Field::new(name, TypeRef::named_nn(TypeRef::ID), move |ctx| {
            FieldFuture::from_value(parent(&ctx).map(|edge| Value::from(global_id::encode(read(edge)))))
        })
    };
    let edge = Object::new("EntityGraphEdge")
        .description(
            "A relation, by its identifier, from the entity that holds it to its target, by their ids.",
        )
        .field(end("source", |edge| edge.source))
        .field(end("target", |edge| edge.target))
        .field(Field::new("relation", TypeRef::named_nn(TypeRef::STRING), |ctx| {
            FieldFuture::from_value(parent(&ctx).map(|edge: &GraphEdge| Value::from(edge.relation.as_str())))
        }));
    let builder = builder.register(direction).register(graph).register(node).register(edge);
    add_search(builder, index)
}

fn add_search(builder: SchemaBuilder, index: &Arc<Index>) -> SchemaBuilder {
    let at = index.clone();
    let connection = Object::new("EntitySearchConnection")
        .field(Field::new("pageInfo", TypeRef::named_nn("PageInfo"), resolve::same))
        .field(Field::new("edges", TypeRef::named_nn_list_nn("EntitySearchEdge"), resolve::nodes))
        .field(Field::new("nodes", TypeRef::named_nn_list_nn("Entity"), move |ctx| {
            let page: Option<&EntityPage> = parent(&ctx);
            let nodes = page.map(|page| page.nodes.iter().filter_map(|node| typed(&at, node)));
            FieldFuture::Value(nodes.map(FieldValue::list))
        }));
    let at = index.clone();
    let edge = Object::new("EntitySearchEdge")
        .field(Field::new("cursor", TypeRef::named_nn(TypeRef::STRING), resolve::cursor))
        .field(Field::new("node", TypeRef::named_nn("Entity"), move |ctx| {
            FieldFuture::Value(parent(&ctx).and_then(|node| typed(&at, node)))
        }));
    builder.register(connection).register(edge)
}

fn parent<'a, T: 'static>(ctx: &ResolverContext<'a>) -> Option<&'a T> {
    ctx.parent_value.try_downcast_ref().ok()
}

/// An entity as one of its blueprint's type.
fn typed<'a>(index: &Index, node: &'a EntityNode) -> Option<FieldValue<'a>> {
    let fields = index.get(node.entity.blueprint)?;
    Some(FieldValue::borrowed_any(node).with_type(fields.type_name.clone()))
}
