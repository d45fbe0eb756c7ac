//! Answers in the order of their questions, as the specification has it. The executor runs fields side by side and puts
//! each into the answer when it is done, so that one which waits for the database comes after those that do not.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Response, Value, Variables};
use indexmap::IndexMap;

use super::bounds::is_skipped;
use super::variables::operation_of;

/// The questions of one operation.
pub struct Order {
    document: Arc<ExecutableDocument>,
    operation: Option<String>,
    /// Variables that decide about `@skip` and `@include`.
    flags: Variables,
    /// A condition that names one of these holds for all objects that it is asked of.
    interfaces: &'static [&'static str],
}

impl Order {
    /// `variables` have their defaults.
    pub fn new(
        document: Arc<ExecutableDocument>,
        operation: Option<String>,
        variables: &Variables,
        interfaces: &'static [&'static str],
    ) -> Self {
        let mut flags = Variables::default();
        for (name, value) in &**variables {
            if let Value::Boolean(_) = value {
                flags.insert(name.clone(), value.clone());
            }
        }
        Self { document, operation, flags, interfaces }
    }

    /// Brings the fields of an answer's objects into order.
    pub fn arrange(&self, response: &mut Response) {
        if let Some(operation) = operation_of(&self.document, self.operation.as_deref()) {
            let mut asked = Asked::of(vec![&operation.selection_set.node]);
            self.value(&mut response.data, &mut asked);
        }
    }

    fn value<'d>(&'d self, value: &mut Value, asked: &mut Asked<'d>) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.value(item, asked)),
            Value::Object(object) => self.object(object, asked),
            _ => {}
        }
    }

    fn object<'d>(&'d self, object: &mut IndexMap<Name, Value>, asked: &mut Asked<'d>) {
        // Without a selection it is one value, such as JSON.
        if asked.sets.iter().all(|set| set.items.is_empty()) {
            return;
        }
        let fields = self.fields(object, asked);
        if !is_part(object.keys(), fields.keys().copied()) {
            let place = |name: &Name| fields.get_index_of(name).unwrap_or(usize::MAX);
            object.sort_by(|a, _, b, _| place(a).cmp(&place(b)));
        }
        for (name, value) in object {
            if let (Value::Object(_) | Value::List(_), Some(below)) = (&value, fields.get_mut(name)) {
                self.value(value, below);
            }
        }
    }

    /// What was asked of an object. Its type is not told, so where conditions name several the fields that it has decide.
    fn fields<'a, 'd>(
        &'d self,
        object: &IndexMap<Name, Value>,
        asked: &'a mut Asked<'d>,
    ) -> &'a mut Fields<'d> {
        if asked.kinds.is_empty() {
            let mut conditions = Vec::new();
            for set in &asked.sets {
                self.conditions(set, &mut conditions);
            }
            let some = conditions.into_iter().map(|on| Kind::Of(Some(on)));
            let mut kinds: Vec<Kind<'d>> = some.collect();
            if !kinds.is_empty() {
                kinds.push(Kind::Of(None));
            }
            kinds.push(Kind::Any);
            asked.kinds = kinds.into_iter().map(|kind| (kind, None)).collect();
        }
        let last = asked.kinds.len() - 1;
        let mut alike = None;
        for at in 0..last {
            let fields = self.fields_of(asked, at);
            if fields.len() != object.len() || !object.keys().all(|name| fields.contains_key(name)) {
                continue;
            }
            alike = alike.or(Some(at));
            if object.keys().eq(fields.keys().copied()) {
                alike = Some(at);
                break;
            }
        }
        self.fields_of(asked, alike.unwrap_or(last))
    }

    fn fields_of<'a, 'd>(&'d self, asked: &'a mut Asked<'d>, at: usize) -> &'a mut Fields<'d> {
        let (kind, fields) = &mut asked.kinds[at];
        fields.get_or_insert_with(|| {
            let mut fields = Fields::new();
            asked.sets.iter().for_each(|set| self.collect(set, *kind, &mut fields));
            fields
        })
    }

    fn collect<'d>(&'d self, set: &'d SelectionSet, kind: Kind<'d>, fields: &mut Fields<'d>) {
        for item in &set.items {
            if let Selection::Field(field) = &item.node {
                if !is_skipped(&field.node.directives, &self.flags) {
                    let asked = fields.entry(&field.node.response_key().node);
                    let asked = asked.or_insert_with(|| Asked::of(Vec::new()));
                    asked.sets.push(&field.node.selection_set.node);
                }
            } else if let Some((on, below)) = self.fragment(&item.node)
                && (kind == Kind::Any || on.is_none() || kind == Kind::Of(on))
            {
                self.collect(below, kind, fields);
            }
        }
    }

    fn conditions<'d>(&'d self, set: &'d SelectionSet, found: &mut Vec<&'d str>) {
        for (on, below) in set.items.iter().filter_map(|item| self.fragment(&item.node)) {
            found.extend(on.filter(|on| !found.contains(on)));
            self.conditions(below, found);
        }
    }

    /// The type that a fragment is for, None where it is for all, and what it selects.
    fn fragment<'d>(&'d self, selection: &'d Selection) -> Option<(Option<&'d str>, &'d SelectionSet)> {
        let (on, set, directives) = match selection {
            Selection::Field(_) => return None,
            Selection::InlineFragment(fragment) => {
                let fragment = &fragment.node;
                let on = fragment.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                (on, &fragment.selection_set.node, &fragment.directives)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &self.document.fragments.get(&spread.node.fragment_name.node)?.node;
                let on = fragment.type_condition.node.on.node.as_str();
                (Some(on), &fragment.selection_set.node, &spread.node.directives)
            }
        };
        let on = on.filter(|on| !self.interfaces.contains(on));
        (!is_skipped(directives, &self.flags)).then_some((on, set))
    }
}

/// Fields by their names in the answer, in order.
type Fields<'d> = IndexMap<&'d Name, Asked<'d>>;

/// What was asked of the objects of one field.
struct Asked<'d> {
    sets: Vec<&'d SelectionSet>,
    /// What that comes to for objects of one kind, made when one of it is met; the last is for any.
    kinds: Vec<(Kind<'d>, Option<Fields<'d>>)>,
}

impl<'d> Asked<'d> {
    fn of(sets: Vec<&'d SelectionSet>) -> Self {
        Self { sets, kinds: Vec::new() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind<'d> {
    /// Objects of the type that conditions name; with None of one that they do not name.
    Of(Option<&'d str>),
    Any,
}

/// Whether names come in the order of the whole.
fn is_part<'n>(mut names: impl Iterator<Item = &'n Name>, whole: impl Iterator<Item = &'n Name>) -> bool {
    let mut next = names.next();
    for name in whole {
        if next == Some(name) {
            next = names.next();
        }
    }
    next.is_none()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    fn check(query: &str, answer: Json, expected: &str) {
        let document = Arc::new(parse_query(query).unwrap());
        let variables = Variables::from_json(json!({"yes": true, "no": false}));
        let order = Order::new(document, None, &variables, &["Node"]);
        let mut response = Response::new(Value::from_json(answer).unwrap());
        order.arrange(&mut response);
        assert_eq!(response.data.into_json().unwrap().to_string(), expected, "{query}");
    }

    #[test]
    fn fields_come_as_they_were_asked_for() {
        check("{ a b c }", json!({"b": 1, "c": 2, "a": 3}), r#"{"a":3,"b":1,"c":2}"#);
        check("{ a b: x c }", json!({"c": 1, "b": 2, "a": null}), r#"{"a":null,"b":2,"c":1}"#);
        // A field that failed is not there; one that nobody asked for comes last.
        check("{ a b c }", json!({"z": 1, "c": 2, "a": 3}), r#"{"a":3,"c":2,"z":1}"#);
        check("{ a { x y } }", json!({"a": [{"y": 1, "x": 2}, null]}), r#"{"a":[{"x":2,"y":1},null]}"#);
        // What has no selection is one value.
        check("{ a b }", json!({"b": 1, "a": {"y": 1, "x": 2}}), r#"{"a":{"y":1,"x":2},"b":1}"#);
        let query = "{ a ...F c { z } } fragment F on Query { b c { y } a }";
        check(query, json!({"c": {"z": 1, "y": 2}, "b": 3, "a": 4}), r#"{"a":4,"b":3,"c":{"y":2,"z":1}}"#);
        let query =
            "query($yes: Boolean!, $no: Boolean!) { a @skip(if: $yes) ...@include(if: $no) { b } c b a }";
        check(query, json!({"a": 1, "b": 2, "c": 3}), r#"{"c":3,"b":2,"a":1}"#);
    }

    #[test]
    fn conditions_count_for_their_own_type() {
        let query = "{ n { ...on A { x y s } ...on B { y x t } ...on Node { i } } }";
        check(query, json!({"n": {"i": 0, "y": 1, "x": 2, "s": 3}}), r#"{"n":{"x":2,"y":1,"s":3,"i":0}}"#);
        check(query, json!({"n": {"i": 0, "x": 1, "y": 2, "t": 3}}), r#"{"n":{"y":2,"x":1,"t":3,"i":0}}"#);
        check(query, json!({"n": {"i": 0}}), r#"{"n":{"i":0}}"#);
        // Where the fields do not tell the type, an order that fits one stays.
        let query = "{ n { ...on A { x y } ...on B { y x } } }";
        check(query, json!({"n": {"y": 1, "x": 2}}), r#"{"n":{"y":1,"x":2}}"#);
        check(query, json!({"n": {"x": 1, "y": 2}}), r#"{"n":{"x":1,"y":2}}"#);
    }
}
