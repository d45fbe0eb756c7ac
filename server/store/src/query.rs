//! What can be asked of entities: lists with filters, order, keyset pages and relations loaded in batches; aggregates.

use std::collections::HashMap;
use std::sync::Arc;

use portolan_schema::filter::Direction;
use portolan_schema::{BlueprintNo, Field, Filter, PropertyNo, RelationNo};
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
    pub nodes: NodeQuery,
}

impl EntityQuery {
    /// Whether one statement answers it.
    pub fn is_single(&self) -> bool {
        self.order.is_empty() && !self.count && self.nodes.is_single()
    }

    /// All filters of the query.
    pub fn filters(&self) -> Vec<&Filter> {
        let mut all = vec![&self.filter];
        self.nodes.add_filters(&mut all);
        all
    }

    /// As [`EntityQuery::filters`], to be changed.
    pub fn filters_mut(&mut self) -> Vec<&mut Filter> {
        let mut all = vec![&mut self.filter];
        self.nodes.add_filters_mut(&mut all);
        all
    }
}

/// What is read of each entity of a list.
#[derive(Debug, Clone, Default)]
pub struct NodeQuery {
    pub parts: Parts,
    /// Whether to fill `state.relations`; costs a statement.
    pub relation_identifiers: bool,
    pub relations: Vec<RelationQuery>,
    pub graphs: Vec<GraphQuery>,
}

impl NodeQuery {
    /// Entities as they are stored: all their parts, and the identifiers that their relations point at.
    pub fn whole() -> Self {
        Self { relation_identifiers: true, ..Self::default() }
    }

    /// Nothing but what every entity has: names and stamps.
    pub fn bare() -> Self {
        Self { parts: Parts::none(), ..Self::default() }
    }

    fn add_filters<'a>(&'a self, all: &mut Vec<&'a Filter>) {
        for query in &self.relations {
            all.push(&query.filter);
            query.nodes.add_filters(all);
        }
        self.graphs.iter().for_each(|graph| graph.nodes.add_filters(all));
    }

    fn add_filters_mut<'a>(&'a mut self, all: &mut Vec<&'a mut Filter>) {
        for query in &mut self.relations {
            all.push(&mut query.filter);
            query.nodes.add_filters_mut(all);
        }
        self.graphs.iter_mut().for_each(|graph| Arc::make_mut(&mut graph.nodes).add_filters_mut(all));
    }

    fn is_single(&self) -> bool {
        !self.relation_identifiers && self.relations.is_empty() && self.graphs.is_empty()
    }
}

/// Which of an entity's larger parts are read. One that is not is empty in the answer; names and stamps are always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub team: bool,
    pub properties: Properties,
    pub computed: bool,
}

/// Which own properties are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Properties {
    All,
    /// These; where there are none, the JSON is not looked at.
    These(Vec<PropertyNo>),
}

impl Parts {
    pub fn none() -> Self {
        Self { team: false, properties: Properties::These(Vec::new()), computed: false }
    }

    /// Reads an own property too.
    pub fn add(&mut self, property: PropertyNo) {
        if let Properties::These(these) = &mut self.properties
            && !these.contains(&property)
        {
            these.push(property);
        }
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.team |= other.team;
        self.computed |= other.computed;
        match &other.properties {
            Properties::All => self.properties = Properties::All,
            Properties::These(these) => these.iter().for_each(|no| self.add(*no)),
        }
    }
}

impl Default for Parts {
    /// All of them.
    fn default() -> Self {
        Self { team: true, properties: Properties::All, computed: true }
    }
}

impl Properties {
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::These(these) if these.is_empty())
    }

    pub(crate) fn has(&self, no: PropertyNo) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => these.contains(&no),
        }
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
    pub nodes: NodeQuery,
}

/// What is read of each entity of a list of several blueprints. Those that are not named are read without any parts.
#[derive(Debug, Clone, Default)]
pub struct MixedQuery {
    pub by_blueprint: HashMap<BlueprintNo, NodeQuery>,
}

impl MixedQuery {
    fn add_filters<'a>(&'a self, all: &mut Vec<&'a Filter>) {
        self.by_blueprint.values().for_each(|query| query.add_filters(all));
    }

    fn add_filters_mut<'a>(&'a mut self, all: &mut Vec<&'a mut Filter>) {
        self.by_blueprint.values_mut().for_each(|query| query.add_filters_mut(all));
    }
}

/// Which way a graph is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Course {
    /// Along relations: to what an entity depends on.
    Upstream,
    /// Against relations: to what depends on it.
    Downstream,
}

/// The entities around each entity of a list, as far as `depth` relations away: a statement each step for all of them
/// together.
#[derive(Debug, Clone)]
pub struct GraphQuery {
    /// The caller's name for it; the key in [`EntityNode::graphs`].
    pub key: String,
    pub course: Course,
    /// Steps, from 1.
    pub depth: usize,
    /// Which entities are answered; None for all. The way to them may lead through others.
    pub blueprints: Option<Vec<BlueprintNo>>,
    /// Most entities to answer for each.
    pub limit: usize,
    /// Whether the edges between them are asked for; costs a statement.
    pub edges: bool,
    pub nodes: Arc<MixedQuery>,
}

/// What is around an entity.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Each once, the nearest first; the entity itself is not among them.
    pub nodes: Vec<GraphNode>,
    /// Edges between them, and between them and the entity.
    pub edges: Vec<GraphEdge>,
    /// There is more than was asked for, or than could be looked at.
    pub has_more: bool,
}

#[derive(Debug, Clone)]
pub struct GraphNode {
    /// How many relations away it is, the shortest way.
    pub depth: usize,
    pub node: EntityNode,
}

/// A relation from the entity that holds it to its target, both by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphEdge {
    pub source: i64,
    pub target: i64,
    /// Its identifier.
    pub relation: String,
}

/// Entities whose names begin with a text.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    pub text: String,
    pub blueprints: Vec<BlueprintNo>,
    /// Most entities to answer.
    pub limit: usize,
    /// Those after this cursor.
    pub after: Option<String>,
    pub nodes: MixedQuery,
}

impl SearchQuery {
    /// All filters of the query.
    pub fn filters(&self) -> Vec<&Filter> {
        let mut all = Vec::new();
        self.nodes.add_filters(&mut all);
        all
    }

    /// As [`SearchQuery::filters`], to be changed.
    pub fn filters_mut(&mut self) -> Vec<&mut Filter> {
        let mut all = Vec::new();
        self.nodes.add_filters_mut(&mut all);
        all
    }
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
    pub graphs: HashMap<String, Graph>,
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
