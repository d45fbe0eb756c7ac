//! Variables as the specification has them, where the executor differs.
//!
//! A variable that is not given and has no default leaves its argument or input field out; the executor would read null,
//! which in an update means "unset". And a default decides about `@include` and `@skip`; the executor would not look.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

/// The operation that will be run, if that is clear.
pub fn operation_of<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(one), None) => Some(&one.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(many), Some(name)) => many.get(name).map(|one| &one.node),
        (DocumentOperations::Multiple(many), None) if many.len() == 1 => {
            many.values().next().map(|one| &one.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// Gives variables their defaults, and takes what depends on absent ones out of the document.
pub fn settle(document: &mut ExecutableDocument, operation: Option<&str>, variables: &mut Variables) {
    let Some(wanted) = operation_of(document, operation) else { return };
    let mut absent = HashSet::new();
    for definition in wanted.variable_definitions.iter().map(|definition| &definition.node) {
        let name = &definition.name.node;
        match &definition.default_value {
            _ if variables.contains_key(name) => {}
            Some(default) => drop(variables.insert(name.clone(), default.node.clone())),
            None if definition.var_type.node.nullable => drop(absent.insert(name.clone())),
            // It is required: the executor says so.
            None => {}
        }
    }
    if absent.is_empty() {
        return;
    }
    // Fragments are changed for this operation, so no other may be left to be checked with them.
    if let DocumentOperations::Multiple(operations) = &mut document.operations {
        operations.retain(|name, _| operation.is_none_or(|wanted| name.as_str() == wanted));
    }
    let operation = match &mut document.operations {
        DocumentOperations::Single(one) => Some(&mut one.node),
        DocumentOperations::Multiple(many) => many.values_mut().next().map(|one| &mut one.node),
    };
    let Some(operation) = operation else { return };
    operation.variable_definitions.retain(|definition| !absent.contains(&definition.node.name.node));
    let mut used = HashSet::new();
    let mut fragments = std::mem::take(&mut document.fragments);
    let mut next = leave_out(&mut operation.selection_set.node, &absent);
    while let Some(name) = next.pop() {
        if let Some(fragment) = fragments.get_mut(&name)
            && used.insert(name)
        {
            next.extend(leave_out(&mut fragment.node.selection_set.node, &absent));
        }
    }
    fragments.retain(|name, _| used.contains(name));
    document.fragments = fragments;
}

/// Takes absent variables out of a selection and answers the fragments that it spreads.
fn leave_out(set: &mut SelectionSet, absent: &HashSet<Name>) -> Vec<Name> {
    let mut spread = Vec::new();
    for item in &mut set.items {
        for directive in item.node.directives_mut() {
            clean(&mut directive.node.arguments, absent);
        }
        match &mut item.node {
            Selection::Field(field) => {
                clean(&mut field.node.arguments, absent);
                spread.extend(leave_out(&mut field.node.selection_set.node, absent));
            }
            Selection::InlineFragment(fragment) => {
                spread.extend(leave_out(&mut fragment.node.selection_set.node, absent));
            }
            Selection::FragmentSpread(fragment) => spread.push(fragment.node.fragment_name.node.clone()),
        }
    }
    spread
}

fn clean(arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>, absent: &HashSet<Name>) {
    arguments.retain_mut(|(_, value)| keeps(&mut value.node, absent));
}

/// Whether a value is there at all. In lists an absent variable is null.
fn keeps(value: &mut Value, absent: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => return !absent.contains(name),
        Value::List(items) => {
            for item in items {
                if !keeps(item, absent) {
                    *item = Value::Null;
                }
            }
        }
        Value::Object(fields) => fields.retain(|_, value| keeps(value, absent)),
        _ => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn absent_variables_leave_no_trace() {
        for (query, operation, left) in [
            ("query($a: Int, $b: Int = 2) { x(a: $a, b: $b) }", None, "b"),
            ("query($a: Int) { x(i: {a: $a, l: [$a, 1], c: 3}) }", None, "i {l: [null, 1], c: 3}"),
            ("query($a: Int!) { x(a: $a) }", None, "a"),
            ("query($a: Int) { ...f } fragment f on Q { x(a: $a, c: 1) }", None, "c"),
            ("query A($a: Int) { x(a: $a) } query B($a: Int) { x(a: $a) y(a: $a) }", Some("A"), ""),
        ] {
            let mut document = parse_query(query).unwrap();
            let mut variables = Variables::default();
            settle(&mut document, operation, &mut variables);
            let operation = operation_of(&document, operation).unwrap();
            let set = document
                .fragments
                .values()
                .next()
                .map_or(&operation.selection_set, |one| &one.node.selection_set);
            let Selection::Field(field) = &set.node.items[0].node else { panic!("{query}") };
            let shown: Vec<String> = field
                .node
                .arguments
                .iter()
                .map(|(name, value)| match &value.node {
                    Value::Object(_) => format!("{} {}", name.node, value.node),
                    _ => name.node.to_string(),
                })
                .collect();
            assert_eq!(shown.join(" "), left, "{query}");
            let kept = operation.variable_definitions.iter().map(|one| one.node.name.node.as_str());
            assert_eq!(
                kept.filter(|name| *name == "a").count(),
                usize::from(query.contains("Int!")),
                "{query}"
            );
        }
    }
}
