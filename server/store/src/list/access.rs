//! Which way to take to a page: walk the order, or begin with the hits of a condition.
//!
//! Walking costs about as many looks as there are entities for each match, times the page; beginning with the hits costs
//! one look a hit. Both cost the same where `hits² = page × entities`. So hits are counted, but never further than that.

use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Error, Filter, PropertyNo, Result};

use super::List;
use crate::TenantScope;
use crate::estimates::Estimates;
use crate::filter_sql::{Driver, FilterWriter, drivers};
use crate::row::column;
use crate::sort::Source;
use crate::sql::Sql;

/// So few hits are sorted without further thought.
const FEW: usize = 200;
/// Hits are counted no further than this where several conditions compete and no order does.
const MANY_HITS: usize = 2_000;

/// The way to take.
pub(super) enum Access<'f> {
    Walk,
    Hits(Driver<'f>),
}

impl TenantScope {
    pub(super) async fn access<'f>(&self, list: &List<'f>) -> Result<Access<'f>> {
        let first = list.keys[0].source;
        let mut found = drivers(list.model, list.blueprint, list.conjuncts);
        // A range of the index that is walked bounds the walk.
        found.retain(|driver| match first {
            Source::Column { name, .. } => !driver.is_of_column(name),
            Source::Value { property, list: many, .. } => many || !driver.is_of_property(property),
            Source::Ordinal => true,
        });
        if found.is_empty() || self.estimates().walks_only() {
            return Ok(Access::Walk);
        }
        if let Some(at) = found.iter().position(|driver| driver.at_most.is_some_and(|most| most <= FEW)) {
            return Ok(Access::Hits(found.swap_remove(at)));
        }
        let entities = self.estimate_entities(list.blueprint.no()).await?;
        // A power of two, so that few different statements come of it.
        let few = entities.saturating_mul(list.page.limit + list.page.offset + 1).isqrt();
        let few = few.max(FEW).next_power_of_two();
        let counts = self.measure(list.model, &found, few).await?;
        let best = counts.iter().enumerate().min_by_key(|(_, count)| **count);
        Ok(match best {
            Some((at, count)) if *count <= few => Access::Hits(found.swap_remove(at)),
            _ => Access::Walk,
        })
    }

    /// The condition with the fewest hits, for work that goes through all of them anyway.
    pub(crate) async fn best_driver<'f>(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        conjuncts: &[&'f Filter],
    ) -> Result<Option<Driver<'f>>> {
        let mut found = drivers(model, blueprint, conjuncts);
        if found.len() < 2 {
            return Ok(found.pop());
        }
        let counts = self.measure(model, &found, MANY_HITS).await?;
        let best = counts.iter().enumerate().min_by_key(|(_, count)| **count).map(|(at, _)| at);
        Ok(best.map(|at| found.swap_remove(at)))
    }

    /// How many hits each has, counted to one more than `few`.
    async fn measure(&self, model: &CatalogModel, drivers: &[Driver<'_>], few: usize) -> Result<Vec<usize>> {
        let limit = few + 1;
        let mut counts = vec![0; drivers.len()];
        let mut asked = Vec::new();
        let mut sql = Sql::new("SELECT ");
        for (at, driver) in drivers.iter().enumerate() {
            for level in driver.levels() {
                let mut writer = FilterWriter::new(self.backend(), self.tenant(), model);
                let mut part = Sql::new("");
                part.push("(SELECT count(*) FROM (SELECT 1 FROM (");
                writer.push_ids(&mut part, level, Some(limit))?;
                part.push(&format!(") i LIMIT {limit}) n)"));
                let key = Estimates::key(self.tenant(), &part);
                match self.estimates().get(key) {
                    Some(known) => counts[at] = counts[at].max(known),
                    None => {
                        if !asked.is_empty() {
                            sql.push(", ");
                        }
                        sql.append(part);
                        asked.push((at, key));
                    }
                }
            }
        }
        if asked.is_empty() {
            return Ok(counts);
        }
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        for (place, (at, key)) in asked.into_iter().enumerate() {
            let count = usize::try_from(column::<i64>(&row, place)?).unwrap_or(usize::MAX);
            self.estimates().put(key, count);
            counts[at] = counts[at].max(count);
        }
        Ok(counts)
    }

    /// How many entities have a value of a property that is no list.
    pub(crate) async fn count_present(
        &self,
        blueprint: BlueprintNo,
        property: PropertyNo,
        column_name: &str,
    ) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM entity_values WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND property_no = ").bind(property.0);
        sql.push(" AND ").push(column_name).push(" IS NOT NULL");
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(column::<i64>(&row, 0)?.unsigned_abs())
    }
}
