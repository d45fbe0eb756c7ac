//! What a query would cost, counted on its text before it runs.
//!
//! The counter walks the operation as it will be executed: fragments where they are spread, skipped fields left out. What a field's rows are is the API's own to say, by a [`Shape`].

use std::convert::Infallible;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};
use portolan_schema::{Code, Error, Pointer, Problem, Result};

use super::limits::{Limits, MAX_GRAPH_NESTING};

/// Fields of introspection that answer lists, and how many items they are taken to have.
const INTROSPECTION_LISTS: &[(&str, u64)] = &[
    ("types", 2_000),
    ("fields", 10),
    ("inputFields", 10),
    ("interfaces", 10),
    ("possibleTypes", 10),
    ("enumValues", 10),
    ("args", 10),
    ("directives", 10),
];

/// Where the fields of an API lead.
pub trait Shape {
    type Place: Copy;

    /// The place of an operation's root fields.
    fn root(&self, operation: OperationType) -> Self::Place;

    /// What a field stands for. Unknown fields answer [`Step::plain`]: the schema's own validation refuses them.
    fn step(&self, place: Self::Place, field: &Field) -> Step<Self::Place>;

    /// The place below a type condition.
    fn narrowed(&self, place: Self::Place, on: &str) -> Self::Place;

    /// Names of the interfaces that objects below a type condition may have another type than.
    fn interfaces(&self) -> &'static [&'static str];
}

/// Where a field leads, and how many rows it may answer for each parent.
pub struct Step<P> {
    pub place: P,
    pub rows: Rows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// It is no list and reads nothing: its fields count for the parent's rows.
    Same,
    /// A row, or a list that is not paged, for each parent.
    Each(u64),
    /// As many as the list in this argument has items.
    Items(&'static str),
    /// A paged list: its `first` or `last`, or `default`; more than `most` is refused.
    Page { default: usize, most: usize },
    /// A graph that is walked from each parent: a page, of which few may nest.
    Graph { default: usize, most: usize },
}

/// Rows that the operation may return.
///
/// # Errors
/// `QUERY_TOO_DEEP`, `QUERY_TOO_COSTLY`, `TOO_MANY_ALIASES`, all with their figures; `INVALID_QUERY` where a fragment
/// holds itself.
pub fn check<S: Shape>(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
    shape: &S,
    limits: &Limits,
) -> Result<u64> {
    let operations: Vec<&OperationDefinition> = match &document.operations {
        DocumentOperations::Single(one) => vec![&one.node],
        DocumentOperations::Multiple(many) => many
            .iter()
            .filter(|(name, _)| operation.is_none_or(|wanted| name.as_str() == wanted))
            .map(|(_, one)| &one.node)
            .collect(),
    };
    let mut rows = 0;
    for operation in operations {
        let mut counter = Counter {
            document,
            variables,
            shape,
            limits,
            rows: 0,
            values: 0,
            introspected: 0,
            aliases: 0,
            selections: 0,
            inside: Vec::new(),
        };
        let at = At { place: Some(shape.root(operation.ty)), depth: 1, parents: 1, graphs: 0 };
        counter.walk(&operation.selection_set.node, at)?;
        rows = rows.max(counter.rows);
    }
    Ok(rows)
}

/// How deeply braces, brackets and parentheses nest in a query's text, strings and comments aside. The parser calls
/// itself for each of them, so this is asked first.
pub fn nesting(query: &str) -> u64 {
    let mut bytes = query.bytes().peekable();
    let (mut depth, mut deepest) = (0_u64, 0);
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => while bytes.next_if(|byte| *byte != b'\n' && *byte != b'\r').is_some() {},
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Goes on behind a string, whose first quote was read: `"…"` with escapes, up to the line's end, or `"""…"""`.
fn skip_string(bytes: &mut std::iter::Peekable<std::str::Bytes<'_>>) {
    if bytes.next_if_eq(&b'"').is_some() {
        if bytes.next_if_eq(&b'"').is_none() {
            return;
        }
        let mut quotes = 0;
        while quotes < 3 {
            match bytes.next() {
                Some(b'"') => quotes += 1,
                // `\"""` does not end a block; a quote behind a backslash never makes it longer than it is.
                Some(b'\\') => {
                    quotes = 0;
                    while bytes.next_if_eq(&b'"').is_some() {}
                }
                Some(_) => quotes = 0,
                None => return,
            }
        }
        return;
    }
    while let Some(byte) = bytes.next_if(|byte| *byte != b'\n' && *byte != b'\r') {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// A bound, and what the query has.
///
/// # Errors
/// Where `actual` is over `maximum`.
pub fn bound(code: Code, what: &str, maximum: u64, actual: u64) -> Result<()> {
    if actual <= maximum {
        return Ok(());
    }
    Err(Problem::over(
        code,
        Pointer::root(),
        format!("the query's {what} is over its bound"),
        maximum,
        actual,
    )
    .into())
}

struct Counter<'a, S> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    shape: &'a S,
    limits: &'a Limits,
    rows: u64,
    values: u64,
    introspected: u64,
    aliases: u64,
    selections: u64,
    /// Fragments that are being walked.
    inside: Vec<&'a str>,
}

/// The place of a selection; None within introspection.
struct At<P> {
    place: Option<P>,
    depth: u64,
    /// How many entities the selection is asked of.
    parents: u64,
    /// How many graphs it is inside of.
    graphs: u64,
}

impl<P: Copy> Clone for At<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Copy> Copy for At<P> {}

impl<'a, S: Shape> Counter<'a, S> {
    fn walk(&mut self, set: &'a SelectionSet, at: At<S::Place>) -> Result<()> {
        for item in &set.items {
            self.selections += 1;
            bound(Code::QueryTooCostly, "number of fields", self.limits.selections, self.selections)?;
            match &item.node {
                Selection::Field(field) => {
                    if !self.is_skipped(&field.node.directives) {
                        self.field(&field.node, at)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    if !self.is_skipped(&fragment.node.directives) {
                        let on = fragment.node.type_condition.as_ref();
                        let at = self.narrowed(at, on.map(|on| on.node.on.node.as_str()));
                        self.walk(&fragment.node.selection_set.node, at)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let Some(fragment) = self.document.fragments.get(name) else { continue };
                    if self.is_skipped(&spread.node.directives) {
                        continue;
                    }
                    if self.inside.contains(&name) {
                        let message = format!("the fragment \"{name}\" holds itself");
                        return Err(Error::problem(Code::InvalidQuery, message));
                    }
                    self.inside.push(name);
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    self.walk(&fragment.node.selection_set.node, self.narrowed(at, Some(on)))?;
                    self.inside.pop();
                }
            }
        }
        Ok(())
    }

    fn narrowed(&self, at: At<S::Place>, on: Option<&str>) -> At<S::Place> {
        match (at.place, on) {
            (Some(place), Some(on)) => At { place: Some(self.shape.narrowed(place, on)), ..at },
            _ => at,
        }
    }

    fn field(&mut self, field: &'a Field, at: At<S::Place>) -> Result<()> {
        let name = field.name.node.as_str();
        if field.alias.is_some() {
            self.aliases += 1;
            bound(Code::TooManyAliases, "number of aliases", self.limits.aliases, self.aliases)?;
        }
        let place = match at.place {
            Some(place) if !name.starts_with("__") => place,
            _ => return self.introspection(field, name, at),
        };
        bound(Code::QueryTooDeep, "depth", self.limits.depth, at.depth)?;
        let step = self.shape.step(place, field);
        let rows = match step.rows {
            Rows::Same => None,
            Rows::Each(rows) => Some(rows),
            Rows::Items(argument) => Some(match self.argument(field, argument) {
                Some(Value::List(items)) => items.len() as u64,
                _ => 1,
            }),
            Rows::Page { default, most } | Rows::Graph { default, most } => {
                Some(self.page(field, default, most)?)
            }
        };
        let graphs = at.graphs + u64::from(matches!(step.rows, Rows::Graph { .. }));
        bound(Code::QueryTooDeep, "nesting of graphs", MAX_GRAPH_NESTING, graphs)?;
        let parents = match rows {
            Some(rows) => {
                let rows = at.parents.saturating_mul(rows);
                self.rows = self.rows.saturating_add(rows);
                bound(Code::QueryTooCostly, "cost in rows", self.limits.cost, self.rows)?;
                rows
            }
            None => at.parents,
        };
        self.values = self.values.saturating_add(parents);
        bound(Code::QueryTooCostly, "number of values", self.limits.values, self.values)?;
        let below = At { place: Some(step.place), depth: at.depth + 1, parents, graphs };
        self.walk(&field.selection_set.node, below)
    }

    /// Introspection has no bound of depth but one of size.
    fn introspection(&mut self, field: &'a Field, name: &str, at: At<S::Place>) -> Result<()> {
        let items = INTROSPECTION_LISTS.iter().find(|(list, _)| *list == name).map_or(1, |(_, items)| *items);
        let parents = if at.place.is_some() { 1 } else { at.parents }.saturating_mul(items);
        self.introspected = self.introspected.saturating_add(parents);
        bound(Code::QueryTooCostly, "introspection", self.limits.introspection, self.introspected)?;
        self.walk(&field.selection_set.node, At { place: None, parents, ..at })
    }

    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        is_skipped(directives, self.variables)
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        let Ok(value) = value.into_const_with(|name| Ok::<_, Infallible>(variable(self.variables, &name)));
        Some(value)
    }

    fn page(&self, field: &Field, default: usize, most: usize) -> Result<u64> {
        let number = |name: &str| match self.argument(field, name) {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        let rows = number("first").or_else(|| number("last")).unwrap_or(default as u64);
        bound(Code::QueryTooCostly, "page size", most as u64, rows)?;
        Ok(rows)
    }
}

/// Whether directives leave a field out: as the executor sees it, which does so before it begins.
pub fn is_skipped(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    directives.iter().any(|directive| {
        let left_out = match directive.node.name.node.as_str() {
            "skip" => true,
            "include" => false,
            _ => return false,
        };
        let condition = directive.node.get_argument("if").map(|value| {
            value.node.clone().into_const_with(|name| Ok::<_, Infallible>(variable(variables, &name)))
        });
        condition.is_some_and(|Ok(value)| (value == Value::Boolean(true)) == left_out)
    })
}

fn variable(variables: &Variables, name: &Name) -> Value {
    variables.get(name).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_seen_through_strings_and_comments() {
        for (query, expected) in [
            ("{ a }", 1),
            ("{ a(x: [{y: 1}]) { b } }", 4),
            ("# {{{{\n{ a }", 1),
            (r#"{ a(x: "{{{\"{{") }"#, 2),
            (r#"{ a(x: """ "{{ \""" {{ """) { b } }"#, 2),
            (r#"{ a(x: "") { b(x: """""") } }"#, 3),
            ("{ a(x: \"unfinished \n) { b { c } } }", 3),
            ("}}}} { a }", 1),
        ] {
            assert_eq!(nesting(query), expected, "{query}");
        }
        assert_eq!(nesting(&"{a".repeat(100_000)), 100_000);
    }
}
