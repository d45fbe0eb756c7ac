//! Staged items: what a run has mapped and not committed yet.

use std::collections::{BTreeSet, HashSet};

use portolan_schema::{BlueprintNo, Result};
use sea_orm::QueryResult;

use super::ROWS;
use super::words::Verdict;
use crate::TenantScope;
use crate::entity_read::MAX_IN;
use crate::row::column;
use crate::sql::Sql;

/// Items removed by one statement.
const REMOVED: i64 = 5_000;

/// A mapped entity.
#[derive(Debug, Clone, PartialEq)]
pub struct StagedItem {
    /// Unique in its run, positive.
    pub no: i64,
    /// The entry of the mapping's resources that made it.
    pub kind: i32,
    pub blueprint: BlueprintNo,
    /// Empty where the entity names itself by a search query.
    pub identifier: String,
    /// The body, as `/v1` takes it, in JSON.
    pub entity: String,
    /// It holds search queries.
    pub late: bool,
    /// What the plan says.
    pub verdict: Option<Verdict>,
}

impl StagedItem {
    /// Where it is in the order of its blueprint's items.
    pub fn place(&self) -> Place {
        (self.identifier.clone(), self.kind, self.no)
    }
}

/// The order of a blueprint's items: by identifier, then as the mapping's resources are.
pub type Place = (String, i32, i64);

/// An identifier that a kind made more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    pub kind: i32,
    pub blueprint: BlueprintNo,
    pub identifier: String,
    pub times: i64,
}

impl TenantScope {
    /// Stages items, a statement each 250.
    pub async fn stage_items(&self, run: i64, items: &[StagedItem]) -> Result<()> {
        for chunk in items.chunks(ROWS) {
            let mut sql = Sql::new(
                "INSERT INTO run_items (tenant_id, run_id, item_no, kind_ordinal, action, late, blueprint_no, identifier,
                   entity) VALUES ",
            );
            for (at, item) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0).push(", ").bind(run);
                sql.push(", ").bind(item.no).push(", ").bind(item.kind).push(", 'W', ");
                sql.bind(i32::from(item.late)).push(", ").bind(item.blueprint.0);
                sql.push(", ").bind(item.identifier.as_str()).push(", ").bind(item.entity.as_str()).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Number of the run's last item, 0 where there is none.
    pub async fn last_item(&self, run: i64) -> Result<i64> {
        let mut sql = Sql::new("SELECT max(item_no) FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        let row = self.one(sql).await?;
        Ok(row.map(|row| column::<Option<i64>>(&row, 0)).transpose()?.flatten().unwrap_or(0))
    }

    /// A blueprint's items without search queries, in their order, after a place.
    pub async fn staged_items(
        &self,
        run: i64,
        blueprint: BlueprintNo,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<StagedItem>> {
        let mut sql = self.items_of(run, 0);
        sql.push(" AND blueprint_no = ").bind(blueprint.0);
        if let Some((identifier, kind, no)) = after {
            sql.push(" AND (identifier, kind_ordinal, item_no) > (").bind(identifier.as_str());
            sql.push(", ").bind(*kind).push(", ").bind(*no).push(")");
        }
        sql.push(" ORDER BY identifier, kind_ordinal, item_no LIMIT ")
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(item).collect()
    }

    /// Items with search queries, in the order in which they came, after a number.
    pub async fn late_items(&self, run: i64, after: i64, limit: usize) -> Result<Vec<StagedItem>> {
        self.numbered_items(run, true, after, limit).await
    }

    /// Late items or the others, by number, after one.
    pub async fn numbered_items(
        &self,
        run: i64,
        late: bool,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StagedItem>> {
        let mut sql = self.items_of(run, i32::from(late));
        sql.push(" AND item_no > ").bind(after).push(" ORDER BY item_no LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(item).collect()
    }

    fn items_of(&self, run: i64, late: i32) -> Sql {
        let mut sql = Sql::new(
            "SELECT item_no, kind_ordinal, blueprint_no, identifier, entity, late, verdict FROM run_items WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND action = 'W' AND (verdict IS NULL OR verdict <> 'F') AND late = ").bind(late);
        sql
    }

    /// Which kinds have items to write of which blueprints.
    pub async fn staged_blueprints(&self, run: i64) -> Result<BTreeSet<(i32, BlueprintNo)>> {
        let mut sql =
            Sql::new("SELECT DISTINCT kind_ordinal, blueprint_no FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND action = 'W'");
        self.all(sql).await?.iter().map(|row| Ok((column(row, 0)?, BlueprintNo(column(row, 1)?)))).collect()
    }

    /// Identifiers that one kind made more than once.
    pub async fn repeated_items(&self, run: i64, limit: usize) -> Result<Vec<Repeated>> {
        let mut sql = Sql::new(
            "SELECT blueprint_no, identifier, kind_ordinal, COUNT(*) FROM run_items WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND action = 'W' AND late = 0");
        sql.push(" GROUP BY blueprint_no, identifier, kind_ordinal HAVING COUNT(*) > 1");
        sql.push(" ORDER BY blueprint_no, identifier, kind_ordinal LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let read = |row: &QueryResult| {
            Ok(Repeated {
                blueprint: BlueprintNo(column(row, 0)?),
                identifier: column(row, 1)?,
                kind: column(row, 2)?,
                times: column(row, 3)?,
            })
        };
        self.all(sql).await?.iter().map(read).collect()
    }

    /// Which of a blueprint's identifiers are staged, and not known to fail.
    pub async fn staged_identifiers(
        &self,
        run: i64,
        blueprint: BlueprintNo,
        identifiers: &[&str],
    ) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        for chunk in identifiers.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT identifier FROM run_items WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
            sql.push(" AND blueprint_no = ").bind(blueprint.0);
            sql.push(" AND identifier IN (").bind_list(chunk.iter().copied());
            sql.push(") AND action = 'W' AND (verdict IS NULL OR verdict <> 'F')");
            for row in self.all(sql).await? {
                found.insert(column(&row, 0)?);
            }
        }
        Ok(found)
    }

    /// Records what the plan says of items.
    pub async fn set_verdict(&self, run: i64, verdict: Verdict, items: &[i64]) -> Result<()> {
        for chunk in items.chunks(MAX_IN) {
            let mut sql = Sql::new("UPDATE run_items SET verdict = ");
            sql.bind(verdict.as_str()).push(" WHERE tenant_id = ").bind(self.tenant().0);
            sql.push(" AND run_id = ").bind(run).push(" AND item_no IN (").bind_list(chunk.iter().copied());
            sql.push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Takes a plan back: only what was collected is left.
    pub async fn clear_plan(&self, run: i64) -> Result<()> {
        for statement in ["DELETE FROM run_items", "UPDATE run_items SET verdict = NULL"] {
            let mut sql = Sql::new(statement);
            sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND run_id = ").bind(run);
            sql.push(if statement.starts_with("DELETE") {
                " AND action = 'D'"
            } else {
                " AND verdict IS NOT NULL"
            });
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Removes what the plan leaves nothing to do for.
    pub async fn drop_settled_items(&self, run: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND (verdict = 'F' OR verdict = 'N' AND late = 0)");
        self.execute(sql).await?;
        Ok(())
    }

    /// Removes items.
    pub async fn remove_items(&self, run: i64, items: &[i64]) -> Result<()> {
        for chunk in items.chunks(MAX_IN) {
            let mut sql = Sql::new("DELETE FROM run_items WHERE tenant_id = ");
            sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
            sql.push(" AND item_no IN (").bind_list(chunk.iter().copied()).push(")");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// Removes up to 5,000 items of a run; answers whether any are left.
    pub async fn remove_some_items(&self, run: i64) -> Result<bool> {
        let mut sql = Sql::new("DELETE FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND item_no IN (SELECT item_no FROM run_items WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" LIMIT ").bind(REMOVED).push(")");
        Ok(self.execute(sql).await? == u64::try_from(REMOVED).unwrap_or(0))
    }
}

fn item(row: &QueryResult) -> Result<StagedItem> {
    let verdict: Option<String> = column(row, 6)?;
    Ok(StagedItem {
        no: column(row, 0)?,
        kind: column(row, 1)?,
        blueprint: BlueprintNo(column(row, 2)?),
        identifier: column(row, 3)?,
        entity: column(row, 4)?,
        late: column::<i32>(row, 5)? != 0,
        verdict: verdict.as_deref().map(Verdict::parse).transpose()?,
    })
}
