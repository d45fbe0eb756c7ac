//! What a query would cost, counted on its text before it runs.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql::{Positioned, Value, Variables};
use portolan_schema::{Code, Error, Result};

use super::fields::{Index, Member, Root};
use super::limits::{Limits, MAX_PAGE, NESTED_PAGE, ROOT_PAGE};
use portolan_schema::BlueprintNo;

/// The place of a selection.
#[derive(Clone, Copy)]
enum Place {
    Root,
    Entity(BlueprintNo),
    Connection(BlueprintNo),
    Payload(BlueprintNo),
    /// Nothing with rows below.
    Plain,
    /// Introspection, which is exempt from the depth bound.
    Schema,
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    index: &'a Index,
    limits: &'a Limits,
    variables: &'a Variables,
    rows: u64,
    aliases: u64,
    selections: u64,
    depth: u64,
}

/// Rows that the query may return.
///
/// # Errors
/// `QUERY_TOO_DEEP`, `QUERY_TOO_COSTLY`, `TOO_MANY_ALIASES`, `INVALID_QUERY` where a fragment holds itself.
pub fn check(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
    index: &Index,
    limits: &Limits,
) -> Result<u64> {
    let mut counter =
        Counter { document, index, limits, variables, rows: 0, aliases: 0, selections: 0, depth: 0 };
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(one) => vec![one],
        DocumentOperations::Multiple(many) => many
            .iter()
            .filter(|(name, _)| operation.is_none_or(|wanted| name.as_str() == wanted))
            .map(|(_, one)| one)
            .collect(),
    };
    for operation in operations {
        debug_assert!(matches!(
            operation.node.ty,
            OperationType::Query | OperationType::Mutation | OperationType::Subscription
        ));
        counter.walk(&operation.node.selection_set.node, Place::Root, 1, 1, &mut Vec::new())?;
    }
    Ok(counter.rows)
}

impl<'a> Counter<'a> {
    fn walk(
        &mut self,
        set: &'a SelectionSet,
        place: Place,
        depth: u64,
        parents: u64,
        inside: &mut Vec<&'a str>,
    ) -> Result<()> {
        for item in &set.items {
            self.selections += 1;
            bound(Code::QueryTooCostly, "selections", self.limits.selections, self.selections)?;
            match &item.node {
                Selection::Field(field) => self.field(field, place, depth, parents, inside)?,
                Selection::InlineFragment(fragment) => {
                    let place = self.narrowed(
                        place,
                        fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str()),
                    );
                    self.walk(&fragment.node.selection_set.node, place, depth, parents, inside)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if inside.contains(&name) {
                        let message = format!("the fragment \"{name}\" holds itself");
                        return Err(Error::problem(Code::InvalidQuery, message));
                    }
                    inside.push(name);
                    let place =
                        self.narrowed(place, Some(fragment.node.type_condition.node.on.node.as_str()));
                    self.walk(&fragment.node.selection_set.node, place, depth, parents, inside)?;
                    inside.pop();
                }
            }
        }
        Ok(())
    }

    /// On an interface, a type condition says which entity it is.
    fn narrowed(&self, place: Place, on: Option<&str>) -> Place {
        let (Place::Plain, Some(on)) = (place, on) else { return place };
        let found = self.index.entities.values().find(|fields| fields.type_name == on);
        found.map_or(place, |fields| Place::Entity(fields.no))
    }

    fn field(
        &mut self,
        field: &'a Positioned<Field>,
        place: Place,
        depth: u64,
        parents: u64,
        inside: &mut Vec<&'a str>,
    ) -> Result<()> {
        let field = &field.node;
        let name = field.name.node.as_str();
        if field.alias.is_some() {
            self.aliases += 1;
            bound(Code::TooManyAliases, "aliases", self.limits.aliases, self.aliases)?;
        }
        let introspection = matches!(place, Place::Schema) || name.starts_with("__");
        if !introspection {
            self.depth = self.depth.max(depth);
            bound(Code::QueryTooDeep, "depth", self.limits.depth, depth)?;
        }
        let (next, rows) =
            if introspection { (Place::Schema, None) } else { self.place_of(field, name, place) };
        let parents = match rows {
            Some(rows) => {
                let rows = parents.saturating_mul(rows);
                self.rows = self.rows.saturating_add(rows);
                bound(Code::QueryTooCostly, "cost", self.limits.cost, self.rows)?;
                rows
            }
            None => parents,
        };
        self.walk(&field.selection_set.node, next, depth + 1, parents, inside)
    }

    fn place_of(&self, field: &Field, name: &str, place: Place) -> (Place, Option<u64>) {
        match place {
            Place::Root => match self.index.by_root.get(name) {
                Some((no, Root::List)) => (Place::Connection(*no), Some(self.page(field, ROOT_PAGE))),
                Some((no, Root::One)) => (Place::Entity(*no), Some(1)),
                None => {
                    let written = self.index.entities.values().find(|fields| {
                        [
                            &fields.roots.create,
                            &fields.roots.update,
                            &fields.roots.upsert,
                            &fields.roots.delete,
                        ]
                        .into_iter()
                        .any(|root| root == name)
                    });
                    match written {
                        Some(fields) => (Place::Payload(fields.no), Some(1)),
                        None => (Place::Plain, Some(1)),
                    }
                }
            },
            Place::Entity(no) => {
                let member = self.index.get(no).and_then(|fields| fields.members.get(name));
                match member {
                    Some(Member::Relation(relation)) if relation.many => {
                        (Place::Connection(relation.other), Some(self.page(field, NESTED_PAGE)))
                    }
                    Some(Member::Relation(relation)) => (Place::Entity(relation.other), Some(1)),
                    _ => (Place::Plain, None),
                }
            }
            Place::Connection(no) => match name {
                "nodes" | "node" => (Place::Entity(no), None),
                "edges" => (Place::Connection(no), None),
                _ => (Place::Plain, None),
            },
            Place::Payload(no) => match self.index.get(no) {
                Some(fields) if fields.roots.one == name => (Place::Entity(no), None),
                _ => (Place::Plain, None),
            },
            Place::Plain | Place::Schema => (place, None),
        }
    }

    fn page(&self, field: &Field, default: usize) -> u64 {
        let argument = |name: &str| {
            let (_, value) = field.arguments.iter().find(|(found, _)| found.node == name)?;
            let value = value.node.clone().into_const_with(|name| {
                Ok::<_, std::convert::Infallible>(self.variables.get(&name).cloned().unwrap_or(Value::Null))
            });
            match value {
                Ok(Value::Number(number)) => number.as_u64(),
                _ => None,
            }
        };
        let most = u64::try_from(MAX_PAGE).unwrap_or(u64::MAX);
        let default = u64::try_from(default).unwrap_or(u64::MAX);
        argument("first").or_else(|| argument("last")).unwrap_or(default).min(most)
    }
}

/// The operator's bound and what the query has, for `extensions`.
fn bound(code: Code, what: &str, maximum: u64, actual: u64) -> Result<()> {
    if actual <= maximum {
        return Ok(());
    }
    Err(Error::problem(
        code,
        format!("the query's {what} is over the bound: maximum {maximum}, actual {actual}"),
    ))
}
