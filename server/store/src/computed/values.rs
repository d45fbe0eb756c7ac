//! The row of computed values beside an entity.

use std::collections::HashMap;

use portolan_schema::{BlueprintModel, BlueprintNo, PropertyNo, Result};
use serde_json::{Map, Value};

use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;
use crate::value_rows::{ValueRow, computed_value_rows};

/// Rows of one multi-row statement.
const ROWS: usize = 250;

/// Stands before the number of a property whose formula failed.
const FAILED: char = '!';

/// An entity's computed values, by the number of their property. What is null is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComputedValues {
    values: HashMap<i32, Value>,
    /// Why there is no value, where a formula failed.
    problems: HashMap<i32, String>,
}

impl ComputedValues {
    pub(crate) fn read(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self::default()) };
        let map: Map<String, Value> = serde_json::from_str(text).map_err(portolan_schema::Error::internal)?;
        let mut read = Self::default();
        for (key, value) in map {
            match (key.strip_prefix(FAILED), value) {
                (Some(no), Value::String(problem)) => {
                    drop(no.parse().map(|no| read.problems.insert(no, problem)))
                }
                (_, value) => drop(key.parse().map(|no| read.values.insert(no, value))),
            }
        }
        Ok(read)
    }

    pub fn get(&self, no: PropertyNo) -> Option<&Value> {
        self.values.get(&no.0)
    }

    /// Why a property has no value, where its formula failed.
    pub fn problem(&self, no: PropertyNo) -> Option<&str> {
        self.problems.get(&no.0).map(String::as_str)
    }

    /// Sets a value, or why there is none; null takes it away.
    pub fn set(&mut self, no: PropertyNo, value: Result<Value, String>) {
        self.values.remove(&no.0);
        self.problems.remove(&no.0);
        match value {
            Ok(Value::Null) => {}
            Ok(value) => drop(self.values.insert(no.0, value)),
            Err(problem) => drop(self.problems.insert(no.0, problem)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values of the blueprint's computed properties by identifier, the inherited owner aside.
    pub fn named(&self, blueprint: &BlueprintModel) -> Map<String, Value> {
        let shown = blueprint.computed.iter().filter(|computed| !computed.is_owner);
        shown
            .filter_map(|one| Some((one.property.property.identifier.clone(), self.get(one.no())?.clone())))
            .collect()
    }

    /// The JSON of what the blueprint still computes.
    fn text(&self, blueprint: &BlueprintModel) -> String {
        let live = |no: &i32| blueprint.computed_by_no(PropertyNo(*no)).is_some();
        let values = self.values.iter().filter(|(no, _)| live(no));
        let values = values.map(|(no, value)| (no.to_string(), value.clone()));
        let problems = self.problems.iter().filter(|(no, _)| live(no));
        let problems = problems.map(|(no, problem)| (format!("{FAILED}{no}"), problem.as_str().into()));
        let mut entries: Vec<(String, Value)> = values.chain(problems).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Value::Object(entries.into_iter().collect()).to_string()
    }
}

/// New computed values of one entity.
#[derive(Debug, Clone)]
pub struct ComputedChange<'a> {
    pub blueprint: &'a BlueprintModel,
    pub entity: i64,
    pub before: ComputedValues,
    pub after: ComputedValues,
    /// Properties whose value rows are not to be relied on: they are written anew.
    pub rewritten: Vec<PropertyNo>,
    /// Sequence number of the version that records it.
    pub seq: i64,
}

impl TenantScope {
    /// The stored computed values of entities.
    pub async fn computed_values(&self, entities: &[i64]) -> Result<HashMap<i64, ComputedValues>> {
        let mut found = HashMap::with_capacity(entities.len());
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT entity_id, properties FROM computed_values WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let text: String = column(&row, 1)?;
                found.insert(column(&row, 0)?, ComputedValues::read(Some(&text))?);
            }
        }
        Ok(found)
    }

    /// Writes computed values with their value rows and one version each, of the kind `COMPUTED`. The caller has taken
    /// the sequence numbers from the head. Entities that are gone are left out.
    pub async fn write_computed(&self, changes: &[ComputedChange<'_>], at: i64) -> Result<()> {
        let mut gone = Vec::new();
        let mut fresh = Vec::new();
        let mut stale: HashMap<(BlueprintNo, PropertyNo), Vec<i64>> = HashMap::new();
        for change in changes {
            let before = computed_value_rows(change.blueprint, &change.before);
            let after = computed_value_rows(change.blueprint, &change.after);
            let key = |row: &ValueRow| (change.blueprint.no(), change.entity, row.clone());
            let anew = |row: &&ValueRow| change.rewritten.contains(&row.property);
            gone.extend(before.iter().filter(|row| !anew(row) && !after.contains(row)).map(key));
            fresh.extend(after.iter().filter(|row| anew(row) || !before.contains(row)).map(key));
            for no in &change.rewritten {
                stale.entry((change.blueprint.no(), *no)).or_default().push(change.entity);
            }
        }
        for ((blueprint, property), entities) in &stale {
            self.unindex_properties(*blueprint, &[*property], entities).await?;
        }
        self.delete_values(&gone).await?;
        fresh.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.write_order(&b.2)));
        self.insert_values(&fresh).await?;
        for chunk in changes.chunks(ROWS) {
            let mut sql =
                Sql::new("INSERT INTO computed_values (tenant_id, entity_id, properties, seq) VALUES ");
            for (at, change) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(change.entity).push(", ").bind(change.after.text(change.blueprint));
                sql.push(", ").bind(change.seq).push(")");
            }
            sql.push(
                " ON CONFLICT (tenant_id, entity_id) DO UPDATE SET properties = excluded.properties,
                   seq = excluded.seq",
            );
            self.execute(sql).await?;
            let mut sql = Sql::new(
                "INSERT INTO versions (tenant_id, seq, entity_id, blueprint_no, identifier, kind, state, revision,
                   at, actor) VALUES ",
            );
            for (index, change) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(change.seq).push(", ").bind(change.entity);
                sql.push(", ").bind(change.blueprint.no().0).push(", '', 'COMPUTED', ");
                sql.bind(change.after.text(change.blueprint))
                    .push(", 0, ")
                    .bind(at)
                    .push(", 'system:computed')");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes away the computed values of entities that go.
    pub(crate) async fn delete_computed(&self, entities: &[i64]) -> Result<()> {
        for chunk in entities.chunks(MAX_IN) {
            let mut sql = Sql::new("DELETE FROM computed_values WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }
}
