//! Entities of several blueprints at once, each with what is asked of entities of its blueprint.

use std::collections::{BTreeMap, HashMap};

use portolan_schema::{BlueprintNo, CatalogModel, Result};

use crate::TenantScope;
use crate::entity_read::{MAX_IN, columns_of_any, read_parts};
use crate::query::{EntityNode, MixedQuery, Parts};
use crate::sql::Sql;

impl TenantScope {
    /// Entities by id, in no order. A statement each 5,000, and what each blueprint's query costs below.
    pub(crate) async fn nodes(
        &self,
        model: &CatalogModel,
        ids: &[i64],
        query: &MixedQuery,
    ) -> Result<Vec<EntityNode>> {
        // One statement reads all blueprints, so it reads what any of them is asked for.
        let mut parts = Parts::none();
        for wanted in query.by_blueprint.values() {
            parts.join(&wanted.parts);
        }
        let mut found: BTreeMap<BlueprintNo, Vec<EntityNode>> = BTreeMap::new();
        for chunk in ids.chunks(MAX_IN) {
            let mut sql = Sql::new(&format!(
                "SELECT {} FROM entities e WHERE e.tenant_id = ",
                columns_of_any("e", &parts)
            ));
            sql.bind(self.tenant().0);
            sql.push(" AND e.entity_id IN (").bind_list(chunk.iter().copied()).push(")");
            for row in self.all(sql).await? {
                let entity = read_parts(model, &row, 0, &parts)?;
                let node = EntityNode {
                    entity,
                    cursor: String::new(),
                    related: HashMap::new(),
                    graphs: HashMap::new(),
                };
                found.entry(node.entity.blueprint).or_default().push(node);
            }
        }
        for (blueprint, nodes) in &mut found {
            if let Some(query) = query.by_blueprint.get(blueprint) {
                let mut nodes: Vec<&mut EntityNode> = nodes.iter_mut().collect();
                self.load_below(model, &mut nodes, query).await?;
            }
        }
        Ok(found.into_values().flatten().collect())
    }
}
