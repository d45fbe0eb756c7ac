//! Rolling a run back: which runs do, what a run has touched, and what is staged of it. Entities that the run made are
//! staged as deletions, all others as items to write under their own ids; `late` ones are there, the others are gone.

use std::collections::{BTreeMap, HashMap, HashSet};

use indexmap::IndexMap;
use portolan_schema::{BlueprintNo, CatalogModel, Error, RelationNo, Result, Targets};

use super::run::{COLUMNS, Run, run as read_run};
use super::words::{RunStatus, Verdict};
use super::{ROWS, RunKind};
use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// Versions that are looked through for what a run has touched, a step.
const STEP: i64 = 20_000;

/// The part of the log in which everything is that a run wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first version is after this one.
    pub after: i64,
    pub until: i64,
}

impl TenantScope {
    /// Records that a run takes another one back.
    pub async fn create_rollback(&self, run: i64, target: i64) -> Result<()> {
        let mut sql = Sql::new("INSERT INTO run_rollbacks (tenant_id, run_id, target_run_id) VALUES (");
        sql.bind(self.tenant().0).push(", ").bind(run).push(", ").bind(target).push(")");
        self.execute(sql).await?;
        Ok(())
    }

    /// The run that a run takes back, where it does.
    pub async fn rollback_of(&self, run: i64) -> Result<Option<i64>> {
        let mut sql = Sql::new("SELECT target_run_id FROM run_rollbacks WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        self.one(sql).await?.map(|row| column(&row, 0)).transpose()
    }

    /// The runs that took a run back, or tried to, plans left out; oldest first.
    pub async fn rollbacks_of(&self, target: i64) -> Result<Vec<Run>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM runs WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND plan_only = 0 AND run_id IN (SELECT b.run_id");
        sql.push(" FROM run_rollbacks b WHERE b.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND b.target_run_id = ").bind(target).push(") ORDER BY created_at, run_id");
        self.all(sql).await?.iter().map(read_run).collect()
    }

    /// Where in the log a run has written. Of runs from before this was kept it is the whole log.
    pub async fn run_span(&self, run: i64) -> Result<Span> {
        let mut sql = Sql::new(
            "SELECT coalesce(r.first_seq, 0), coalesce(r.last_seq, h.seq) FROM runs r
               JOIN tenant_heads h ON h.tenant_id = r.tenant_id WHERE r.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND r.run_id = ").bind(run);
        let row = self.one(sql).await?.ok_or_else(|| Error::not_found(format!("the run {run}")))?;
        Ok(Span { after: column(&row, 0)?, until: column(&row, 1)? })
    }

    /// Whether a run has written anything.
    pub async fn has_written(&self, run: i64, span: Span) -> Result<bool> {
        let mut sql = Sql::new("SELECT 1 FROM versions WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND seq > ").bind(span.after).push(" AND seq <= ").bind(span.until);
        sql.push(" AND run_id = ").bind(run).push(" LIMIT 1");
        Ok(self.one(sql).await?.is_some())
    }

    /// The last run of the integration, after a run, that has written an entity that this one has written, and is not
    /// taken back.
    pub async fn later_run(&self, run: i64, integration: i64, span: Span) -> Result<Option<i64>> {
        let tenant = self.tenant().0;
        let mut sql = Sql::new(
            "SELECT r.run_id FROM runs r JOIN versions l ON l.tenant_id = r.tenant_id AND l.seq > r.first_seq
                AND l.seq <= r.last_seq AND l.run_id = r.run_id WHERE r.tenant_id = ",
        );
        sql.bind(tenant).push(" AND r.integration_id = ").bind(integration);
        sql.push(" AND r.plan_only = 0 AND r.run_id <> ").bind(run);
        sql.push(" AND r.first_seq >= ").bind(span.until);
        sql.push(" AND NOT EXISTS (SELECT 1 FROM run_rollbacks b WHERE b.tenant_id = ").bind(tenant);
        sql.push(" AND b.run_id = r.run_id) AND NOT EXISTS (SELECT 1 FROM run_rollbacks b");
        sql.push(" JOIN runs t ON t.tenant_id = b.tenant_id AND t.run_id = b.run_id WHERE b.tenant_id = ");
        sql.bind(tenant).push(" AND b.target_run_id = r.run_id AND t.plan_only = 0 AND t.status IN (");
        let done = [RunStatus::Succeeded, RunStatus::Partial];
        sql.bind_list(done.map(RunStatus::as_str)).push("))");
        sql.push(" AND EXISTS (SELECT 1 FROM versions m WHERE m.tenant_id = ").bind(tenant);
        sql.push(" AND m.entity_id = l.entity_id AND m.seq > ").bind(span.after);
        sql.push(" AND m.seq <= ").bind(span.until).push(" AND m.run_id = ").bind(run);
        sql.push(") ORDER BY r.first_seq DESC LIMIT 1");
        self.one(sql).await?.map(|row| column(&row, 0)).transpose()
    }

    /// Which of these runs are the integration's.
    pub async fn runs_of(&self, integration: i64, runs: &[i64]) -> Result<HashSet<i64>> {
        let mut found = HashSet::new();
        for chunk in runs.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT run_id FROM runs WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND integration_id = ").bind(integration);
            sql.push(" AND run_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Stages what a part of the span says that the run `target` has touched. Answers where the next part begins, or
    /// nothing where the span is over.
    pub async fn stage_touched(&self, run: i64, target: i64, span: Span) -> Result<Option<i64>> {
        let tenant = self.tenant().0;
        let mut sql = Sql::new("SELECT max(seq) FROM (SELECT seq FROM versions WHERE tenant_id = ");
        sql.bind(tenant).push(" AND seq > ").bind(span.after).push(" AND seq <= ").bind(span.until);
        sql.push(" ORDER BY seq LIMIT ").bind(STEP).push(") part");
        let last: Option<i64> = match self.one(sql).await? {
            Some(row) => column(&row, 0)?,
            None => None,
        };
        let Some(last) = last else { return Ok(None) };
        let insert =
            "INSERT INTO run_items (tenant_id, run_id, item_no, kind_ordinal, action, late, blueprint_no,
               identifier, entity) SELECT v.tenant_id, CAST(";
        let part = |sql: &mut Sql| {
            sql.push(" FROM versions v WHERE v.tenant_id = ").bind(tenant);
            sql.push(" AND v.seq > ").bind(span.after).push(" AND v.seq <= ").bind(last);
            sql.push(" AND v.run_id = ").bind(target);
        };
        let mut made = Sql::new(insert);
        made.bind(run)
            .push(" AS BIGINT), -v.entity_id, v.blueprint_no, 'D', 0, v.blueprint_no, v.identifier, ''");
        part(&mut made);
        made.push(" AND v.kind = 'CREATED' ORDER BY v.seq ON CONFLICT DO NOTHING");
        self.execute(made).await?;
        // Where it touched what it had made, that goes as a whole.
        let mut touched = Sql::new(insert);
        touched.bind(run).push(
            " AS BIGINT), v.entity_id, v.blueprint_no, 'W', CASE WHEN EXISTS (SELECT 1 FROM entities e
                WHERE e.tenant_id = v.tenant_id AND e.entity_id = v.entity_id) THEN 1 ELSE 0 END,
               v.blueprint_no, v.identifier, ''",
        );
        part(&mut touched);
        touched.push(" AND v.kind IN ('UPDATED', 'DELETED') AND NOT EXISTS (SELECT 1 FROM run_items i");
        touched.push(" WHERE i.tenant_id = v.tenant_id AND i.run_id = ").bind(run);
        touched.push(" AND i.item_no = -v.entity_id) ORDER BY v.seq ON CONFLICT DO NOTHING");
        self.execute(touched).await?;
        Ok(Some(last).filter(|last| *last < span.until))
    }

    /// How many items are staged of each blueprint.
    pub async fn staged_counts(&self, run: i64) -> Result<BTreeMap<BlueprintNo, i64>> {
        let mut sql = Sql::new("SELECT blueprint_no, COUNT(*) FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" GROUP BY blueprint_no");
        self.all(sql).await?.iter().map(|row| Ok((BlueprintNo(column(row, 0)?), column(row, 1)?))).collect()
    }

    /// Makes the counts of a run anew, each under its own number.
    pub async fn replace_run_kinds(&self, run: i64, kinds: &[(i32, RunKind)]) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM run_kinds WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        self.execute(sql).await?;
        for chunk in kinds.chunks(ROWS) {
            self.save_numbered_kinds(run, chunk.iter().map(|(ordinal, kind)| (*ordinal, kind))).await?;
        }
        Ok(())
    }

    /// Keeps what relations entities are to have, by their ids, beside the items that are staged for them.
    pub async fn keep_planned_relations(
        &self,
        run: i64,
        planned: &[(i64, IndexMap<String, Targets>)],
    ) -> Result<()> {
        for chunk in planned.chunks(ROWS) {
            let mut sql = Sql::new("WITH planned (no, entity) AS (VALUES ");
            for (at, (no, relations)) in chunk.iter().enumerate() {
                let text = serde_json::to_string(relations).map_err(Error::internal)?;
                sql.push(if at == 0 { "(CAST(" } else { ", (CAST(" }).bind(*no).push(" AS BIGINT), ");
                sql.bind(text).push(")");
            }
            sql.push(
                ") UPDATE run_items SET entity = planned.entity FROM planned WHERE run_items.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND run_items.run_id = ").bind(run);
            sql.push(" AND run_items.item_no = planned.no");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// What was kept of entities by [`TenantScope::keep_planned_relations`].
    pub async fn planned_relations(
        &self,
        run: i64,
        entities: &[i64],
    ) -> Result<HashMap<i64, IndexMap<String, Targets>>> {
        let mut found = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT item_no, entity FROM run_items WHERE tenant_id = ");
            sql.bind(self.tenant().0)
                .push(" AND run_id = ")
                .bind(run)
                .push(" AND action = 'W' AND entity <> ''");
            sql.push(" AND item_no IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let text: String = column(&row, 1)?;
                found.insert(column(&row, 0)?, serde_json::from_str(&text).map_err(Error::internal)?);
            }
        }
        Ok(found)
    }

    /// Edges that wait for any of a blueprint's entities: blueprint and identifier of who holds them, the relation, and who
    /// is waited for.
    pub async fn edges_waiting_for(
        &self,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<Vec<(BlueprintNo, String, RelationNo, String)>> {
        let Some(inverses) = model.by_no(blueprint).map(|blueprint| &blueprint.inverses) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT e.blueprint_no, e.identifier, r.relation_no, r.pending FROM relations r
                   JOIN entities e ON e.tenant_id = r.tenant_id AND e.entity_id = r.source_id WHERE r.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND r.relation_no IN (");
            sql.bind_list(inverses.iter().map(|inverse| inverse.relation.0)).push(") AND r.pending IN (");
            sql.bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let (holder, relation) = (BlueprintNo(column(&row, 0)?), RelationNo(column(&row, 2)?));
                found.push((holder, column(&row, 1)?, relation, column(&row, 3)?));
            }
        }
        Ok(found)
    }

    /// Takes entities that stay after all off what is staged: up to 5,000, by the number of their kind.
    pub async fn drop_kept(&self, run: i64) -> Result<Vec<(i32, i64)>> {
        let mut sql = Sql::new("SELECT item_no, kind_ordinal FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND action = 'D' AND verdict = ");
        sql.bind(Verdict::Unchanged.as_str()).push(" LIMIT ").bind(i64::try_from(MAX_IN).unwrap_or(i64::MAX));
        let (mut items, mut kinds) = (Vec::new(), BTreeMap::<i32, i64>::new());
        for row in self.all(sql).await? {
            items.push(column(&row, 0)?);
            *kinds.entry(column(&row, 1)?).or_default() += 1;
        }
        self.remove_items(run, &items).await?;
        Ok(kinds.into_iter().collect())
    }
}
