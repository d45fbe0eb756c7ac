//! What the fields of a tenant's schema cost.

use async_graphql::parser::types::{Field, OperationType};
use portolan_schema::BlueprintNo;

use super::fields::{Index, Member, Root};
use crate::graphql::bounds::{Rows, Shape, Step};
use crate::graphql::limits::{GRAPH_PAGE, MAX_GROUPS, MAX_PAGE, NESTED_PAGE, ORIGIN_ROWS, ROOT_PAGE};

pub struct CatalogShape<'a>(pub &'a Index);

/// The place of a selection.
#[derive(Clone, Copy)]
pub enum Place {
    Root,
    Entity(BlueprintNo),
    Connection(BlueprintNo),
    Payload(BlueprintNo),
    /// A payload of several entities.
    Bulk(BlueprintNo),
    /// An entity of any blueprint, seen through an interface.
    Any,
    /// A list of such entities.
    Mixed,
    /// What is around an entity.
    Graph,
    /// A change of an entity.
    Change(BlueprintNo),
    /// Nothing with rows below.
    Plain,
}

fn page(default: usize) -> Rows {
    Rows::Page { default, most: MAX_PAGE }
}

/// The fields that entities of all blueprints have beside values.
fn of_any(name: &str) -> (Place, Rows) {
    match name {
        "history" => (Place::Plain, page(NESTED_PAGE)),
        "relatedTo" => (Place::Graph, Rows::Graph { default: GRAPH_PAGE, most: MAX_PAGE }),
        "origins" => (Place::Plain, Rows::Each(ORIGIN_ROWS)),
        _ => (Place::Plain, Rows::Same),
    }
}

impl Shape for CatalogShape<'_> {
    type Place = Place;

    fn root(&self, _operation: OperationType) -> Place {
        Place::Root
    }

    fn step(&self, place: Place, field: &Field) -> Step<Place> {
        let name = field.name.node.as_str();
        let (place, rows) = match place {
            Place::Root => match self.0.by_root.get(name) {
                Some((no, Root::List)) => (Place::Connection(*no), page(ROOT_PAGE)),
                Some((no, Root::One)) => (Place::Entity(*no), Rows::Each(1)),
                // Without keys there is one group.
                Some((_, Root::Aggregate)) if field.get_argument("groupBy").is_none() => {
                    (Place::Plain, Rows::Each(1))
                }
                Some((_, Root::Aggregate)) => {
                    (Place::Plain, Rows::Page { default: MAX_GROUPS, most: MAX_GROUPS })
                }
                Some((no, Root::Write)) => (Place::Payload(*no), Rows::Each(1)),
                Some((no, Root::Bulk)) => (Place::Bulk(*no), Rows::Items("input")),
                Some((no, Root::Changed)) => (Place::Change(*no), Rows::Each(1)),
                None => match name {
                    "search" => (Place::Mixed, page(ROOT_PAGE)),
                    "node" | "entity" => (Place::Any, Rows::Each(1)),
                    _ => (Place::Plain, Rows::Each(1)),
                },
            },
            Place::Entity(no) => match self.0.get(no).and_then(|fields| fields.members.get(name)) {
                Some(Member::Relation(relation)) if relation.many => {
                    (Place::Connection(relation.other), page(NESTED_PAGE))
                }
                Some(Member::Relation(relation)) => (Place::Entity(relation.other), Rows::Each(1)),
                Some(_) => (Place::Plain, Rows::Same),
                None => of_any(name),
            },
            Place::Any => of_any(name),
            Place::Mixed => match name {
                "nodes" | "node" => (Place::Any, Rows::Same),
                "edges" => (Place::Mixed, Rows::Same),
                _ => (Place::Plain, Rows::Same),
            },
            Place::Graph => match name {
                "nodes" => (Place::Graph, Rows::Same),
                "entity" => (Place::Any, Rows::Same),
                _ => (Place::Plain, Rows::Same),
            },
            Place::Change(no) => match name {
                "before" | "after" => (Place::Entity(no), Rows::Same),
                _ => (Place::Plain, Rows::Same),
            },
            Place::Connection(no) => match name {
                "nodes" | "node" => (Place::Entity(no), Rows::Same),
                "edges" => (Place::Connection(no), Rows::Same),
                _ => (Place::Plain, Rows::Same),
            },
            Place::Payload(no) => match self.0.get(no) {
                Some(fields) if fields.roots.one == name => (Place::Entity(no), Rows::Same),
                _ => (Place::Plain, Rows::Same),
            },
            Place::Bulk(no) if name == "results" => (Place::Payload(no), Rows::Same),
            Place::Bulk(_) | Place::Plain => (Place::Plain, Rows::Same),
        };
        Step { place, rows }
    }

    /// On an interface, a type condition says which entity it is.
    fn narrowed(&self, place: Place, on: &str) -> Place {
        let Place::Any = place else { return place };
        let found = self.0.entities.values().find(|fields| fields.type_name == on);
        found.map_or(place, |fields| Place::Entity(fields.no))
    }

    fn interfaces(&self) -> &'static [&'static str] {
        &["Node", "Entity"]
    }
}
