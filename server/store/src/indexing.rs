//! Value rows of properties that are stored in another way from now on, and the entities that they are made of.

use portolan_schema::{BlueprintNo, CatalogModel, PropertyNo, Result};

use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{MAX_IN, columns, read};
use crate::row::column;
use crate::sql::Sql;
use crate::value_rows::value_rows;

impl TenantScope {
    /// The next entities of a blueprint by identifier, without relations: for work that goes through all of them.
    pub async fn entities_after(
        &self,
        model: &CatalogModel,
        blueprint: BlueprintNo,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Entity>> {
        let mut sql = Sql::new(&format!("SELECT {} FROM entities e WHERE e.tenant_id = ", columns("e")));
        sql.bind(self.tenant().0).push(" AND e.blueprint_no = ").bind(blueprint.0);
        sql.push(" AND e.identifier > ").bind(after).push(" ORDER BY e.identifier LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| read(model, row, 0)).collect()
    }

    /// The next identifiers of a blueprint's entities, in their order.
    pub async fn identifiers_after(
        &self,
        blueprint: BlueprintNo,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>> {
        let mut sql = Sql::new("SELECT identifier FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND identifier > ").bind(after).push(" ORDER BY identifier LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| column(row, 0)).collect()
    }

    /// Whether a blueprint has more entities than `limit`.
    pub async fn exceeds(&self, blueprint: BlueprintNo, limit: usize) -> Result<bool> {
        let mut sql = Sql::new("SELECT 1 FROM entities WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" ORDER BY identifier LIMIT 1 OFFSET ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(self.one(sql).await?.is_some())
    }

    /// Writes the value rows of own properties, by their numbers, for these entities; what is there already goes.
    pub async fn index_properties(
        &self,
        model: &CatalogModel,
        properties: &[PropertyNo],
        entities: &[&Entity],
    ) -> Result<()> {
        let mut rows = Vec::new();
        for entity in entities {
            let Some(blueprint) = model.by_no(entity.blueprint) else { continue };
            let wanted = value_rows(blueprint, &entity.state).into_iter();
            let wanted = wanted.filter(|row| properties.contains(&row.property));
            rows.extend(wanted.map(|row| (entity.blueprint, entity.id, row)));
        }
        if let Some(first) = entities.first() {
            let ids: Vec<i64> = entities.iter().map(|entity| entity.id).collect();
            self.unindex_properties(first.blueprint, properties, &ids).await?;
        }
        rows.sort_by(|a, b| a.2.write_order(&b.2));
        self.insert_values(&rows).await
    }

    /// Removes the value rows of these entities of one blueprint under these numbers.
    pub async fn unindex_properties(
        &self,
        blueprint: BlueprintNo,
        properties: &[PropertyNo],
        entities: &[i64],
    ) -> Result<()> {
        for property in properties {
            for chunk in entities.chunks(MAX_IN) {
                let mut sql = Sql::new("DELETE FROM entity_values WHERE tenant_id = ");
                sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
                sql.push(" AND property_no = ").bind(property.0);
                sql.push(" AND entity_id IN (").bind_list(chunk.iter().copied()).push(")");
                self.execute(sql).await?;
            }
        }
        Ok(())
    }
}
