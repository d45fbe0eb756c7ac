//! Related entities, loaded in batches: for each relation of a level one statement for all parents together.

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use portolan_schema::filter::{Direction, Filter};
use portolan_schema::{BlueprintModel, CatalogModel, Error, Result};

use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{MAX_IN, columns_of, read_parts};
use crate::filter_sql::{FilterWriter, Subject, needs_row};
use crate::list::{Bounds, blueprint_of, page_of};
use crate::query::{EntityNode, EntityPage, NodeQuery, RelationQuery};
use crate::row::column;
use crate::sort::{self, Key, Ordering, Source, push_joins};
use crate::sql::Sql;

impl TenantScope {
    /// Reads what is asked for below entities that are there, level by level.
    pub(crate) fn load_below<'a>(
        &'a self,
        model: &'a CatalogModel,
        parents: &'a mut [&mut EntityNode],
        query: &'a NodeQuery,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            if parents.is_empty() {
                return Ok(());
            }
            if query.relation_identifiers {
                let mut entities: Vec<&mut Entity> =
                    parents.iter_mut().map(|node| &mut node.entity).collect();
                self.fill_relations(model, &mut entities).await?;
            }
            for relation in &query.relations {
                self.load_relation(model, parents, relation).await?;
            }
            for graph in &query.graphs {
                self.load_graph(model, parents, graph).await?;
            }
            Ok(())
        }
        .boxed()
    }

    async fn load_relation(
        &self,
        model: &CatalogModel,
        parents: &mut [&mut EntityNode],
        query: &RelationQuery,
    ) -> Result<()> {
        let edge = Edges::of(model, query)?;
        let default = if query.direction == Direction::Forward { Key::ORDINAL } else { Key::IDENTIFIER };
        let keys = sort::keys(edge.blueprint, &query.order, default)?;
        let bounds = Bounds::parse(&query.page, &keys)?;
        let parts = sort::parts(edge.blueprint, &keys, &query.nodes.parts);
        let mut ids: Vec<i64> = parents.iter().map(|parent| parent.entity.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut rows: HashMap<i64, Vec<(Entity, i32)>> = HashMap::new();
        let mut totals: HashMap<i64, u64> = HashMap::new();
        for chunk in ids.chunks(MAX_IN) {
            let sql = self.relation_statement(model, query, &edge, &keys, &bounds, chunk)?;
            for row in self.all(sql).await? {
                let parent: i64 = column(&row, 0)?;
                rows.entry(parent).or_default().push((read_parts(model, &row, 2, &parts)?, column(&row, 1)?));
            }
            if query.count {
                let sql = self.count_statement(model, query, &edge, chunk)?;
                for row in self.all(sql).await? {
                    totals.insert(column(&row, 0)?, column::<i64>(&row, 1)?.unsigned_abs());
                }
            }
        }
        for parent in parents.iter_mut() {
            // Parents may repeat; each gets its own copy.
            let found = rows.get(&parent.entity.id).cloned().unwrap_or_default();
            let mut page: EntityPage = page_of(edge.blueprint, &keys, &query.page, found);
            page.total = query.count.then(|| totals.get(&parent.entity.id).copied().unwrap_or(0));
            parent.related.insert(query.key.clone(), page);
        }
        let mut children: Vec<&mut EntityNode> = parents
            .iter_mut()
            .filter_map(|parent| parent.related.get_mut(&query.key))
            .flat_map(|page| page.nodes.iter_mut())
            .collect();
        self.load_below(model, &mut children, &query.nodes).await
    }

    fn relation_statement(
        &self,
        model: &CatalogModel,
        query: &RelationQuery,
        edge: &Edges<'_>,
        keys: &[Key],
        bounds: &Bounds,
        parents: &[i64],
    ) -> Result<Sql> {
        let ordering = Ordering::whole(keys, edge.theirs);
        let sorted_by_row = keys.iter().any(|key| matches!(key.source, Source::Column { .. }));
        let joined =
            sorted_by_row || ordering.nulls_by_identifier || needs_row(edge.blueprint, &query.filter);
        let mut sql = Sql::new("SELECT p.parent_id, p.edge_ordinal, ");
        let parts = sort::parts(edge.blueprint, keys, &query.nodes.parts);
        sql.push(&columns_of(edge.blueprint, "e", &parts))
            .push(" FROM (SELECT ")
            .push(edge.mine)
            .push(" AS parent_id, ");
        sql.push("r.ordinal AS edge_ordinal, ")
            .push(edge.theirs)
            .push(" AS id, row_number() OVER (PARTITION BY ");
        sql.push(edge.mine).push(" ORDER BY ").push(&ordering.order_by(query.page.from_end));
        sql.push(") AS place FROM relations r").push(if joined { " CROSS JOIN entities e" } else { "" });
        push_joins(&mut sql, self.tenant(), edge.blueprint.no(), &ordering, 0);
        sql.push(" WHERE ");
        self.push_edges(&mut sql, model, query, edge, parents, joined)?;
        bounds.push(&mut sql, &ordering);
        sql.push(") p CROSS JOIN entities e WHERE p.place > ").bind(int(query.page.offset));
        sql.push(" AND p.place <= ").bind(int(query.page.offset + query.page.limit + 1));
        sql.push(" AND e.tenant_id = ").bind(self.tenant().0).push(" AND e.entity_id = p.id");
        sql.push(" ORDER BY p.parent_id, p.place");
        Ok(sql)
    }

    fn count_statement(
        &self,
        model: &CatalogModel,
        query: &RelationQuery,
        edge: &Edges<'_>,
        parents: &[i64],
    ) -> Result<Sql> {
        let mut sql = Sql::new("SELECT ");
        let joined = needs_row(edge.blueprint, &query.filter);
        sql.push(edge.mine).push(", count(*) FROM relations r");
        sql.push(if joined { " CROSS JOIN entities e" } else { "" }).push(" WHERE ");
        self.push_edges(&mut sql, model, query, edge, parents, joined)?;
        sql.push(" GROUP BY ").push(edge.mine);
        Ok(sql)
    }

    /// Appends the conditions on edges, and on the entities behind them, whose rows are `joined` as `e` or not.
    fn push_edges(
        &self,
        sql: &mut Sql,
        model: &CatalogModel,
        query: &RelationQuery,
        edge: &Edges<'_>,
        parents: &[i64],
        joined: bool,
    ) -> Result<()> {
        sql.push("r.tenant_id = ").bind(self.tenant().0).push(" AND r.relation_no = ").bind(query.relation.0);
        // The sign keeps SQLite from taking the index by target for this alone.
        sql.push(" AND +r.target_id IS NOT NULL AND ").push(edge.mine).push(" IN (");
        sql.bind_list(parents.iter().copied()).push(")");
        if joined {
            sql.push(" AND e.tenant_id = ").bind(self.tenant().0);
            sql.push(" AND e.entity_id = ").push(edge.theirs);
        }
        let filter = query.filter.simplified();
        if filter != Filter::always() {
            sql.push(" AND ");
            let mut writer = FilterWriter::new(self.backend(), self.tenant(), model);
            writer.write(sql, &Subject::new(edge.theirs, edge.blueprint), &filter)?;
        }
        Ok(())
    }
}

/// Which end of an edge is the parent, and what is at the other.
struct Edges<'a> {
    mine: &'static str,
    theirs: &'static str,
    blueprint: &'a BlueprintModel,
}

impl<'a> Edges<'a> {
    fn of(model: &'a CatalogModel, query: &RelationQuery) -> Result<Self> {
        let (holder, relation) = model
            .relation(query.relation)
            .ok_or_else(|| Error::internal("a query names a relation that is not in its model"))?;
        Ok(match query.direction {
            Direction::Forward => Self {
                mine: "r.source_id",
                theirs: "r.target_id",
                blueprint: blueprint_of(model, relation.target)?,
            },
            Direction::Backward => Self { mine: "r.target_id", theirs: "r.source_id", blueprint: holder },
        })
    }
}

fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
