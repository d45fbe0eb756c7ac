//! Writing entities: rows, value rows, edges and versions, in a handful of multi-row statements a batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portolan_schema::{BlueprintNo, CatalogModel, EntityState, Error, Instant, RelationNo, Result};

use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::MAX_IN;
use crate::list::blueprint_of;
use crate::sql::Sql;
use crate::stored_state::{write_properties, write_state};
use crate::value_rows::{PlacedRow, computed_value_rows, value_rows};

/// Most rows of one multi-row statement. Measured best between 100 and 500 on both engines.
pub(crate) const ROWS: usize = 250;

/// One entity's change, as it is to be stored.
#[derive(Debug, Clone)]
pub struct EntityChange {
    /// The state before, relations filled; None where the entity is new.
    pub before: Option<Entity>,
    /// The entity after the change with its new revision, seq and stamps; relations filled.
    pub after: Entity,
    /// The entity goes away; `after` is then its last state.
    pub deleted: bool,
    /// The targets of `after.state.relations`, resolved.
    pub edges: Vec<Edge>,
}

/// One edge of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub relation: RelationNo,
    pub ordinal: i32,
    /// The target's id, or its identifier while it does not exist.
    pub target: Result<i64, String>,
}

/// Who and what caused a batch of changes; recorded in every version.
#[derive(Debug, Clone)]
pub struct Cause {
    pub at: Instant,
    pub actor: String,
    /// `User-Agent` of the request, where there was one.
    pub origin: Option<String>,
    pub run: Option<i64>,
}

impl TenantScope {
    /// Writes changes of entities. The caller has taken their sequence numbers from the head (see
    /// [`TenantScope::take_seq`]). The number of statements grows with the number of rows, not of entities.
    pub async fn apply(&self, model: &CatalogModel, changes: &[EntityChange], cause: &Cause) -> Result<()> {
        let live: Vec<&EntityChange> = changes.iter().filter(|change| !change.deleted).collect();
        let dead: Vec<&EntityChange> = changes.iter().filter(|change| change.deleted).collect();
        self.remove_values(model, &dead).await?;
        self.write_words(changes).await?;
        let mut moved = self.remove(&dead).await?;
        self.write_rows(model, &live).await?;
        self.write_values(model, &live).await?;
        moved.extend(self.write_edges(&live).await?);
        self.end_waiting(model, &live).await?;
        self.move_counts(changes).await?;
        self.write_versions(model, changes, &moved, cause).await
    }

    /// Points the edges that waited for entities that have come (or got their name) at them: a statement a blueprint
    /// that relations point at.
    async fn end_waiting(&self, model: &CatalogModel, live: &[&EntityChange]) -> Result<()> {
        let mut come: BTreeMap<BlueprintNo, Vec<&str>> = BTreeMap::new();
        for change in live {
            let after = &change.after;
            let had = change.before.as_ref().map(|before| &before.state.identifier);
            if had != Some(&after.state.identifier) {
                come.entry(after.blueprint).or_default().push(&after.state.identifier);
            }
        }
        for (no, identifiers) in come {
            let Some(blueprint) = model.by_no(no).filter(|blueprint| !blueprint.inverses.is_empty()) else {
                continue;
            };
            for chunk in identifiers.chunks(MAX_IN) {
                let mut sql = Sql::new(
                    "UPDATE relations SET target_id = e.entity_id, pending = NULL FROM entities e
                      WHERE relations.tenant_id = ",
                );
                let relations = blueprint.inverses.iter().map(|inverse| inverse.relation.0);
                sql.bind(self.tenant().0).push(" AND relations.relation_no IN (").bind_list(relations);
                sql.push(") AND relations.pending IN (").bind_list(chunk.iter().copied());
                sql.push(") AND e.tenant_id = ").bind(self.tenant().0);
                sql.push(" AND e.blueprint_no = ").bind(no.0).push(" AND e.identifier = relations.pending");
                self.execute(sql).await?;
            }
        }
        Ok(())
    }

    async fn write_rows(&self, model: &CatalogModel, live: &[&EntityChange]) -> Result<()> {
        let mut live = live.to_vec();
        live.sort_by(|a, b| a.after.state.identifier.cmp(&b.after.state.identifier));
        for chunk in live.chunks(ROWS) {
            let mut sql = Sql::new(
                "INSERT INTO entities (tenant_id, entity_id, blueprint_no, identifier, identifier_folded, title,
                   title_folded, icon, team, properties, hash, revision, seq, integration_id, datasource,
                   created_at, created_by, updated_at, updated_by) VALUES ",
            );
            for (at, change) in chunk.iter().enumerate() {
                let Entity { state, .. } = &change.after;
                let after = &change.after;
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(after.id).push(", ").bind(after.blueprint.0);
                sql.push(", ")
                    .bind(state.identifier.as_str())
                    .push(", ")
                    .bind(folded(Some(&state.identifier)));
                sql.push(", ").bind(state.title.as_deref()).push(", ").bind(folded(state.title.as_deref()));
                sql.push(", ").bind(state.icon.as_deref());
                let blueprint = blueprint_of(model, after.blueprint)?;
                sql.push(", ").bind(json(&state.team)?);
                sql.push(", ").bind(write_properties(blueprint, &state.properties)?);
                sql.push(", ").bind(state.hash().to_vec());
                sql.push(", ").bind(after.revision).push(", ").bind(after.seq);
                sql.push(", ").bind(after.integration).push(", ").bind(after.datasource.as_deref());
                sql.push(", ").bind(after.created_at.0).push(", ").bind(after.created_by.as_str());
                sql.push(", ").bind(after.updated_at.0).push(", ").bind(after.updated_by.as_str()).push(")");
            }
            sql.push(
                " ON CONFLICT (tenant_id, entity_id) DO UPDATE SET identifier = excluded.identifier,
                   identifier_folded = excluded.identifier_folded, title = excluded.title,
                   title_folded = excluded.title_folded, icon = excluded.icon, team = excluded.team,
                   properties = excluded.properties, hash = excluded.hash, revision = excluded.revision,
                   seq = excluded.seq, datasource = excluded.datasource, updated_at = excluded.updated_at,
                   updated_by = excluded.updated_by",
            );
            self.execute(sql).await?;
        }
        Ok(())
    }

    async fn write_values(&self, model: &CatalogModel, live: &[&EntityChange]) -> Result<()> {
        let mut gone: Vec<PlacedRow> = Vec::new();
        let mut fresh: Vec<PlacedRow> = Vec::new();
        for change in live {
            let Some(blueprint) = model.by_no(change.after.blueprint) else { continue };
            let after = value_rows(blueprint, &change.after.state);
            let before = match &change.before {
                Some(before) => value_rows(blueprint, &before.state),
                None => Vec::new(),
            };
            let key = |row| (change.after.blueprint, change.after.id, row);
            gone.extend(before.iter().filter(|row| !after.contains(row)).cloned().map(key));
            fresh.extend(after.iter().filter(|row| !before.contains(row)).cloned().map(key));
        }
        self.delete_values(&gone).await?;
        fresh.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.write_order(&b.2)));
        self.insert_values(&fresh).await
    }

    /// The value rows of entities that go away follow from their last state.
    async fn remove_values(&self, model: &CatalogModel, dead: &[&EntityChange]) -> Result<()> {
        let mut gone = Vec::new();
        for change in dead {
            let (Some(blueprint), Some(before)) = (model.by_no(change.after.blueprint), &change.before)
            else {
                continue;
            };
            let mut rows = value_rows(blueprint, &before.state);
            rows.extend(computed_value_rows(blueprint, &before.computed));
            gone.extend(rows.into_iter().map(|row| (change.after.blueprint, change.after.id, row)));
        }
        self.delete_values(&gone).await
    }

    /// Answers the edges that came or went.
    async fn write_edges(&self, live: &[&EntityChange]) -> Result<MovedEdges> {
        let changed: Vec<&&EntityChange> = live
            .iter()
            .filter(|change| match &change.before {
                Some(before) => !same_relations(&before.state, &change.after.state),
                None => true,
            })
            .collect();
        let had: Vec<i64> = changed
            .iter()
            .filter(|change| change.before.as_ref().is_some_and(|before| has_relations(&before.state)))
            .map(|change| change.after.id)
            .collect();
        // What is stored counts, not what was asked for: an edge may have waited for its target until now.
        let before = self.edges_of(&had).await?;
        self.delete_edges(&had).await?;
        let edges = changed.iter().map(|change| {
            let before = before.get(&change.after.id).map_or(&[][..], Vec::as_slice);
            (change.after.id, moved(before, &change.edges))
        });
        let edges: MovedEdges = edges.filter(|(_, moved)| !moved.is_empty()).collect();
        let mut rows: Vec<(i64, &Edge)> = changed
            .iter()
            .flat_map(|change| change.edges.iter().map(|edge| (change.after.id, edge)))
            .collect();
        rows.sort_by_key(|(source, edge)| (*source, edge.relation, edge.ordinal));
        for chunk in rows.chunks(ROWS * 2) {
            let mut sql = Sql::new(
                "INSERT INTO relations (tenant_id, source_id, relation_no, ordinal, target_id, pending) VALUES ",
            );
            for (at, (source, edge)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(*source).push(", ").bind(edge.relation.0).push(", ").bind(edge.ordinal);
                sql.push(", ").bind(edge.target.as_ref().ok().copied());
                sql.push(", ").bind(edge.target.as_ref().err().map(String::as_str)).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(edges)
    }

    async fn delete_edges(&self, sources: &[i64]) -> Result<()> {
        for chunk in sources.chunks(MAX_IN) {
            let mut sql = Sql::new("DELETE FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(chunk.iter().copied()).push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes entities away with their value rows and edges, and answers these. Edges that point at them must be gone
    /// already, or belong to entities that go too.
    async fn remove(&self, dead: &[&EntityChange]) -> Result<MovedEdges> {
        let mut edges = MovedEdges::new();
        for chunk in dead.chunks(MAX_IN) {
            let ids: Vec<i64> = chunk.iter().map(|change| change.after.id).collect();
            let went = self.edges_of(&ids).await?.into_iter().map(|(id, went)| (id, moved(&went, &[])));
            edges.extend(went.filter(|(_, moved)| !moved.is_empty()));
            self.delete_edges(&ids).await?;
            self.delete_computed(&ids).await?;
            let mut sql = Sql::new("DELETE FROM entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND entity_id IN (").bind_list(ids).push(")");
            self.execute(sql).await?;
        }
        Ok(edges)
    }

    async fn write_versions(
        &self,
        model: &CatalogModel,
        changes: &[EntityChange],
        moved: &MovedEdges,
        cause: &Cause,
    ) -> Result<()> {
        let ended: Vec<(i64, i64)> = changes
            .iter()
            .filter_map(|change| change.before.as_ref().map(|before| (before.seq, change.after.seq)))
            .collect();
        for chunk in ended.chunks(MAX_IN / 2) {
            let mut sql = Sql::new("WITH ended (seq, until_seq) AS (VALUES ");
            for (at, (seq, until)) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(*seq).push(", ").bind(*until).push(")");
            }
            sql.push(
                ") UPDATE versions SET until_seq = ended.until_seq FROM ended WHERE versions.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND versions.seq = ended.seq");
            self.execute(sql).await?;
        }
        for chunk in changes.chunks(ROWS) {
            let mut sql = Sql::new(
                "INSERT INTO versions (tenant_id, seq, entity_id, blueprint_no, identifier, kind, state, revision,
                   previous_seq, at, actor, origin, run_id, edge_changes) VALUES ",
            );
            for (at, change) in chunk.iter().enumerate() {
                let after = &change.after;
                let kind = match (&change.before, change.deleted) {
                    (_, true) => "DELETED",
                    (None, _) => "CREATED",
                    (Some(_), _) => "UPDATED",
                };
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(after.seq).push(", ").bind(after.id).push(", ").bind(after.blueprint.0);
                sql.push(", ").bind(after.state.identifier.as_str()).push(", ").bind(kind);
                let state = match change.deleted {
                    true => None,
                    false => Some(write_state(blueprint_of(model, after.blueprint)?, &after.state)?),
                };
                sql.push(", ").bind(state).push(", ").bind(after.revision);
                sql.push(", ").bind(change.before.as_ref().map(|before| before.seq));
                sql.push(", ").bind(cause.at.0).push(", ").bind(cause.actor.as_str());
                sql.push(", ").bind(cause.origin.as_deref()).push(", ").bind(cause.run);
                sql.push(", ").bind(moved.get(&after.id).map(json).transpose()?).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }
}

/// Edges that came or went with a change, by the entity that holds them: (relation, target).
type MovedEdges = HashMap<i64, Vec<(RelationNo, i64)>>;

/// The edges that only one of the two has. Those that lead nowhere yet are none.
fn moved(before: &[Edge], after: &[Edge]) -> Vec<(RelationNo, i64)> {
    let ends = |edges: &[Edge]| -> BTreeSet<(RelationNo, i64)> {
        edges.iter().filter_map(|edge| Some((edge.relation, *edge.target.as_ref().ok()?))).collect()
    };
    ends(before).symmetric_difference(&ends(after)).copied().collect()
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn folded(text: Option<&str>) -> Option<String> {
    let text = text?;
    let lower = text.to_lowercase();
    (lower != text).then_some(lower)
}

fn has_relations(state: &EntityState) -> bool {
    state.relations.values().any(|targets| !targets.is_empty())
}

fn same_relations(before: &EntityState, after: &EntityState) -> bool {
    let kept = |state: &EntityState| -> Vec<(String, Vec<String>)> {
        let mut kept: Vec<_> = state
            .relations
            .iter()
            .filter(|(_, targets)| !targets.is_empty())
            .map(|(key, targets)| (key.clone(), targets.identifiers().map(str::to_owned).collect()))
            .collect();
        kept.sort();
        kept
    };
    kept(before) == kept(after)
}
