//! Reading the log of versions in the order of commits.

use std::collections::{BTreeMap, HashMap};

use portolan_schema::{BlueprintNo, CatalogModel, EntityState, Error, Instant, RelationNo, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::computed::ComputedValues;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;
use crate::stored_state::StoredState;

/// One change of an entity, with the state before and after it.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub seq: i64,
    pub entity: i64,
    pub blueprint: BlueprintNo,
    /// As it was named by then.
    pub identifier: String,
    /// `CREATED`, `UPDATED` or `DELETED`.
    pub kind: String,
    pub before: Option<EntityState>,
    pub after: Option<EntityState>,
    pub revision: i64,
    pub at: Instant,
    pub actor: String,
    /// `User-Agent` of the request, where there was one.
    pub origin: Option<String>,
    pub run: Option<i64>,
    /// Edges that came or went with it, by the id of their target.
    pub edge_changes: Vec<(RelationNo, i64)>,
    /// The change that made the state before it.
    pub previous: Option<Written>,
}

/// When and by whom a state was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub at: Instant,
    pub actor: String,
    pub revision: i64,
}

/// What is read of a version `v` and the one before it, `p`.
const COLUMNS: &str =
    "v.seq, v.entity_id, v.blueprint_no, v.identifier, v.kind, p.state, v.state, v.revision, v.at, v.actor,
       v.origin, v.run_id, v.edge_changes, p.at, p.actor, p.revision";

impl TenantScope {
    /// The next changes after a sequence number, by their own; changes of computed values are left out. States are by the
    /// names of the model, and what it does not have any more by the names it had last.
    pub async fn log_after(&self, model: &CatalogModel, seq: i64, limit: usize) -> Result<Vec<LogEntry>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(
            " FROM versions v LEFT JOIN versions p ON p.tenant_id = v.tenant_id AND p.seq = v.previous_seq
             WHERE v.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND v.seq > ").bind(seq);
        sql.push(" AND v.kind <> 'COMPUTED' ORDER BY v.seq LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.all(sql).await?;
        self.entries(model, &rows).await
    }

    /// The last changes of entities, newest first, at most `limit` of each, all before a sequence number; changes of
    /// computed values are left out. A statement each 5,000 entities. States are named as by [`TenantScope::log_after`].
    pub async fn histories(
        &self,
        model: &CatalogModel,
        entities: &[i64],
        before: Option<i64>,
        limit: usize,
    ) -> Result<HashMap<i64, Vec<LogEntry>>> {
        let mut found: HashMap<i64, Vec<LogEntry>> = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT ");
            sql.push(COLUMNS).push(
                " FROM (SELECT w.*, row_number() OVER (PARTITION BY w.entity_id ORDER BY w.seq DESC) AS place
                 FROM versions w WHERE w.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND w.entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND w.kind <> 'COMPUTED'");
            if let Some(before) = before {
                sql.push(" AND w.seq < ").bind(before);
            }
            sql.push(
                ") v LEFT JOIN versions p ON p.tenant_id = v.tenant_id AND p.seq = v.previous_seq
                 WHERE v.place <= ",
            );
            sql.bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(" ORDER BY v.entity_id, v.seq DESC");
            let rows = self.all(sql).await?;
            for entry in self.entries(model, &rows).await? {
                found.entry(entry.entity).or_default().push(entry);
            }
        }
        Ok(found)
    }

    /// The first changes of entities after a sequence number, oldest first, at most `limit` of each; changes of computed
    /// values are left out. A statement each 5,000 entities. States are named as by [`TenantScope::log_after`].
    pub async fn changes_since(
        &self,
        model: &CatalogModel,
        entities: &[i64],
        seq: i64,
        limit: usize,
    ) -> Result<HashMap<i64, Vec<LogEntry>>> {
        let mut found: HashMap<i64, Vec<LogEntry>> = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT ");
            sql.push(COLUMNS).push(
                " FROM (SELECT w.*, row_number() OVER (PARTITION BY w.entity_id ORDER BY w.seq) AS place
                 FROM versions w WHERE w.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND w.entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND w.kind <> 'COMPUTED' AND w.seq > ").bind(seq);
            sql.push(
                ") v LEFT JOIN versions p ON p.tenant_id = v.tenant_id AND p.seq = v.previous_seq
                 WHERE v.place <= ",
            );
            sql.bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(" ORDER BY v.entity_id, v.seq");
            let rows = self.all(sql).await?;
            for entry in self.entries(model, &rows).await? {
                found.entry(entry.entity).or_default().push(entry);
            }
        }
        Ok(found)
    }

    /// How entities came to be, also those that are gone; of one that came back, the first time. A statement each 5,000.
    pub async fn births(&self, entities: &[i64]) -> Result<HashMap<i64, Origin>> {
        let mut found = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql =
                Sql::new("SELECT seq, at, actor, origin, run_id, entity_id FROM versions WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND kind = 'CREATED' ORDER BY seq");
            for row in self.all(sql).await? {
                found.entry(column(&row, 5)?).or_insert(origin(&row)?);
            }
        }
        Ok(found)
    }

    /// The last computed values of entities, also of those that are gone. A statement each 5,000.
    pub async fn last_computed(&self, entities: &[i64]) -> Result<HashMap<i64, ComputedValues>> {
        let mut found = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT entity_id, state FROM (SELECT w.entity_id, w.state,
                   row_number() OVER (PARTITION BY w.entity_id ORDER BY w.seq DESC) AS place
                 FROM versions w WHERE w.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND w.entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND w.kind = 'COMPUTED') v WHERE v.place = 1");
            for row in self.all(sql).await? {
                let text: Option<String> = column(&row, 1)?;
                found.insert(column(&row, 0)?, ComputedValues::read(text.as_deref())?);
            }
        }
        Ok(found)
    }

    /// Reads rows of [`COLUMNS`].
    async fn entries(&self, model: &CatalogModel, rows: &[QueryResult]) -> Result<Vec<LogEntry>> {
        let mut texts = Vec::with_capacity(rows.len() * 2);
        for row in rows {
            let blueprint = BlueprintNo(column(row, 2)?);
            texts.extend([(blueprint, column(row, 5)?), (blueprint, column(row, 6)?)]);
        }
        let mut states = self.named_states(model, &texts).await?.into_iter();
        rows.iter()
            .map(|row| {
                Ok(LogEntry {
                    seq: column(row, 0)?,
                    entity: column(row, 1)?,
                    blueprint: BlueprintNo(column(row, 2)?),
                    identifier: column(row, 3)?,
                    kind: column(row, 4)?,
                    before: states.next().flatten(),
                    after: states.next().flatten(),
                    revision: column(row, 7)?,
                    at: Instant(column(row, 8)?),
                    actor: column(row, 9)?,
                    origin: column(row, 10)?,
                    run: column(row, 11)?,
                    edge_changes: edges(column(row, 12)?)?,
                    previous: match column::<Option<i64>>(row, 13)? {
                        Some(at) => Some(Written {
                            at: Instant(at),
                            actor: column(row, 14)?,
                            revision: column(row, 15)?,
                        }),
                        None => None,
                    },
                })
            })
            .collect()
    }

    /// States out of versions by the names of the model, and what it does not have any more by the names it had last.
    async fn named_states(
        &self,
        model: &CatalogModel,
        texts: &[(BlueprintNo, Option<String>)],
    ) -> Result<Vec<Option<EntityState>>> {
        let mut states = Vec::with_capacity(texts.len());
        let mut known = true;
        for (blueprint, text) in texts {
            let blueprint = model.by_no(*blueprint).map(AsRef::as_ref);
            let state = text.as_deref().map(StoredState::read).transpose()?;
            known &= state.iter().all(|state| state.is_known(blueprint));
            states.push((blueprint, state));
        }
        let gone = if known { HashMap::new() } else { self.retired_names().await? };
        let named = states.into_iter().map(|(blueprint, state)| Some(state?.named(blueprint, &gone)));
        Ok(named.collect())
    }
}

/// The last change of one part of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    pub seq: i64,
    pub at: Instant,
    pub actor: String,
    /// `User-Agent` of the request, where there was one.
    pub origin: Option<String>,
    pub run: Option<i64>,
}

/// Most versions that are looked through for the origins of one entity's values.
const MAX_VERSIONS: i64 = 1_000;

impl TenantScope {
    /// Who set each present property and relation of entities, by identifier, as far as the last 1,000 changes of each
    /// tell. A statement each 5,000 entities.
    pub async fn origins(
        &self,
        model: &CatalogModel,
        entities: &[i64],
    ) -> Result<HashMap<i64, BTreeMap<String, Origin>>> {
        let mut found = HashMap::new();
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT v.entity_id, v.seq, v.at, v.actor, v.origin, v.run_id, v.blueprint_no, v.state
                 FROM (SELECT w.*, row_number() OVER (PARTITION BY w.entity_id ORDER BY w.seq DESC) AS place
                 FROM versions w WHERE w.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND w.entity_id IN (").bind_list(chunk.iter().copied());
            sql.push(") AND w.kind <> 'COMPUTED') v WHERE v.place <= ").bind(MAX_VERSIONS);
            sql.push(" ORDER BY v.entity_id, v.seq DESC");
            let (mut origins, mut texts) = (Vec::new(), Vec::new());
            for row in self.all(sql).await? {
                texts.push((BlueprintNo(column(&row, 6)?), column(&row, 7)?));
                let origin = Origin {
                    seq: column(&row, 1)?,
                    at: Instant(column(&row, 2)?),
                    actor: column(&row, 3)?,
                    origin: column(&row, 4)?,
                    run: column(&row, 5)?,
                };
                origins.push((column::<i64>(&row, 0)?, origin));
            }
            let states = self.named_states(model, &texts).await?.into_iter().map(Option::unwrap_or_default);
            let versions: Vec<_> = origins.into_iter().zip(states).collect();
            for versions in versions.chunk_by(|a, b| a.0.0 == b.0.0) {
                found.insert(versions[0].0.0, origins_of(versions));
            }
        }
        Ok(found)
    }

    /// The states of a blueprint's entities as they were after a sequence number, by identifier. What reads of the past
    /// will rest on; it goes through every version of the blueprint.
    pub async fn states_at(
        &self,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        seq: i64,
    ) -> Result<BTreeMap<String, EntityState>> {
        let mut sql = Sql::new("SELECT identifier, state FROM versions WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND kind <> 'COMPUTED' AND state IS NOT NULL AND seq <= ").bind(seq);
        sql.push(" AND (until_seq IS NULL OR until_seq > ").bind(seq).push(")");
        let (mut names, mut texts) = (Vec::new(), Vec::new());
        for row in self.all(sql).await? {
            names.push(column(&row, 0)?);
            texts.push((blueprint, column(&row, 1)?));
        }
        let states = self.named_states(model, &texts).await?.into_iter().map(Option::unwrap_or_default);
        Ok(names.into_iter().zip(states).collect())
    }
}

/// The origins of one entity's values. Its versions are the newest first.
fn origins_of(versions: &[((i64, Origin), EntityState)]) -> BTreeMap<String, Origin> {
    let mut found = BTreeMap::new();
    for (place, ((_, origin), now)) in versions.iter().enumerate() {
        let before = versions.get(place + 1).map(|(_, before)| before);
        let properties = now
            .properties
            .iter()
            .filter(|(name, value)| before.is_none_or(|before| before.properties.get(*name) != Some(*value)));
        let relations = now.relations.iter().filter(|(name, targets)| {
            !targets.is_empty() && before.is_none_or(|before| before.relations.get(*name) != Some(*targets))
        });
        let names = properties.map(|(name, _)| name).chain(relations.map(|(name, _)| name));
        for name in names {
            // A later change is the one that counts; what is not there any more has no origin.
            if versions.first().is_some_and(|(_, last)| holds(last, name)) {
                found.entry(name.clone()).or_insert_with(|| origin.clone());
            }
        }
    }
    found
}

/// Reads the first five columns of a version.
fn origin(row: &QueryResult) -> Result<Origin> {
    Ok(Origin {
        seq: column(row, 0)?,
        at: Instant(column(row, 1)?),
        actor: column(row, 2)?,
        origin: column(row, 3)?,
        run: column(row, 4)?,
    })
}

fn holds(state: &EntityState, name: &str) -> bool {
    state.properties.contains_key(name) || state.relations.contains_key(name)
}

fn edges(text: Option<String>) -> Result<Vec<(RelationNo, i64)>> {
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
}
