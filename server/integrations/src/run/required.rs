//! Who cannot do without whom: required relations and what they lack when their targets go.

use std::collections::{BTreeSet, HashSet};

use portolan_schema::{CatalogModel, RelationNo, Result};
use portolan_store::TenantScope;

/// The model's required relations.
pub(crate) struct Required {
    all: Vec<RelationNo>,
    many: HashSet<RelationNo>,
}

/// What goes beside the entities that are looked at.
#[derive(Clone, Copy)]
pub(crate) enum Going {
    /// What a run has staged for deletion.
    Staged(i64),
    /// Everything that belongs to an integration.
    Owned(i64),
}

impl Required {
    pub(crate) fn of(model: &CatalogModel) -> Self {
        let relations = model.blueprints().iter().flat_map(|blueprint| &blueprint.relations);
        let required: Vec<_> = relations.filter(|relation| relation.relation.required).collect();
        let many = required.iter().filter(|relation| relation.relation.many);
        Self {
            many: many.map(|relation| relation.no).collect(),
            all: required.iter().map(|relation| relation.no).collect(),
        }
    }

    /// Entities that stay and would lack a required relation without the targets: (source, target).
    pub(crate) async fn lacking(
        &self,
        scope: &TenantScope,
        targets: &[i64],
        going: Going,
    ) -> Result<Vec<(i64, i64)>> {
        if self.all.is_empty() {
            return Ok(Vec::new());
        }
        let edges = scope.edges_of_relations_to(&self.all, targets).await?;
        if edges.is_empty() {
            return Ok(Vec::new());
        }
        let sources: BTreeSet<i64> = edges.iter().map(|(source, ..)| *source).collect();
        let sources: Vec<i64> = sources.into_iter().collect();
        let many: Vec<RelationNo> = self.many.iter().copied().collect();
        let others = match edges.iter().any(|(_, relation, _)| self.many.contains(relation)) {
            true => scope.edges_of_relations_from(&many, &sources).await?,
            false => Vec::new(),
        };
        let touched: BTreeSet<i64> =
            sources.iter().copied().chain(others.iter().map(|(.., target)| *target)).collect();
        let touched: Vec<i64> = touched.into_iter().collect();
        let going: HashSet<i64> = match going {
            Going::Staged(run) => scope.are_going(run, &touched).await?,
            Going::Owned(integration) => {
                let holders = scope.holders(&touched).await?;
                let owned = holders.into_iter().filter(|holder| holder.integration == Some(integration));
                owned.map(|holder| holder.entity).collect()
            }
        };
        // A to-many relation that keeps another target lacks nothing.
        let kept: HashSet<(i64, RelationNo)> = others
            .into_iter()
            .filter(|(.., target)| !going.contains(target))
            .map(|(source, relation, _)| (source, relation))
            .collect();
        Ok(edges
            .into_iter()
            .filter(|(source, relation, _)| !going.contains(source) && !kept.contains(&(*source, *relation)))
            .map(|(source, _, target)| (source, target))
            .collect())
    }
}
