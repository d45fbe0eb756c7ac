//! Where a page of a list stands in it.

use async_graphql::SimpleObject;
use portolan_catalog::query::{EntityNode, EntityPage};

#[derive(SimpleObject)]
pub struct PageInfo {
    pub has_next_page: bool,
    pub has_previous_page: bool,
    pub start_cursor: Option<String>,
    pub end_cursor: Option<String>,
}

impl PageInfo {
    pub fn of(page: &EntityPage) -> Self {
        let cursor = |node: Option<&EntityNode>| node.map(|node| node.cursor.clone());
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: cursor(page.nodes.first()),
            end_cursor: cursor(page.nodes.last()),
        }
    }
}
