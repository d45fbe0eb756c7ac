//! How many entities each blueprint has: counted along by every write, so that nobody has to look.

use std::collections::{BTreeMap, HashMap};

use portolan_schema::{BlueprintNo, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::entity_write::EntityChange;
use crate::estimates::Estimates;
use crate::row::column;
use crate::sql::Sql;

impl TenantScope {
    /// Counts what changes make and take away: a statement.
    pub(crate) async fn move_counts(&self, changes: &[EntityChange]) -> Result<()> {
        let mut growth: BTreeMap<BlueprintNo, i64> = BTreeMap::new();
        for change in changes {
            let step = i64::from(change.before.is_none()) - i64::from(change.deleted);
            *growth.entry(change.after.blueprint).or_default() += step;
        }
        growth.retain(|_, growth| *growth != 0);
        if growth.is_empty() {
            return Ok(());
        }
        let mut sql =
            Sql::new("INSERT INTO blueprint_counts (tenant_id, blueprint_no, entity_count) VALUES ");
        for (at, (no, growth)) in growth.into_iter().enumerate() {
            sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
            sql.push(", ").bind(no.0).push(", ").bind(growth).push(")");
        }
        sql.push(
            " ON CONFLICT (tenant_id, blueprint_no)
              DO UPDATE SET entity_count = blueprint_counts.entity_count + excluded.entity_count",
        );
        self.execute(sql).await.map(drop)
    }

    /// How many entities each blueprint has; those that never had any are not there.
    pub async fn count_all_entities(&self) -> Result<HashMap<BlueprintNo, u64>> {
        let mut sql = Sql::new("SELECT blueprint_no, entity_count FROM blueprint_counts WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        let read =
            |row: &QueryResult| Ok((BlueprintNo(column(row, 0)?), column::<i64>(row, 1)?.unsigned_abs()));
        self.all(sql).await?.iter().map(read).collect()
    }

    /// How many entities a blueprint has.
    pub async fn count_entities(&self, no: BlueprintNo) -> Result<u64> {
        let row = self.one(self.counting(no)).await?;
        row.map_or(Ok(0), |row| column::<i64>(&row, 0).map(i64::unsigned_abs))
    }

    /// How many entities a blueprint has, or had a moment ago.
    pub(crate) async fn estimate_entities(&self, no: BlueprintNo) -> Result<usize> {
        let key = Estimates::key(self.tenant(), &self.counting(no));
        if let Some(known) = self.estimates().get(key) {
            return Ok(known);
        }
        let count = usize::try_from(self.count_entities(no).await?).unwrap_or(usize::MAX);
        self.estimates().put(key, count);
        Ok(count)
    }

    fn counting(&self, no: BlueprintNo) -> Sql {
        let mut sql = Sql::new("SELECT entity_count FROM blueprint_counts WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(no.0);
        sql
    }
}
