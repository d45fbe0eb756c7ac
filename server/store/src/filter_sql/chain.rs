//! Relations followed any number of times, as one recursive statement from the far ends.

use portolan_schema::filter::Direction;
use portolan_schema::{BlueprintNo, CatalogModel, Code, Filter, Pointer, Problem, RelationNo, Result};

use super::related::ends;
use super::{FilterWriter, Subject, gone};
use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// The parts of a [`Filter::Chain`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain<'f> {
    pub relations: Option<&'f [RelationNo]>,
    pub direction: Direction,
    pub most: Option<u32>,
    pub blueprint: BlueprintNo,
    pub filter: &'f Filter,
}

impl<'a> FilterWriter<'a> {
    /// Appends a `SELECT` of the ids of all entities, of whatever blueprint, that the chain leads from. With a bound on
    /// its length an id may come more than once.
    pub(super) fn push_chain(&mut self, sql: &mut Sql, chain: &Chain<'_>) -> Result<()> {
        let blueprint = self.model.by_no(chain.blueprint).ok_or_else(|| gone("blueprint"))?;
        let (reached, end) = (self.alias("w"), self.alias("t"));
        let (mine, theirs) = ends(chain.direction);
        let counts = chain.most.is_some();
        let edge = self.alias("r");
        sql.push("WITH RECURSIVE ").push(&reached).push(if counts { "(id, hops)" } else { "(id)" });
        sql.push(" AS (SELECT ").push(&edge).push(".").push(mine).push(if counts { ", 1" } else { "" });
        sql.push(" FROM entities ").push(&end).push(" CROSS JOIN relations ").push(&edge);
        sql.push(" WHERE ").push(&end).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&end).push(".blueprint_no = ").bind(blueprint.no().0).push(" AND ");
        let subject = Subject { id: format!("{end}.entity_id"), row: end.clone(), blueprint, at_hand: None };
        self.condition(sql, &subject, chain.filter)?;
        self.push_edge(sql, chain, &edge, theirs, &subject.id);
        let edge = self.alias("r");
        sql.push(" UNION SELECT ").push(&edge).push(".").push(mine);
        if counts {
            sql.push(", ").push(&reached).push(".hops + 1");
        }
        sql.push(" FROM ").push(&reached).push(" CROSS JOIN relations ").push(&edge).push(" WHERE 1 = 1");
        self.push_edge(sql, chain, &edge, theirs, &format!("{reached}.id"));
        if let Some(most) = chain.most {
            sql.push(" AND ").push(&reached).push(".hops < ").bind(i32::try_from(most).unwrap_or(i32::MAX));
        }
        sql.push(") SELECT id FROM ").push(&reached);
        Ok(())
    }

    /// Appends the conditions on an edge whose end `theirs` is the entity `id`.
    fn push_edge(&self, sql: &mut Sql, chain: &Chain<'_>, edge: &str, theirs: &str, id: &str) {
        sql.push(" AND ").push(edge).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(edge).push(".").push(theirs).push(" = ").push(id);
        // The sign keeps SQLite from taking the index by target for this alone.
        sql.push(" AND +").push(edge).push(".target_id IS NOT NULL");
        if let Some(relations) = chain.relations {
            sql.push(" AND ").push(edge).push(".relation_no IN (");
            sql.bind_list(relations.iter().map(|no| no.0)).push(")");
        }
    }
}

impl TenantScope {
    /// Counts what the chains in a filter lead to, no further than one more than `most`.
    ///
    /// # Errors
    /// `QUERY_TOO_COSTLY` where one leads to more than `most` entities.
    pub async fn check_chains(&self, model: &CatalogModel, filter: &Filter, most: usize) -> Result<()> {
        let mut chains = Vec::new();
        collect(filter, &mut chains);
        for chain in chains {
            let mut writer = FilterWriter::new(self.backend(), self.tenant(), model);
            let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 FROM (");
            writer.push_chain(&mut sql, &chain)?;
            sql.push(&format!(") i LIMIT {}) n", most + 1));
            let row = self.one(sql).await?;
            let reached = row.map(|row| column::<i64>(&row, 0)).transpose()?.unwrap_or(0);
            if usize::try_from(reached).unwrap_or(usize::MAX) > most {
                let message = format!(
                    "the rule leads to more than {most} entities through relations; a \"direction\", a path or \
                     a lower \"maxHops\" narrows it"
                );
                return Err(Problem::new(Code::QueryTooCostly, Pointer::root(), message).into());
            }
        }
        Ok(())
    }
}

fn collect<'f>(filter: &'f Filter, chains: &mut Vec<Chain<'f>>) {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().for_each(|part| collect(part, chains)),
        Filter::Not(inner) => collect(inner, chains),
        Filter::Related { filter, .. } => collect(filter, chains),
        Filter::Chain { relations, direction, most, blueprint, filter } => {
            collect(filter, chains);
            chains.push(Chain {
                relations: relations.as_deref(),
                direction: *direction,
                most: *most,
                blueprint: *blueprint,
                filter,
            });
        }
        _ => {}
    }
}
