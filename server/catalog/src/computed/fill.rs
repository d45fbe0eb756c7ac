//! Formulas that are new or have changed: computed for all entities, part by part, while changes go on being followed.

use std::collections::HashMap;

use portolan_schema::model::computed::{ComputedModel, Formula, Watched, reads};
use portolan_schema::{BlueprintModel, CatalogModel, Field, Instant, Meta, PropertyNo, Result};
use portolan_store::TenantScope;
use portolan_store::computed::FormulaRow;

use super::dirty::Dirty;

/// Entities that are filled in at a time for each formula.
const PART: usize = 500;
/// How old values that follow the clock may become, in microseconds.
pub(super) const CLOCK: i64 = 60_000_000;
/// Stands before the blueprint's revision in the reason of a suspension.
const AT_REVISION: &str = "at revision ";

/// The state of all formulas of a tenant, and what of it has to be stored.
pub(super) struct Formulas {
    rows: HashMap<PropertyNo, FormulaRow>,
    changed: Vec<PropertyNo>,
    removed: Vec<PropertyNo>,
}

impl Formulas {
    /// Compares what is stored with the model.
    pub(super) async fn load(scope: &TenantScope, model: &CatalogModel, now: Instant) -> Result<Self> {
        let stored = scope.formulas().await?;
        let mut formulas = Self { rows: HashMap::new(), changed: Vec::new(), removed: Vec::new() };
        let mut known: HashMap<PropertyNo, FormulaRow> =
            stored.into_iter().map(|row| (row.property, row)).collect();
        for holder in model.blueprints() {
            let revision = format!("{AT_REVISION}{}:", holder.stored.revision);
            for computed in &holder.computed {
                let text = text(model, holder, computed);
                let fresh = || FormulaRow {
                    property: computed.no(),
                    blueprint: holder.no(),
                    formula: text.clone(),
                    filled_to: Some(0),
                    filled_at: None,
                    suspended: None,
                };
                let mut row = known.remove(&computed.no()).unwrap_or_else(|| {
                    formulas.changed.push(computed.no());
                    fresh()
                });
                let woken = row.suspended.as_ref().is_some_and(|reason| !reason.starts_with(&revision));
                if row.formula != text || woken {
                    row = fresh();
                    formulas.changed.push(computed.no());
                }
                let stale = row.filled_at.is_none_or(|at| now.0 - at.0 >= CLOCK);
                if computed.follows_clock() && row.filled_to.is_none() && stale {
                    row.filled_to = Some(0);
                    formulas.changed.push(computed.no());
                }
                formulas.rows.insert(computed.no(), row);
            }
        }
        formulas.removed.extend(known.into_keys());
        Ok(formulas)
    }

    /// The next part of every formula that is not filled yet is dirty.
    pub(super) async fn next_parts(
        &mut self,
        scope: &TenantScope,
        dirty: &mut Dirty,
        now: Instant,
    ) -> Result<HashMap<PropertyNo, Vec<i64>>> {
        let mut parts = HashMap::new();
        for row in self.rows.values_mut() {
            let Some(after) = row.filled_to else { continue };
            let ids = scope.entity_ids_after(row.blueprint, after, PART).await?;
            row.filled_to = if ids.len() < PART { None } else { ids.last().copied() };
            if row.filled_to.is_none() {
                row.filled_at = Some(now);
            }
            self.changed.push(row.property);
            dirty.entry(row.property).or_default().extend(&ids);
            parts.insert(row.property, ids);
        }
        Ok(parts)
    }

    pub(super) fn is_filled(&self) -> bool {
        self.rows.values().all(|row| row.filled_to.is_none())
    }

    pub(super) fn is_suspended(&self, no: PropertyNo) -> bool {
        self.rows.get(&no).is_some_and(|row| row.suspended.is_some())
    }

    /// Stops a formula until its blueprint is saved again.
    pub(super) fn suspend(&mut self, no: PropertyNo, revision: i64, reason: &str) {
        if let Some(row) = self.rows.get_mut(&no) {
            row.suspended = Some(format!("{AT_REVISION}{revision}: {reason}"));
            self.changed.push(no);
        }
    }

    pub(super) fn has_changes(&self) -> bool {
        !self.changed.is_empty() || !self.removed.is_empty()
    }

    pub(super) async fn save(&self, scope: &TenantScope) -> Result<()> {
        for no in &self.removed {
            scope.delete_formula(*no).await?;
        }
        let mut changed = self.changed.clone();
        changed.sort_unstable();
        changed.dedup();
        for row in changed.iter().filter_map(|no| self.rows.get(no)) {
            scope.save_formula(row).await?;
        }
        Ok(())
    }
}

/// What makes two formulas the same: how they are computed, from what, and how the result is stored.
fn text(model: &CatalogModel, holder: &BlueprintModel, computed: &ComputedModel) -> String {
    let mut text = format!("{:?} {:?}", computed.formula, computed.property.property.value_type);
    for watch in &computed.watches {
        let end = watch.hops.last().map_or(Some(holder), |hop| model.by_no(hop.to).map(AsRef::as_ref));
        let (Some(end), Watched::These(fields)) = (end, &watch.fields) else { continue };
        for field in fields {
            // Where a value is computed from now on, or not any more, nobody says that it has changed.
            let source = match field {
                Field::Property(no) => end.computed_by_no(*no),
                Field::Meta(Meta::Team) => end.owner(),
                Field::Meta(_) => None,
            };
            text.push_str(&format!(" {:?}", source.map(ComputedModel::no)));
            if *field == Field::Meta(Meta::Blueprint) {
                text.push_str(end.identifier());
            }
        }
    }
    if let Formula::Calculation { expression } = &computed.formula {
        text.push_str(&read_by(holder, expression));
    }
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The parts of its blueprint that an expression may read, by name and number: what was renamed or dropped reads
/// otherwise from then on.
fn read_by(holder: &BlueprintModel, expression: &str) -> String {
    let reads = reads(expression);
    let properties = holder.properties.iter().map(|found| (&found.property.identifier, found.no.0));
    let properties = properties.filter(|(name, _)| reads.as_ref().is_none_or(|reads| reads.contains(*name)));
    let relations = holder.relations.iter().map(|found| (&found.relation.identifier, found.no.0));
    let relations =
        relations.filter(|_| expression.contains("relations") || !expression.contains("properties"));
    let identifier = Some(holder.identifier()).filter(|_| expression.contains("blueprint"));
    format!("{:?} {:?} {identifier:?}", properties.collect::<Vec<_>>(), relations.collect::<Vec<_>>())
}
