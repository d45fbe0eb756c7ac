//! A page by walking the index of the first key: first the rows that have a value for it, then those that have none.
//! Conditions are asked of each row that comes by.

use portolan_schema::property::Column;
use portolan_schema::{Filter, Result};
use sea_orm::Value;

use super::List;
use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{columns_of, read_parts};
use crate::filter_sql::{FilterWriter, Subject, column_name};
use crate::row::column;
use crate::sort::{Cursor, Key, KeyValue, Ordering, Source, push_joins};
use crate::sql::Sql;

/// So many entities are asked without counting first.
const ASKED: usize = 2_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment {
    /// Rows that have a value for the first key.
    Keyed,
    /// Rows that have none.
    Null,
}

/// What a statement answers.
#[derive(Clone, Copy)]
enum Wanted {
    Rows { limit: usize, offset: usize },
    Count,
}

impl TenantScope {
    pub(super) async fn walk(&self, list: &List<'_>) -> Result<Vec<Entity>> {
        let mut segments = vec![Segment::Keyed];
        if list.keys[0].nullable() {
            segments.push(Segment::Null);
        }
        if list.page.from_end {
            segments.reverse();
        }
        let wanted = list.page.limit + 1;
        let mut offset = list.page.offset;
        let mut entities = Vec::new();
        for segment in segments {
            let limit = wanted - entities.len();
            if limit == 0 {
                break;
            }
            let Some(sql) = self.segment(list, segment, Wanted::Rows { limit, offset })? else { continue };
            if segment == Segment::Null && !self.has_absent(list).await? {
                continue;
            }
            let rows = self.all(sql).await?;
            if !rows.is_empty() {
                offset = 0;
            } else if offset > 0
                && let Some(sql) = self.segment(list, segment, Wanted::Count)?
            {
                // All of this segment is skipped; the rest of the offset is the next one's.
                let skipped = self.one(sql).await?.map_or(Ok(0), |row| column::<i64>(&row, 0))?;
                offset = offset.saturating_sub(usize::try_from(skipped).unwrap_or(usize::MAX));
            }
            for row in rows {
                entities.push(read_parts(list.model, &row, 0, list.parts)?);
            }
        }
        Ok(entities)
    }

    /// The statement for one segment, or None where the cursors leave nothing of it.
    fn segment(&self, list: &List<'_>, segment: Segment, wanted: Wanted) -> Result<Option<Sql>> {
        let Some(bounds) = bounds(list, segment) else { return Ok(None) };
        let first = list.keys[0];
        let by_identifier = [Key::IDENTIFIER];
        let keys = match (segment, list.keys) {
            (Segment::Keyed, keys) => keys,
            (Segment::Null, [_]) => &by_identifier[..],
            (Segment::Null, [_, rest @ ..]) => rest,
            (Segment::Null, []) => return Ok(None),
        };
        let joined = segment == Segment::Keyed && matches!(first.source, Source::Value { .. });
        let ordering = Ordering {
            keys,
            id: if joined { "k0.entity_id" } else { "e.entity_id" },
            first_present: segment == Segment::Keyed,
            nulls_by_identifier: false,
        };
        let mut sql = Sql::new("SELECT ");
        sql.push(&match wanted {
            Wanted::Rows { .. } => columns_of(list.blueprint, "e", list.parts),
            Wanted::Count => "count(*)".to_owned(),
        });
        sql.push(" FROM ").push(if joined {
            // CROSS JOIN keeps SQLite from turning the join around; PostgreSQL takes it as an inner join.
            "entity_values k0 CROSS JOIN entities e"
        } else {
            "entities e"
        });
        push_joins(&mut sql, self.tenant(), list.blueprint.no(), &ordering, usize::from(joined));
        sql.push(" WHERE e.tenant_id = ").bind(self.tenant().0);
        let mut subject = Subject::new(ordering.id, list.blueprint);
        match (first.source, joined) {
            (Source::Value { property, column, list: many }, true) => {
                sql.push(" AND e.entity_id = k0.entity_id AND k0.tenant_id = ").bind(self.tenant().0);
                sql.push(" AND k0.blueprint_no = ").bind(list.blueprint.no().0);
                sql.push(" AND k0.property_no = ").bind(property.0);
                // That there is a value, said as a range: of it PostgreSQL expects a third of the rows, whatever it knows
                // of nulls.
                sql.push(" AND k0.").push(column_name(column)).push(" >= ").bind(least(column));
                if many {
                    sql.push(" AND k0.ordinal = 0");
                } else {
                    subject.at_hand = Some((property, "k0".to_owned()));
                }
            }
            _ => drop(sql.push(" AND e.blueprint_no = ").bind(list.blueprint.no().0)),
        }
        if segment == Segment::Keyed && !joined && first.nullable() {
            sql.push(" AND ").push(&first.expression(0)).push(" IS NOT NULL");
        }
        let mut parts: Vec<Filter> = list.conjuncts.iter().map(|part| (*part).clone()).collect();
        if segment == Segment::Null {
            match first.source {
                Source::Value { property, .. } => self.push_absent(&mut sql, list, property),
                _ => drop(sql.push(" AND ").push(&first.expression(0)).push(" IS NULL")),
            }
        }
        if !parts.is_empty() {
            sql.push(" AND ");
            let filter = if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) };
            FilterWriter::new(self.backend(), self.tenant(), list.model)
                .write(&mut sql, &subject, &filter)?;
        }
        for (cursor, reverse) in bounds {
            sql.push(" AND ");
            ordering.push_keyset(&mut sql, &cursor, reverse);
        }
        if let Wanted::Rows { limit, offset } = wanted {
            sql.push(" ORDER BY ").push(&ordering.order_by(list.page.from_end));
            // Written out: a plan made for any limit is a plan for no limit.
            sql.push(&format!(" LIMIT {limit}"));
            if offset > 0 {
                sql.push(" OFFSET ").bind(i64::try_from(offset).unwrap_or(i64::MAX));
            }
        }
        Ok(Some(sql))
    }

    /// Whether any entity of a large blueprint may be without a value for the first key. To find those is to ask all, so
    /// they are counted first.
    async fn has_absent(&self, list: &List<'_>) -> Result<bool> {
        let no = list.blueprint.no();
        let Source::Value { property, column, list: false } = list.keys[0].source else { return Ok(true) };
        if self.estimate_entities(no).await? <= ASKED {
            return Ok(true);
        }
        let entities = self.count_entities(no).await?;
        Ok(self.count_present(no, property, column_name(column)).await? < entities)
    }

    /// Appends that an entity has no value to be sorted by.
    fn push_absent(&self, sql: &mut Sql, list: &List<'_>, property: portolan_schema::PropertyNo) {
        sql.push(" AND NOT EXISTS (SELECT 1 FROM entity_values o WHERE o.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND o.blueprint_no = ").bind(list.blueprint.no().0);
        sql.push(" AND o.property_no = ").bind(property.0);
        sql.push(" AND o.entity_id = e.entity_id AND o.ordinal = 0 LIMIT 1 OFFSET 0)");
    }
}

/// Less than, or equal to, every value.
fn least(column: Column) -> Value {
    match column {
        Column::Text => "".into(),
        Column::Number | Column::Boolean => f64::NEG_INFINITY.into(),
        Column::Instant => i64::MIN.into(),
    }
}

/// The keyset conditions of a segment, with whether they bound its end; None where the cursors leave nothing of it.
fn bounds(list: &List<'_>, segment: Segment) -> Option<Vec<(Cursor, bool)>> {
    let mut found = Vec::new();
    for (cursor, reverse) in [(&list.bounds.after, false), (&list.bounds.before, true)] {
        let Some(cursor) = cursor else { continue };
        match (segment, cursor.keys[0] == KeyValue::Null) {
            // The cursor is in the other segment: all of this one is on its far side, or nothing is.
            (Segment::Keyed, true) if !reverse => return None,
            (Segment::Null, false) if reverse => return None,
            (Segment::Keyed, true) | (Segment::Null, false) => {}
            (Segment::Keyed, false) => found.push((cursor.clone(), reverse)),
            (Segment::Null, true) => found.push((cursor.rest(), reverse)),
        }
    }
    Some(found)
}
