//! Reading the log of versions in the order of commits.

use std::collections::BTreeMap;

use portolan_schema::{BlueprintNo, EntityState, Error, Instant, RelationNo, Result};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

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
}

impl TenantScope {
    /// The next changes after a sequence number, by their own; changes of computed values are left out.
    pub async fn log_after(&self, seq: i64, limit: usize) -> Result<Vec<LogEntry>> {
        let mut sql = Sql::new(
            "SELECT v.seq, v.entity_id, v.blueprint_no, v.identifier, v.kind, p.state, v.state, v.revision, v.at, v.actor,
               v.origin, v.run_id, v.edge_changes
             FROM versions v LEFT JOIN versions p ON p.tenant_id = v.tenant_id AND p.seq = v.previous_seq
             WHERE v.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND v.seq > ").bind(seq);
        sql.push(" AND v.kind <> 'COMPUTED' ORDER BY v.seq LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.all(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(LogEntry {
                    seq: column(row, 0)?,
                    entity: column(row, 1)?,
                    blueprint: BlueprintNo(column(row, 2)?),
                    identifier: column(row, 3)?,
                    kind: column(row, 4)?,
                    before: state(column(row, 5)?)?,
                    after: state(column(row, 6)?)?,
                    revision: column(row, 7)?,
                    at: Instant(column(row, 8)?),
                    actor: column(row, 9)?,
                    origin: column(row, 10)?,
                    run: column(row, 11)?,
                    edge_changes: edges(column(row, 12)?)?,
                })
            })
            .collect()
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
    /// Who set each present property and relation of an entity, by identifier, as far as its last 1,000 changes tell.
    pub async fn origins(&self, entity: i64) -> Result<BTreeMap<String, Origin>> {
        let mut sql =
            Sql::new("SELECT seq, at, actor, origin, run_id, state FROM versions WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND entity_id = ").bind(entity);
        sql.push(" AND kind <> 'COMPUTED' ORDER BY seq DESC LIMIT ").bind(MAX_VERSIONS);
        let mut versions = Vec::new();
        for row in self.all(sql).await? {
            let origin = Origin {
                seq: column(&row, 0)?,
                at: Instant(column(&row, 1)?),
                actor: column(&row, 2)?,
                origin: column(&row, 3)?,
                run: column(&row, 4)?,
            };
            versions.push((origin, state(column(&row, 5)?)?.unwrap_or_default()));
        }
        let mut found = BTreeMap::new();
        for (place, (origin, now)) in versions.iter().enumerate() {
            let before = versions.get(place + 1).map(|(_, before)| before);
            let properties = now.properties.iter().filter(|(name, value)| {
                before.is_none_or(|before| before.properties.get(*name) != Some(*value))
            });
            let relations = now.relations.iter().filter(|(name, targets)| {
                !targets.is_empty()
                    && before.is_none_or(|before| before.relations.get(*name) != Some(*targets))
            });
            let names = properties.map(|(name, _)| name).chain(relations.map(|(name, _)| name));
            for name in names {
                // A later change is the one that counts; what is not there any more has no origin.
                if versions.first().is_some_and(|(_, last)| holds(last, name)) {
                    found.entry(name.clone()).or_insert_with(|| origin.clone());
                }
            }
        }
        Ok(found)
    }

    /// The states of a blueprint's entities as they were after a sequence number, by identifier. What reads of the past
    /// will rest on; it goes through every version of the blueprint.
    pub async fn states_at(&self, blueprint: BlueprintNo, seq: i64) -> Result<BTreeMap<String, EntityState>> {
        let mut sql = Sql::new("SELECT identifier, state FROM versions WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND kind <> 'COMPUTED' AND state IS NOT NULL AND seq <= ").bind(seq);
        sql.push(" AND (until_seq IS NULL OR until_seq > ").bind(seq).push(")");
        let mut found = BTreeMap::new();
        for row in self.all(sql).await? {
            found.insert(column(&row, 0)?, state(column(&row, 1)?)?.unwrap_or_default());
        }
        Ok(found)
    }
}

fn holds(state: &EntityState, name: &str) -> bool {
    state.properties.contains_key(name) || state.relations.contains_key(name)
}

fn state(text: Option<String>) -> Result<Option<EntityState>> {
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)
}

fn edges(text: Option<String>) -> Result<Vec<(RelationNo, i64)>> {
    text.map_or_else(|| Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(Error::internal))
}
