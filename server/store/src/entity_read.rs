//! Reading entity rows: by key, by id, with the identifiers that their relations point at.

use std::collections::{HashMap, HashSet};
use std::mem::take;

use indexmap::IndexMap;
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, EntityState, Error, Instant, RelationNo, Result, Targets,
};
use sea_orm::QueryResult;
use serde_json::Map;

use crate::TenantScope;
use crate::computed::ComputedValues;
use crate::entity::Entity;
use crate::entity_write::Edge;
use crate::property_sql::computed_column;
use crate::query::Parts;
use crate::row::{column, json_column};
use crate::sql::Sql;
use crate::stored_state::read_properties;

/// Most values bound to one `IN` list. SQLite allows 32,766 parameters in a statement.
pub(crate) const MAX_IN: usize = 5_000;

/// The columns that [`read`] expects, of an entity of any blueprint under `alias`.
pub(crate) fn columns(alias: &str) -> String {
    columns_of_any(alias, &Parts::default())
}

/// The columns that [`read_parts`] expects, of an entity of this blueprint: computed values are not looked for where it
/// has none.
pub(crate) fn columns_of(blueprint: &BlueprintModel, alias: &str, parts: &Parts) -> String {
    let computed = parts.computed && !blueprint.computed.is_empty();
    columns_of_any(alias, &Parts { computed, ..parts.clone() })
}

/// The same, of an entity of any blueprint. In the place of a part that is not wanted there is nothing to be read.
pub(crate) fn columns_of_any(alias: &str, parts: &Parts) -> String {
    let names = "entity_id blueprint_no identifier title icon team properties revision seq integration_id datasource \
                 created_at created_by updated_at updated_by";
    let name = |name: &str| match name {
        "team" if !parts.team => "'[]'".to_owned(),
        "properties" if parts.properties.is_none() => "'{}'".to_owned(),
        name => format!("{alias}.{name}"),
    };
    let names: Vec<_> = names.split_ascii_whitespace().map(name).collect();
    let computed = if parts.computed { computed_column(alias) } else { "CAST(NULL AS TEXT)".to_owned() };
    format!("{}, {computed}", names.join(", "))
}

/// Reads an entity whose columns begin at `from`, by the names of the model. Relations are left empty.
pub(crate) fn read(model: &CatalogModel, row: &QueryResult, from: usize) -> Result<Entity> {
    read_parts(model, row, from, &Parts::default())
}

/// Reads parts of an entity whose columns, those of the same parts, begin at `from`.
pub(crate) fn read_parts(
    model: &CatalogModel,
    row: &QueryResult,
    from: usize,
    parts: &Parts,
) -> Result<Entity> {
    let mut entity = row_parts(row, from, parts)?;
    let blueprint = model
        .by_no(entity.blueprint)
        .ok_or_else(|| Error::internal("an entity was read by a model that lacks its blueprint"))?;
    if !parts.properties.is_none() {
        let text: String = column(row, from + 6)?;
        entity.state.properties = read_properties(blueprint, &text, &parts.properties)?;
    }
    Ok(entity)
}

/// As [`read`], but for own properties, which are left empty as well.
pub(crate) fn read_row(row: &QueryResult, from: usize) -> Result<Entity> {
    row_parts(row, from, &Parts::default())
}

fn row_parts(row: &QueryResult, from: usize, parts: &Parts) -> Result<Entity> {
    Ok(Entity {
        id: column(row, from)?,
        blueprint: BlueprintNo(column(row, from + 1)?),
        state: EntityState {
            identifier: column(row, from + 2)?,
            title: column(row, from + 3)?,
            icon: column(row, from + 4)?,
            team: if parts.team { json_column(row, from + 5)? } else { Vec::new() },
            properties: Map::new(),
            relations: IndexMap::new(),
        },
        revision: column(row, from + 7)?,
        seq: column(row, from + 8)?,
        integration: column(row, from + 9)?,
        datasource: column(row, from + 10)?,
        created_at: Instant(column(row, from + 11)?),
        created_by: column(row, from + 12)?,
        updated_at: Instant(column(row, from + 13)?),
        updated_by: column(row, from + 14)?,
        computed: match parts.computed {
            true => ComputedValues::read(column::<Option<String>>(row, from + 15)?.as_deref())?,
            false => ComputedValues::default(),
        },
    })
}

impl TenantScope {
    /// Entities of one blueprint by identifier, without relations. A statement each 5,000.
    pub async fn entities_by_identifier(
        &self,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<HashMap<String, Entity>> {
        let mut found = HashMap::with_capacity(identifiers.len());
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new(&format!("SELECT {} FROM entities e WHERE e.tenant_id = ", columns("e")));
            sql.bind(self.tenant().0).push(" AND e.blueprint_no = ").bind(blueprint.0);
            sql.push(" AND e.identifier IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let entity = read(model, &row, 0)?;
                found.insert(entity.state.identifier.clone(), entity);
            }
        }
        Ok(found)
    }

    /// Ids of one blueprint's entities by identifier. A statement each 5,000.
    pub async fn entity_ids(
        &self,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<HashMap<String, i64>> {
        let mut found = HashMap::with_capacity(identifiers.len());
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT identifier, entity_id FROM entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
            sql.push(" AND identifier IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?, column(&row, 1)?);
            }
        }
        Ok(found)
    }

    /// Titles of one blueprint's entities by identifier. A statement each 5,000.
    pub async fn entity_titles(
        &self,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<HashMap<String, Option<String>>> {
        let mut found = HashMap::with_capacity(identifiers.len());
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT identifier, title FROM entities WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
            sql.push(" AND identifier IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?, column(&row, 1)?);
            }
        }
        Ok(found)
    }

    /// Entities by id, without relations. A statement each 5,000.
    pub async fn entities_by_id(&self, model: &CatalogModel, ids: &[i64]) -> Result<Vec<Entity>> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_IN) {
            let mut sql = Sql::new(&format!("SELECT {} FROM entities e WHERE e.tenant_id = ", columns("e")));
            sql.bind(self.tenant().0)
                .push(" AND e.entity_id IN (")
                .bind_list(chunk.iter().copied())
                .push(")");
            for row in self.all(sql).await? {
                found.push(read(model, &row, 0)?);
            }
        }
        Ok(found)
    }

    /// Fills `state.relations` of entities; a statement each 5,000. Relations that were never set stay absent. Answers the
    /// ids of those of which an edge waits for its target.
    pub async fn fill_relations(
        &self,
        model: &CatalogModel,
        entities: &mut [&mut Entity],
    ) -> Result<HashSet<i64>> {
        let ids: Vec<i64> = entities.iter().map(|entity| entity.id).collect();
        let mut edges: HashMap<i64, Vec<(RelationNo, String)>> = HashMap::with_capacity(ids.len());
        let mut waiting = HashSet::new();
        for chunk in ids.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT r.source_id, r.relation_no, t.identifier, r.pending FROM relations r
                 LEFT JOIN entities t ON t.tenant_id = r.tenant_id AND t.entity_id = r.target_id
                 WHERE r.tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND r.source_id IN (").bind_list(chunk.iter().copied());
            sql.push(") ORDER BY r.source_id, r.relation_no, r.ordinal");
            for row in self.all(sql).await? {
                let source = column(&row, 0)?;
                let identifier = match column(&row, 2)? {
                    Some(identifier) => identifier,
                    None => {
                        let Some(pending) = column::<Option<String>>(&row, 3)? else { continue };
                        waiting.insert(source);
                        pending
                    }
                };
                edges.entry(source).or_default().push((RelationNo(column(&row, 1)?), identifier));
            }
        }
        for entity in entities {
            let Some(blueprint) = model.by_no(entity.blueprint) else { continue };
            let found = edges.remove(&entity.id).unwrap_or_default();
            entity.state.relations = arrange(blueprint, found);
        }
        Ok(waiting)
    }

    /// Sources of edges that point at any of `targets`: (source id, relation, target id).
    pub async fn edges_to(&self, targets: &[i64]) -> Result<Vec<(i64, RelationNo, i64)>> {
        let mut found = Vec::new();
        for chunk in targets.chunks(MAX_IN) {
            let mut sql =
                Sql::new("SELECT source_id, relation_no, target_id FROM relations WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND target_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                found.push((column(&row, 0)?, RelationNo(column(&row, 1)?), column(&row, 2)?));
            }
        }
        Ok(found)
    }

    /// The edges of these entities, as they are stored.
    pub async fn edges_of(&self, sources: &[i64]) -> Result<HashMap<i64, Vec<Edge>>> {
        let mut found: HashMap<i64, Vec<Edge>> = HashMap::new();
        for chunk in sources.chunks(MAX_IN) {
            let mut sql = Sql::new(
                "SELECT source_id, relation_no, ordinal, target_id, pending FROM relations WHERE tenant_id = ",
            );
            sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let target: Option<i64> = column(&row, 3)?;
                let pending: Option<String> = column(&row, 4)?;
                let target = target.ok_or_else(|| pending.unwrap_or_default());
                let edge = Edge { relation: RelationNo(column(&row, 1)?), ordinal: column(&row, 2)?, target };
                found.entry(column(&row, 0)?).or_default().push(edge);
            }
        }
        Ok(found)
    }

    /// Whether any entity holds this relation.
    pub async fn has_edges(&self, blueprint: BlueprintNo, relation: RelationNo) -> Result<bool> {
        let mut sql = Sql::new(
            "SELECT 1 FROM relations r JOIN entities e ON e.tenant_id = r.tenant_id AND e.entity_id = r.source_id
             WHERE r.tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND r.relation_no = ").bind(relation.0);
        sql.push(" AND e.blueprint_no = ").bind(blueprint.0).push(" LIMIT 1");
        Ok(self.one(sql).await?.is_some())
    }
}

/// Every relation of the blueprint in its order: to-one null, to-many empty where nothing is set.
fn arrange(blueprint: &BlueprintModel, mut found: Vec<(RelationNo, String)>) -> IndexMap<String, Targets> {
    blueprint
        .relations
        .iter()
        .map(|relation| {
            let mut of = found.iter_mut().filter(|(no, _)| *no == relation.no).map(|(_, id)| take(id));
            let targets =
                if relation.relation.many { Targets::Many(of.collect()) } else { Targets::One(of.next()) };
            (relation.relation.identifier.clone(), targets)
        })
        .collect()
}
