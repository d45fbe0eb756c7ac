//! Lists of entities, and how many match.
//!
//! There are two ways to a page: *walk* the order's index and ask each entity whether it matches, which is right where
//! many match; or begin with the *hits* of a condition that an index answers, and sort them, which is right where they
//! are few. [`access`] finds out which; `docs/decisions/004-lists-choose-their-own-plan.md` says why it is not left to
//! the engines.

mod access;
mod among;
mod hits;
mod page;
mod walk;

pub(crate) use page::{Bounds, blueprint_of, page_of};

use portolan_schema::filter::Filter;
use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Error, Result};

use crate::TenantScope;
use crate::filter_sql::{Driver, FilterWriter, Subject, needs_row};
use crate::query::{EntityNode, EntityPage, EntityQuery, Page, Parts};
use crate::row::column;
use crate::sort::{self, Key};
use crate::sql::Sql;
use access::Access;

/// The parts of one list, resolved.
struct List<'a> {
    model: &'a CatalogModel,
    blueprint: &'a BlueprintModel,
    /// All of these have to hold.
    conjuncts: &'a [&'a Filter],
    keys: &'a [Key],
    page: &'a Page,
    parts: &'a Parts,
    bounds: Bounds,
}

impl TenantScope {
    /// A page of a list with everything it asks for through relations.
    ///
    /// # Errors
    /// `INVALID_CURSOR`, or `INVALID_OPERATOR` where the order names a field that cannot be sorted by.
    pub async fn list(&self, model: &CatalogModel, query: &EntityQuery) -> Result<EntityPage> {
        let blueprint = blueprint_of(model, query.blueprint)?;
        let keys = sort::keys(blueprint, &query.order, Key::IDENTIFIER)?;
        let bounds = Bounds::parse(&query.page, &keys)?;
        let filter = query.filter.simplified();
        let conjuncts = filter.conjuncts();
        let parts = sort::parts(blueprint, &keys, &query.nodes.parts);
        let list = List {
            model,
            blueprint,
            conjuncts: &conjuncts,
            keys: &keys,
            page: &query.page,
            parts: &parts,
            bounds,
        };
        let entities = match self.access(&list).await? {
            Access::Walk => self.walk(&list).await?,
            Access::Hits(driver) => self.hits(&list, &driver).await?,
        };
        let rows = entities.into_iter().map(|entity| (entity, 0)).collect();
        let mut page = page_of(blueprint, &keys, &query.page, rows);
        if query.count {
            page.total = Some(self.count_matches(model, blueprint, &conjuncts).await?);
        }
        let mut nodes: Vec<&mut EntityNode> = page.nodes.iter_mut().collect();
        self.load_below(model, &mut nodes, &query.nodes).await?;
        Ok(page)
    }

    /// How many entities match.
    pub async fn count(&self, model: &CatalogModel, blueprint: BlueprintNo, filter: &Filter) -> Result<u64> {
        let blueprint = blueprint_of(model, blueprint)?;
        let filter = filter.simplified();
        self.count_matches(model, blueprint, &filter.conjuncts()).await
    }

    async fn count_matches(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        conjuncts: &[&Filter],
    ) -> Result<u64> {
        if conjuncts.is_empty() {
            return self.count_entities(blueprint.no()).await;
        }
        if let [Filter::Not(inner)] = conjuncts {
            // Who does not match is all but those who do, whom an index may count.
            let inner = inner.conjuncts();
            if self.best_driver(model, blueprint, &inner).await?.is_some() {
                let all = Box::pin(self.count_matches(model, blueprint, &[])).await?;
                return Ok(all - Box::pin(self.count_matches(model, blueprint, &inner)).await?);
            }
        }
        let mut sql = Sql::new("SELECT count(*) FROM ");
        if let Some(driver) = self.best_driver(model, blueprint, conjuncts).await? {
            let mut writer = FilterWriter::new(self.backend(), self.tenant(), model);
            sql.push("(");
            writer.push_distinct_ids(&mut sql, &driver)?;
            sql.push(") h");
            let rest = rest(conjuncts, &driver);
            let joined = needs_row(blueprint, &rest);
            if joined {
                sql.push(" CROSS JOIN entities e");
            }
            sql.push(" WHERE ");
            if joined {
                sql.push("e.tenant_id = ").bind(self.tenant().0).push(" AND e.entity_id = h.id AND ");
            }
            writer.write(&mut sql, &FilterWriter::behind(blueprint), &rest)?;
        } else {
            sql.push("entities e WHERE ");
            let filter = Filter::All(conjuncts.iter().map(|part| (*part).clone()).collect());
            self.push_scope(&mut sql, model, blueprint, &filter)?;
        }
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(column::<i64>(&row, 0)?.unsigned_abs())
    }

    /// Appends tenant, blueprint and filter conditions on `e`.
    pub(crate) fn push_scope(
        &self,
        sql: &mut Sql,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        filter: &Filter,
    ) -> Result<()> {
        sql.push("e.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND e.blueprint_no = ").bind(blueprint.no().0);
        if *filter != Filter::always() {
            sql.push(" AND ");
            let subject = Subject::new("e.entity_id", blueprint);
            FilterWriter::new(self.backend(), self.tenant(), model).write(sql, &subject, filter)?;
        }
        Ok(())
    }
}

/// What is still to be asked of a driver's hits.
pub(crate) fn rest(conjuncts: &[&Filter], driver: &Driver<'_>) -> Filter {
    let asked = conjuncts.iter().enumerate().filter(|(at, _)| !driver.exact || *at != driver.conjunct);
    Filter::All(asked.map(|(_, part)| (*part).clone()).collect())
}
