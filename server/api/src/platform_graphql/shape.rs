//! What the fields of the platform schema cost, read off the schema itself: a field that is added is counted.
//!
//! A field with an argument `first` is a paged list, and `first` without a default has the usual page sizes; with an
//! argument `depth` it is a graph. A list at
//! the root that is not paged counts for [`UNPAGED`] rows, one inside of something for nothing more than that. One object
//! is one row. What connections, edges and payloads hold was counted with them.

use std::collections::HashMap;

use async_graphql::OutputType;
use async_graphql::parser::types::{Field, OperationType};
use async_graphql::registry::{MetaField, MetaType, Registry};

use crate::graphql::bounds::{Rows, Shape, Step};
use crate::graphql::limits::{MAX_PAGE, NESTED_PAGE, ORIGIN_ROWS, ROOT_PAGE};

/// The type of what is read off an entity's changes.
const ORIGIN: &str = "EntityOrigin";
/// Rows of a root list that has no pages.
const UNPAGED: u64 = 100;

/// The types of the schema and their fields.
pub struct PlatformShape {
    types: Vec<HashMap<String, Member>>,
    roots: [Option<usize>; 2],
}

/// A field of a type.
struct Member {
    place: Option<usize>,
    rows: Rows,
    /// It answers one row unless it is asked to group.
    groups: bool,
}

impl PlatformShape {
    /// Reads the types below the roots of a schema.
    pub fn of<Query: OutputType, Mutation: OutputType>() -> Self {
        let mut registry = Registry::default();
        let roots = [Query::create_type_info(&mut registry), Mutation::create_type_info(&mut registry)];
        let roots = roots.map(|root| innermost(&root).0.to_owned());
        let objects = registry.types.values().filter_map(|found| match found {
            MetaType::Object { name, fields, .. } => Some((name.as_str(), fields)),
            _ => None,
        });
        let objects: Vec<_> = objects.collect();
        let places: HashMap<&str, usize> =
            objects.iter().enumerate().map(|(place, (name, _))| (*name, place)).collect();
        let types = objects.iter().map(|(name, fields)| {
            let at_root = roots.iter().any(|root| root == name);
            let member = |field: &MetaField| Member::new(name, at_root, field, &places);
            fields.values().map(|field| (field.name.clone(), member(field))).collect()
        });
        let root = |at: usize| places.get(roots[at].as_str()).copied();
        Self { types: types.collect(), roots: [root(0), root(1)] }
    }
}

impl Member {
    fn new(holder: &str, at_root: bool, field: &MetaField, places: &HashMap<&str, usize>) -> Self {
        let (name, list) = innermost(&field.ty);
        let place = places.get(name).copied();
        let counted = ["Connection", "Edge", "Payload", "GraphNode"];
        let is_counted = counted.iter().any(|ending| holder.ends_with(ending));
        let rows = if let Some(first) = field.args.get("first") {
            let usual = if at_root { ROOT_PAGE } else { NESTED_PAGE };
            let default = first.default_value.as_deref().and_then(|text| text.parse().ok()).unwrap_or(usual);
            match field.args.contains_key("depth") {
                true => Rows::Graph { default, most: MAX_PAGE },
                false => Rows::Page { default, most: default.max(MAX_PAGE) },
            }
        } else if name == ORIGIN {
            Rows::Each(ORIGIN_ROWS)
        } else if field.args.get("input").is_some_and(|input| innermost(&input.ty).1) {
            Rows::Items("input")
        } else {
            match (place, list) {
                (_, false) if at_root => Rows::Each(1),
                (None, true) if at_root => Rows::Each(1),
                (Some(_), true) if at_root => Rows::Each(UNPAGED),
                (Some(_), false) if !is_counted => Rows::Each(1),
                _ => Rows::Same,
            }
        };
        Self { place, rows, groups: field.args.contains_key("groupBy") }
    }
}

/// The named type inside of a type as it is written, and whether there is a list around it.
fn innermost(written: &str) -> (&str, bool) {
    let name = written.trim_matches(['[', ']', '!']);
    (name, written.starts_with('['))
}

impl Shape for PlatformShape {
    /// A type; None for what has no fields.
    type Place = Option<usize>;

    fn root(&self, operation: OperationType) -> Option<usize> {
        match operation {
            OperationType::Query => self.roots[0],
            OperationType::Mutation => self.roots[1],
            OperationType::Subscription => None,
        }
    }

    fn step(&self, place: Option<usize>, field: &Field) -> Step<Option<usize>> {
        let member = place.and_then(|place| self.types[place].get(field.name.node.as_str()));
        match member {
            Some(member) if member.groups && field.get_argument("groupBy").is_none() => {
                Step { place: member.place, rows: Rows::Each(1) }
            }
            Some(member) => Step { place: member.place, rows: member.rows },
            None => Step { place: None, rows: Rows::Same },
        }
    }

    /// There are no interfaces: a condition names the type itself.
    fn narrowed(&self, place: Option<usize>, _on: &str) -> Option<usize> {
        place
    }

    fn interfaces(&self) -> &'static [&'static str] {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::{InputObject, Object, SimpleObject, Variables};

    use super::*;
    use crate::graphql::bounds::check;
    use crate::graphql::limits::Limits;

    struct Thing;

    #[Object]
    impl Thing {
        async fn name(&self) -> &str {
            ""
        }

        async fn parts(&self, first: Option<i32>) -> ThingConnection {
            let _ = first;
            ThingConnection { nodes: Vec::new() }
        }

        async fn owner(&self) -> Option<Thing> {
            None
        }

        async fn tags(&self) -> Vec<Tag> {
            Vec::new()
        }
    }

    #[derive(SimpleObject)]
    struct ThingConnection {
        nodes: Vec<Thing>,
    }

    #[derive(SimpleObject)]
    struct Tag {
        name: String,
    }

    #[derive(SimpleObject)]
    struct ThingPayload {
        thing: Option<Thing>,
        errors: Vec<Tag>,
    }

    #[derive(InputObject)]
    struct ThingInput {
        name: String,
    }

    struct Query;

    #[Object]
    impl Query {
        async fn word(&self) -> &str {
            ""
        }

        async fn one(&self) -> Thing {
            Thing
        }

        async fn all(&self) -> Vec<Thing> {
            Vec::new()
        }

        async fn things(&self, first: Option<i32>) -> ThingConnection {
            let _ = first;
            ThingConnection { nodes: Vec::new() }
        }

        async fn groups(
            &self,
            group_by: Option<Vec<String>>,
            #[graphql(default = 1_000)] first: i32,
        ) -> Vec<Tag> {
            let _ = (group_by, first);
            Vec::new()
        }
    }

    struct Mutation;

    #[Object]
    impl Mutation {
        async fn put(&self, input: Vec<ThingInput>) -> Vec<ThingPayload> {
            let made = input.into_iter().map(|input| Tag { name: input.name });
            vec![ThingPayload { thing: None, errors: made.collect() }]
        }

        async fn set(&self, input: ThingInput) -> ThingPayload {
            ThingPayload { thing: None, errors: vec![Tag { name: input.name }] }
        }
    }

    #[test]
    fn a_query_costs_the_rows_it_may_read() {
        let shape = PlatformShape::of::<Query, Mutation>();
        for (query, expected) in [
            ("{ word one { name } }", 2),
            ("{ all { name tags { name } } }", 100),
            ("{ all { owner { name } } }", 200),
            ("{ things { nodes { name } } }", 50),
            ("{ things(first: 5) { nodes { name parts { nodes { owner { name } } } } } }", 5 + 50 + 50),
            ("{ groups { name } }", 1),
            ("{ groups(groupBy: [\"a\"]) { name } }", 1_000),
            ("{ groups(groupBy: [\"a\"], first: 7) { name } }", 7),
            ("mutation { set(input: {name: \"a\"}) { thing { name } errors { name } } }", 1),
            ("mutation { put(input: [{name: \"a\"}, {name: \"b\"}, {name: \"c\"}]) { thing { name } } }", 3),
            ("mutation { put(input: {name: \"a\"}) { thing { owner { name } } } }", 2),
        ] {
            let document = parse_query(query).unwrap();
            let found = check(&document, None, &Variables::default(), &shape, &Limits::default());
            assert_eq!(found.unwrap(), expected, "{query}");
        }
    }
}
