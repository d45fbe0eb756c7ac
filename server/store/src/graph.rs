//! What is around an entity: relations walked breadth first, for all entities of a list together.
//!
//! Each step is one statement, which reads the edges of everything that the step before has reached. An entity is met once,
//! by the shortest way, so cycles end. How much is read is bounded: see [`MAX_EDGES`].

use std::collections::{BTreeMap, HashMap, HashSet};

use portolan_schema::{BlueprintNo, CatalogModel, RelationNo, Result};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::query::{Course, EntityNode, Graph, GraphEdge, GraphNode, GraphQuery};
use crate::row::column;
use crate::sql::Sql;

/// Most edges that are read for one graph query, whatever the number of entities it is asked of. The walk ends there, and
/// the answer says that there is more.
const MAX_EDGES: usize = 50_000;

/// An entity that an edge leads to.
#[derive(Debug, Clone)]
struct Met {
    id: i64,
    blueprint: BlueprintNo,
    identifier: String,
}

/// The walk from one entity.
struct Walk {
    /// Everything met, the beginning included.
    met: HashSet<i64>,
    /// What the last step has reached.
    edge: Vec<i64>,
    /// What is answered, with the number of steps.
    shown: Vec<(i64, usize)>,
    has_more: bool,
}

impl TenantScope {
    /// Fills `graphs` of every parent.
    pub(crate) async fn load_graph(
        &self,
        model: &CatalogModel,
        parents: &mut [&mut EntityNode],
        query: &GraphQuery,
    ) -> Result<()> {
        let mut walks: BTreeMap<i64, Walk> = BTreeMap::new();
        for parent in parents.iter() {
            let id = parent.entity.id;
            let begin =
                || Walk { met: HashSet::from([id]), edge: vec![id], shown: Vec::new(), has_more: false };
            walks.entry(id).or_insert_with(begin);
        }
        self.walk_graph(model, &mut walks, query).await?;
        let mut ids: Vec<i64> =
            walks.values().flat_map(|walk| walk.shown.iter().map(|(id, _)| *id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let nodes = self.nodes(model, &ids, &query.nodes).await?;
        let nodes: HashMap<i64, EntityNode> = nodes.into_iter().map(|node| (node.entity.id, node)).collect();
        let edges = match query.edges {
            true => self.edges_among(model, &mut walks, ids).await?,
            false => HashMap::new(),
        };
        for parent in parents.iter_mut() {
            let Some(walk) = walks.get(&parent.entity.id) else { continue };
            let shown = walk
                .shown
                .iter()
                .filter_map(|(id, depth)| Some(GraphNode { depth: *depth, node: nodes.get(id)?.clone() }));
            let graph = Graph {
                nodes: shown.collect(),
                edges: walk.edges(parent.entity.id, &edges),
                has_more: walk.has_more,
            };
            parent.graphs.insert(query.key.clone(), graph);
        }
        Ok(())
    }

    /// Takes all steps of all walks.
    async fn walk_graph(
        &self,
        model: &CatalogModel,
        walks: &mut BTreeMap<i64, Walk>,
        query: &GraphQuery,
    ) -> Result<()> {
        let mut budget = MAX_EDGES;
        for depth in 1..=query.depth {
            let mut reached: Vec<i64> = walks.values().flat_map(|walk| walk.edge.iter().copied()).collect();
            reached.sort_unstable();
            reached.dedup();
            if reached.is_empty() {
                return Ok(());
            }
            let mut next: HashMap<i64, Vec<Met>> = HashMap::new();
            let mut is_cut = false;
            for chunk in reached.chunks(MAX_IN) {
                let rows = self.step(model, chunk, query.course, budget, &mut next).await?;
                is_cut |= rows > budget;
                budget = budget.saturating_sub(rows);
            }
            for walk in walks.values_mut().filter(|walk| !walk.edge.is_empty()) {
                walk.step(model, depth, query, &next);
                if is_cut {
                    walk.has_more = true;
                    walk.edge.clear();
                }
            }
        }
        Ok(())
    }

    /// Reads what the edges of entities lead to, at most one edge more than `budget`, and answers how many there were.
    async fn step(
        &self,
        model: &CatalogModel,
        from: &[i64],
        course: Course,
        budget: usize,
        next: &mut HashMap<i64, Vec<Met>>,
    ) -> Result<usize> {
        let (mine, theirs) = match course {
            Course::Upstream => ("source_id", "target_id"),
            Course::Downstream => ("target_id", "source_id"),
        };
        let mut sql =
            Sql::new("SELECT h.mine, h.relation_no, e.entity_id, e.blueprint_no, e.identifier FROM (SELECT ");
        sql.push(mine).push(" AS mine, relation_no, ").push(theirs).push(" AS theirs FROM relations");
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND ").push(mine).push(" IN (");
        sql.bind_list(from.iter().copied()).push(") AND +target_id IS NOT NULL ORDER BY ").push(mine);
        sql.push(", relation_no, ").push(if course == Course::Upstream { "ordinal" } else { "source_id" });
        sql.push(&format!(" LIMIT {}) h CROSS JOIN entities e WHERE e.tenant_id = ", budget + 1));
        sql.bind(self.tenant().0).push(" AND e.entity_id = h.theirs");
        let rows = self.all(sql).await?;
        for row in &rows {
            let (id, blueprint) = (column(row, 2)?, BlueprintNo(column(row, 3)?));
            // Edges of relations that are no more stay for a while.
            let relation = model.relation(RelationNo(column(row, 1)?));
            if relation.is_some() && model.by_no(blueprint).is_some() {
                let met = Met { id, blueprint, identifier: column(row, 4)? };
                next.entry(column(row, 0)?).or_default().push(met);
            }
        }
        Ok(rows.len())
    }

    /// The edges between all that is shown, by the entity that holds them.
    async fn edges_among(
        &self,
        model: &CatalogModel,
        walks: &mut BTreeMap<i64, Walk>,
        shown: Vec<i64>,
    ) -> Result<HashMap<i64, Vec<GraphEdge>>> {
        let ends: HashSet<i64> = shown.into_iter().chain(walks.keys().copied()).collect();
        let mut sources: Vec<i64> = ends.iter().copied().collect();
        sources.sort_unstable();
        let mut found: HashMap<i64, Vec<GraphEdge>> = HashMap::new();
        let mut budget = MAX_EDGES;
        for chunk in sources.chunks(MAX_IN) {
            let mut sql =
                Sql::new("SELECT source_id, relation_no, target_id FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND +target_id IS NOT NULL ORDER BY source_id, relation_no, ordinal");
            sql.push(&format!(" LIMIT {}", budget + 1));
            let rows = self.all(sql).await?;
            for row in &rows {
                let (source, target): (i64, i64) = (column(row, 0)?, column(row, 2)?);
                let relation = model.relation(RelationNo(column(row, 1)?));
                if let (Some((_, relation)), true) = (relation, ends.contains(&target)) {
                    let relation = relation.relation.identifier.clone();
                    found.entry(source).or_default().push(GraphEdge { source, target, relation });
                }
            }
            if rows.len() > budget {
                walks.values_mut().for_each(|walk| walk.has_more = true);
            }
            budget = budget.saturating_sub(rows.len());
        }
        Ok(found)
    }
}

impl Walk {
    /// Takes a step along what was read. It ends where more is met than is to be shown.
    fn step(
        &mut self,
        model: &CatalogModel,
        depth: usize,
        query: &GraphQuery,
        next: &HashMap<i64, Vec<Met>>,
    ) {
        let reached = std::mem::take(&mut self.edge);
        let mut new: Vec<&Met> = Vec::new();
        for met in reached.iter().filter_map(|id| next.get(id)).flatten() {
            if self.met.insert(met.id) {
                new.push(met);
            }
        }
        let name = |met: &Met| model.by_no(met.blueprint).map_or("", |blueprint| blueprint.identifier());
        new.sort_by(|a, b| (name(a), &a.identifier).cmp(&(name(b), &b.identifier)));
        let is_shown = |met: &&&Met| {
            let wanted = query.blueprints.as_ref();
            wanted.is_none_or(|wanted| wanted.contains(&met.blueprint))
        };
        self.shown.extend(new.iter().filter(is_shown).map(|met| (met.id, depth)));
        if self.shown.len() > query.limit {
            self.shown.truncate(query.limit);
            self.has_more = true;
        } else {
            self.edge = new.iter().map(|met| met.id).collect();
        }
    }

    /// The edges between what this walk shows, in its order.
    fn edges(&self, from: i64, edges: &HashMap<i64, Vec<GraphEdge>>) -> Vec<GraphEdge> {
        let shown: Vec<i64> = std::iter::once(from).chain(self.shown.iter().map(|(id, _)| *id)).collect();
        let ends: HashSet<i64> = shown.iter().copied().collect();
        let held = shown.iter().filter_map(|id| edges.get(id)).flatten();
        held.filter(|edge| ends.contains(&edge.target)).cloned().collect()
    }
}
