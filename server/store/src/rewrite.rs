//! What a change of a blueprint does to rows: value rows of a property, edges of a relation.

use portolan_schema::{BlueprintNo, CatalogModel, PropertyNo, RelationNo, Result};

use crate::TenantScope;
use crate::entity::Entity;
use crate::sql::Sql;
use crate::value_rows::value_rows;

impl TenantScope {
    /// Removes a property's value rows.
    pub async fn delete_property_values(&self, blueprint: BlueprintNo, property: PropertyNo) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM entity_values WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint_no = ").bind(blueprint.0);
        sql.push(" AND property_no = ").bind(property.0);
        self.execute(sql).await?;
        Ok(())
    }

    /// Writes a property's value rows for these entities; there must be none.
    pub async fn insert_property_values(
        &self,
        model: &CatalogModel,
        properties: &[PropertyNo],
        entities: &[Entity],
    ) -> Result<()> {
        let mut rows = Vec::new();
        for entity in entities {
            let Some(blueprint) = model.by_no(entity.blueprint) else { continue };
            let wanted = value_rows(blueprint, &entity.state).into_iter();
            let wanted = wanted.filter(|row| properties.contains(&row.property));
            rows.extend(wanted.map(|row| (entity.blueprint, entity.id, row)));
        }
        rows.sort_by(|a, b| a.2.write_order(&b.2));
        self.insert_values(&rows).await
    }

    /// Removes all edges of a relation.
    pub async fn delete_relation_edges(&self, relation: RelationNo) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM relations WHERE tenant_id = ");
        sql.bind(self.tenant().0)
            .push(" AND source_id IN (SELECT source_id FROM relations WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND relation_no = ").bind(relation.0).push(") AND relation_no = ");
        sql.bind(relation.0);
        self.execute(sql).await?;
        Ok(())
    }
}
