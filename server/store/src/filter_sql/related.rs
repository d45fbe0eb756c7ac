//! Conditions on related entities.

use portolan_schema::filter::{Direction, Quantifier};
use portolan_schema::{BlueprintModel, Field, Filter, Meta, RelationNo, Result};

use super::{FENCE, FilterWriter, Subject, gone, truth};
use crate::sql::Sql;

impl<'a> FilterWriter<'a> {
    /// The blueprint at the other end of a relation.
    pub(super) fn other_end(&self, relation: RelationNo, direction: Direction) -> Result<&'a BlueprintModel> {
        let (holder, found) = self.model.relation(relation).ok_or_else(|| gone("relation"))?;
        Ok(match direction {
            Direction::Forward => self.model.by_no(found.target).ok_or_else(|| gone("blueprint"))?,
            Direction::Backward => holder,
        })
    }

    pub(super) fn related(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        relation: RelationNo,
        direction: Direction,
        quantifier: Quantifier,
        filter: &Filter,
    ) -> Result<()> {
        let (mine, theirs) = ends(direction);
        let edge = self.alias("r");
        let other = Subject {
            id: format!("{edge}.{theirs}"),
            row: self.alias("t"),
            blueprint: self.other_end(relation, direction)?,
            at_hand: None,
        };
        if quantifier != Quantifier::Some {
            sql.push("NOT ");
        }
        sql.push("EXISTS (SELECT 1 FROM relations ").push(&edge);
        if needs_row(other.blueprint, filter) {
            sql.push(" CROSS JOIN entities ").push(&other.row);
        }
        sql.push(" WHERE ").push(&edge).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&edge).push(".relation_no = ").bind(relation.0);
        sql.push(" AND ").push(&edge).push(".").push(mine).push(" = ").push(&subject.id);
        // The sign keeps SQLite from taking the index by target for this alone.
        sql.push(" AND +").push(&edge).push(".target_id IS NOT NULL AND ");
        if needs_row(other.blueprint, filter) {
            sql.push(&other.row).push(".tenant_id = ").bind(self.tenant.0);
            sql.push(" AND ").push(&other.row).push(".entity_id = ").push(&other.id).push(" AND ");
        }
        if quantifier == Quantifier::Every {
            sql.push("NOT (");
            self.condition(sql, &other, filter)?;
            sql.push(")");
        } else {
            self.condition(sql, &other, filter)?;
        }
        sql.push(FENCE);
        Ok(())
    }

    /// Edges that wait for their target count by the identifier they wait for.
    pub(super) fn related_identifiers(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        relation: RelationNo,
        identifiers: &[String],
    ) {
        if identifiers.is_empty() {
            sql.push(truth(false));
            return;
        }
        let (edge, target) = (self.alias("r"), self.alias("t"));
        sql.push("EXISTS (SELECT 1 FROM relations ").push(&edge).push(" LEFT JOIN entities ").push(&target);
        sql.push(" ON ").push(&target).push(".tenant_id = ").push(&edge).push(".tenant_id AND ");
        sql.push(&target).push(".entity_id = ").push(&edge).push(".target_id WHERE ");
        sql.push(&edge).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&edge).push(".source_id = ").push(&subject.id).push(" AND ");
        sql.push(&edge).push(".relation_no = ").bind(relation.0);
        sql.push(" AND coalesce(").push(&target).push(".identifier, ").push(&edge).push(".pending) IN (");
        sql.bind_list(identifiers.iter().map(String::as_str)).push(")").push(FENCE);
    }
}

/// The columns of an edge: where one comes from, and where one goes.
pub(super) fn ends(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Forward => ("source_id", "target_id"),
        Direction::Backward => ("target_id", "source_id"),
    }
}

/// Whether a condition looks at the entity's own row, and not only at its value rows and edges.
pub(crate) fn needs_row(blueprint: &BlueprintModel, filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().any(|part| needs_row(blueprint, part)),
        Filter::Not(inner) => needs_row(blueprint, inner),
        Filter::Related { .. }
        | Filter::RelatedIdentifiers { .. }
        | Filter::Chain { .. }
        | Filter::Contextual(_) => false,
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Item { field, .. }
        | Filter::Range { field, .. }
        | Filter::Text { field, .. }
        | Filter::IsNull { field }
        | Filter::IsEmpty { field } => match field {
            Field::Meta(Meta::Team | Meta::Blueprint) => false,
            Field::Meta(_) => true,
            Field::Property(no) => {
                blueprint.property_by_no(*no).is_none_or(|property| property.property.column().is_none())
            }
        },
    }
}
