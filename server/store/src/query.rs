//! What can be asked of entities: lists with filters, order, keyset pages and relations loaded in batches; aggregates.

use std::collections::HashMap;

use portolan_schema::filter::Direction;
use portolan_schema::{BlueprintNo, Field, Filter, RelationNo};
use serde_json::Value;

use crate::entity::Entity;

/// One key of an order. Nulls come last whatever the direction; the entity's id breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Order {
    pub field: Field,
    pub descending: bool,
}

/// Which part of a list. Cursors are opaque texts made by this module; they hold the order's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Most rows to answer.
    pub limit: usize,
    /// Rows after this cursor.
    pub after: Option<String>,
    /// Rows before this cursor.
    pub before: Option<String>,
    /// Take the last rows instead of the first (`last`); they are answered in the list's order all the same.
    pub from_end: bool,
    /// Rows to skip, instead of a cursor.
    pub offset: usize,
}

/// A list of one blueprint's entities.
#[derive(Debug, Clone)]
pub struct EntityQuery {
    pub blueprint: BlueprintNo,
    pub filter: Filter,
    pub order: Vec<Order>,
    pub page: Page,
    /// Whether to count all matches; costs a second statement.
    pub count: bool,
    /// Whether to fill `state.relations`; costs a statement.
    pub relation_identifiers: bool,
    pub relations: Vec<RelationQuery>,
}

impl EntityQuery {
    /// Whether one statement answers it.
    pub fn is_single(&self) -> bool {
        self.order.is_empty() && !self.count && !self.relation_identifiers && self.relations.is_empty()
    }

    /// All filters of the query.
    pub fn filters(&self) -> Vec<&Filter> {
        let mut all = vec![&self.filter];
        let mut waiting: Vec<&RelationQuery> = self.relations.iter().collect();
        while let Some(query) = waiting.pop() {
            all.push(&query.filter);
            waiting.extend(&query.relations);
        }
        all
    }

    /// As [`EntityQuery::filters`], to be changed.
    pub fn filters_mut(&mut self) -> Vec<&mut Filter> {
        let mut all = vec![&mut self.filter];
        let mut waiting: Vec<&mut RelationQuery> = self.relations.iter_mut().collect();
        while let Some(query) = waiting.pop() {
            all.push(&mut query.filter);
            waiting.extend(&mut query.relations);
        }
        all
    }
}

/// Related entities of each entity of a list: one statement (two with `count`) for all of them together.
#[derive(Debug, Clone)]
pub struct RelationQuery {
    /// The caller's name for it; the key in [`EntityNode::related`].
    pub key: String,
    pub relation: RelationNo,
    pub direction: Direction,
    pub filter: Filter,
    /// Empty: the order in which the relation lists its targets (forward), or by identifier (backward).
    pub order: Vec<Order>,
    /// Applies to each parent by itself.
    pub page: Page,
    pub count: bool,
    pub relation_identifiers: bool,
    pub relations: Vec<RelationQuery>,
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct EntityPage {
    pub nodes: Vec<EntityNode>,
    pub has_next: bool,
    pub has_previous: bool,
    /// Where it was asked for.
    pub total: Option<u64>,
}

/// An entity in a page, with its cursor and what was loaded through its relations.
#[derive(Debug, Clone)]
pub struct EntityNode {
    pub entity: Entity,
    pub cursor: String,
    pub related: HashMap<String, EntityPage>,
}

/// What to group by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    Field(Field),
    /// A date cut to an interval, in UTC.
    Date {
        field: Field,
        interval: Interval,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    Sum,
    Average,
    Minimum,
    Maximum,
    Median,
}

/// Counts and functions of number properties, by group.
#[derive(Debug, Clone)]
pub struct AggregateQuery {
    pub blueprint: BlueprintNo,
    pub filter: Filter,
    pub group_by: Vec<GroupBy>,
    pub functions: Vec<(Function, Field)>,
    /// Most groups to answer, largest count first.
    pub limit: usize,
}

/// One group. Without `group_by` there is exactly one.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// One value each `group_by`: a scalar, or RFC 3339 of a date interval's start; null for absent values.
    pub key: Vec<Value>,
    pub count: u64,
    /// One value each `functions`; none where the group has no value.
    pub values: Vec<Option<f64>>,
}
