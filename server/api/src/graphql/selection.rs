//! What a selection asks of the entities of one list: the part that is the same whoever names the fields.

use async_graphql::SelectionField;
use portolan_catalog::query::NodeQuery;

/// What is asked of one list.
pub struct Selection {
    pub count: bool,
    pub nodes: NodeQuery,
}

/// From connections of the same list, merged: whether their count is asked for, and the fields that answer entities.
pub fn of_connections<'a>(fields: &[SelectionField<'a>]) -> (bool, Vec<SelectionField<'a>>) {
    let mut count = false;
    let mut entities = Vec::new();
    for field in fields.iter().flat_map(SelectionField::selection_set) {
        match field.name() {
            "totalCount" => count = true,
            "nodes" => entities.push(field),
            "edges" => entities.extend(field.selection_set().filter(|field| field.name() == "node")),
            _ => {}
        }
    }
    (count, entities)
}
