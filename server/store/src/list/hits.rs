//! A page by way of a condition's hits: all of them are fetched and sorted.

use portolan_schema::Result;

use super::{List, rest};
use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{columns_of, read_parts};
use crate::filter_sql::{Driver, FilterWriter};
use crate::sort::{Ordering, push_joins};
use crate::sql::Sql;

impl TenantScope {
    pub(super) async fn hits(&self, list: &List<'_>, driver: &Driver<'_>) -> Result<Vec<Entity>> {
        let ordering = Ordering::whole(list.keys, "h.id");
        let mut writer = FilterWriter::new(self.backend(), self.tenant(), list.model);
        let mut sql = Sql::new("SELECT ");
        sql.push(&columns_of(list.blueprint, "e", list.parts)).push(" FROM (");
        writer.push_distinct_ids(&mut sql, driver)?;
        sql.push(") h CROSS JOIN entities e");
        push_joins(&mut sql, self.tenant(), list.blueprint.no(), &ordering, 0);
        sql.push(" WHERE e.tenant_id = ").bind(self.tenant().0).push(" AND e.entity_id = h.id AND ");
        writer.write(&mut sql, &FilterWriter::behind(list.blueprint), &rest(list.conjuncts, driver))?;
        list.bounds.push(&mut sql, &ordering);
        sql.push(" ORDER BY ").push(&ordering.order_by(list.page.from_end));
        sql.push(&format!(" LIMIT {} OFFSET ", list.page.limit + 1));
        sql.bind(i64::try_from(list.page.offset).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| read_parts(list.model, row, 0, list.parts)).collect()
    }
}
