//! Parts of blueprints that went away. Nobody reads what is stored under their numbers; it is swept away bit by bit.

use std::collections::HashMap;

use portolan_schema::{BlueprintNo, Instant, Result};
use sea_orm::QueryResult;

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// What a number stood for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    Blueprint,
    /// An own or computed property: value rows.
    Property,
    /// A relation: edges.
    Relation,
    /// A set of entities that did not fit their blueprint.
    InvalidSet,
}

impl PartKind {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Blueprint, "BLUEPRINT"),
        (Self::Property, "PROPERTY"),
        (Self::Relation, "RELATION"),
        (Self::InvalidSet, "INVALID_SET"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, text)| text)
    }
}

/// A number that no blueprint has any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredPart {
    pub no: i32,
    pub blueprint: BlueprintNo,
    pub kind: PartKind,
    /// The last name of what it stood for.
    pub identifier: String,
}

/// A retired part with rows that are still there.
#[derive(Debug, Clone)]
pub struct Unswept {
    part: RetiredPart,
    swept_to: i64,
}

impl TenantScope {
    /// Records parts that went away.
    pub async fn retire(&self, parts: &[RetiredPart], at: Instant) -> Result<()> {
        for chunk in parts.chunks(200) {
            let mut sql = Sql::new(
                "INSERT INTO retired_parts (tenant_id, part_no, blueprint_no, kind, identifier, retired_at, swept_to)
                 VALUES ",
            );
            for (index, part) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(part.no).push(", ").bind(part.blueprint.0);
                sql.push(", ").bind(part.kind.as_str()).push(", ").bind(part.identifier.as_str());
                let swept_to = (part.kind != PartKind::Blueprint).then_some(i64::MIN);
                sql.push(", ").bind(at.0).push(", ").bind(swept_to).push(")");
            }
            sql.push(" ON CONFLICT (tenant_id, part_no) DO NOTHING");
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// The last names of all that went away, by number.
    pub async fn retired_names(&self) -> Result<HashMap<i32, String>> {
        let mut sql = Sql::new("SELECT part_no, identifier FROM retired_parts WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.all(sql).await?.iter().map(|row| Ok((column(row, 0)?, column(row, 1)?))).collect()
    }

    /// The part that went away first of those before `until` that still have rows.
    pub async fn next_unswept(&self, until: Instant) -> Result<Option<Unswept>> {
        let mut sql = Sql::new(
            "SELECT part_no, blueprint_no, kind, identifier, swept_to FROM retired_parts WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND swept_to IS NOT NULL AND retired_at <= ").bind(until.0);
        sql.push(" ORDER BY retired_at, part_no LIMIT 1");
        self.one(sql).await?.as_ref().map(read).transpose()
    }

    /// When the first part that still has rows went away.
    pub async fn first_unswept(&self) -> Result<Option<Instant>> {
        let mut sql = Sql::new("SELECT min(retired_at) FROM retired_parts WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND swept_to IS NOT NULL");
        let row = self.one(sql).await?;
        Ok(row.map(|row| column::<Option<i64>>(&row, 0)).transpose()?.flatten().map(Instant))
    }

    /// Removes the rows of about the next `limit` entities.
    pub async fn sweep(&self, unswept: &Unswept, limit: usize) -> Result<()> {
        let Unswept { part, swept_to } = unswept;
        let next = match part.kind {
            PartKind::Blueprint => None,
            PartKind::Relation => self.sweep_edges(part, *swept_to, limit).await?,
            PartKind::Property | PartKind::InvalidSet => self.sweep_rows(part, *swept_to, limit).await?,
        };
        let mut sql = Sql::new("UPDATE retired_parts SET swept_to = ");
        sql.bind(next).push(" WHERE tenant_id = ").bind(self.tenant().0);
        sql.push(" AND part_no = ").bind(part.no);
        self.execute(sql).await?;
        Ok(())
    }

    /// Rows that are keyed by the number. Answers the last entity, None where no more rows are there.
    async fn sweep_rows(&self, part: &RetiredPart, after: i64, limit: usize) -> Result<Option<i64>> {
        let scope = |sql: &mut Sql| {
            sql.bind(self.tenant().0);
            match part.kind {
                PartKind::InvalidSet => sql.push(" AND set_no = ").bind(part.no),
                _ => sql
                    .push(" AND blueprint_no = ")
                    .bind(part.blueprint.0)
                    .push(" AND property_no = ")
                    .bind(part.no),
            };
        };
        let table = if part.kind == PartKind::InvalidSet { "invalid_entities" } else { "entity_values" };
        let mut sql = Sql::new("SELECT max(entity_id), count(*) FROM (SELECT entity_id FROM ");
        sql.push(table).push(" WHERE tenant_id = ");
        scope(&mut sql);
        sql.push(" AND entity_id > ").bind(after).push(" ORDER BY entity_id LIMIT ");
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(") part");
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        let (last, count): (Option<i64>, i64) = (column(&row, 0)?, column(&row, 1)?);
        let Some(last) = last else { return Ok(None) };
        let mut sql = Sql::new("DELETE FROM ");
        sql.push(table).push(" WHERE tenant_id = ");
        scope(&mut sql);
        sql.push(" AND entity_id <= ").bind(last);
        self.execute(sql).await?;
        Ok((usize::try_from(count).unwrap_or(usize::MAX) >= limit).then_some(last))
    }

    /// Edges are keyed by their source: all entities of the blueprint are gone through.
    async fn sweep_edges(&self, part: &RetiredPart, after: i64, limit: usize) -> Result<Option<i64>> {
        let ids = self.entity_ids_after(part.blueprint, after, limit).await?;
        let mut sql = Sql::new("DELETE FROM relations WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND source_id IN (").bind_list(ids.iter().copied());
        sql.push(") AND relation_no = ").bind(part.no);
        self.execute(sql).await?;
        Ok(ids.last().copied().filter(|_| ids.len() >= limit))
    }
}

fn read(row: &QueryResult) -> Result<Unswept> {
    let kind: String = column(row, 2)?;
    let kind =
        PartKind::ALL.iter().find(|(_, text)| *text == kind).map_or(PartKind::Blueprint, |(kind, _)| *kind);
    Ok(Unswept {
        part: RetiredPart {
            no: column(row, 0)?,
            blueprint: BlueprintNo(column(row, 1)?),
            kind,
            identifier: column(row, 3)?,
        },
        swept_to: column(row, 4)?,
    })
}
