//! What a run did with each entry of its mapping's resources.

use portolan_schema::Result;
use sea_orm::QueryResult;

use super::error;
use super::words::KindStatus;
use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// What a run did with one entry of its mapping's resources.
#[derive(Debug, Clone, PartialEq)]
pub struct RunKind {
    pub kind: String,
    pub status: KindStatus,
    /// Raw items that the source gave.
    pub seen: i64,
    /// Entities that the mapping made of them.
    pub mapped: i64,
    pub counts: KindCounts,
    /// The kind's own error, or that of its first failed item.
    pub error: Option<(String, String)>,
}

/// What became of entities; what a batch adds to a kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KindCounts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub deleted: i64,
    pub failed: i64,
    /// Not everything could be read or written: nothing of its blueprints may be said to be gone.
    pub incomplete: bool,
}

impl KindCounts {
    pub fn add(&mut self, added: &Self) {
        self.created += added.created;
        self.updated += added.updated;
        self.unchanged += added.unchanged;
        self.deleted += added.deleted;
        self.failed += added.failed;
        self.incomplete |= added.incomplete;
    }
}

const COLUMNS: &str = "kind, status, seen, mapped, created, updated, unchanged, deleted, failed, incomplete, error_code, \
     error_message";

impl TenantScope {
    /// Makes or replaces the counts of a run, one row an entry of its mapping, in one statement.
    pub async fn save_run_kinds(&self, run: i64, kinds: &[RunKind]) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        self.save_numbered_kinds(run, (0_i32..).zip(kinds)).await
    }

    /// The same with numbers of the caller's, at least one.
    pub(super) async fn save_numbered_kinds<'k>(
        &self,
        run: i64,
        kinds: impl Iterator<Item = (i32, &'k RunKind)>,
    ) -> Result<()> {
        let mut sql =
            Sql::new(&format!("INSERT INTO run_kinds (tenant_id, run_id, ordinal, {COLUMNS}) VALUES "));
        for (at, (ordinal, kind)) in kinds.enumerate() {
            let counts = &kind.counts;
            sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
            sql.push(", ").bind(run).push(", ").bind(ordinal);
            sql.push(", ").bind(kind.kind.as_str()).push(", ").bind(kind.status.as_str());
            let numbers = [
                kind.seen,
                kind.mapped,
                counts.created,
                counts.updated,
                counts.unchanged,
                counts.deleted,
                counts.failed,
            ];
            for number in numbers {
                sql.push(", ").bind(number);
            }
            sql.push(", ").bind(i32::from(counts.incomplete));
            sql.push(", ").bind(kind.error.as_ref().map(|error| error.0.as_str()));
            sql.push(", ").bind(kind.error.as_ref().map(|error| error.1.as_str())).push(")");
        }
        let columns = COLUMNS.split(", ").map(str::trim);
        let updates: Vec<String> = columns.map(|column| format!("{column} = excluded.{column}")).collect();
        sql.push(" ON CONFLICT (tenant_id, run_id, ordinal) DO UPDATE SET ").push(&updates.join(", "));
        self.execute(sql).await?;
        Ok(())
    }

    /// Adds to a kind's counts; an error is kept unless there is one already.
    pub async fn add_to_run_kind(
        &self,
        run: i64,
        ordinal: i32,
        added: &KindCounts,
        error: Option<&(String, String)>,
    ) -> Result<()> {
        let mut sql = Sql::new("UPDATE run_kinds SET created = created + ");
        sql.bind(added.created).push(", updated = updated + ").bind(added.updated);
        sql.push(", unchanged = unchanged + ").bind(added.unchanged);
        sql.push(", deleted = deleted + ")
            .bind(added.deleted)
            .push(", failed = failed + ")
            .bind(added.failed);
        if added.incomplete {
            sql.push(", incomplete = 1");
        }
        if let Some((code, message)) = error {
            sql.push(", error_code = coalesce(error_code, ").bind(code.as_str());
            sql.push("), error_message = coalesce(error_message, ").bind(message.as_str()).push(")");
        }
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND run_id = ").bind(run);
        sql.push(" AND ordinal = ").bind(ordinal);
        self.execute(sql).await?;
        Ok(())
    }

    /// Sets to nothing what only a commit may count.
    pub async fn reset_run_kinds(&self, run: i64) -> Result<()> {
        let mut sql =
            Sql::new("UPDATE run_kinds SET created = 0, updated = 0, deleted = 0 WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        self.execute(sql).await?;
        Ok(())
    }

    pub async fn run_kinds(&self, run: i64) -> Result<Vec<RunKind>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM run_kinds WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" ORDER BY ordinal");
        self.all(sql).await?.iter().map(kind).collect()
    }
}

fn kind(row: &QueryResult) -> Result<RunKind> {
    Ok(RunKind {
        kind: column(row, 0)?,
        status: KindStatus::parse(&column::<String>(row, 1)?)?,
        seen: column(row, 2)?,
        mapped: column(row, 3)?,
        counts: KindCounts {
            created: column(row, 4)?,
            updated: column(row, 5)?,
            unchanged: column(row, 6)?,
            deleted: column(row, 7)?,
            failed: column(row, 8)?,
            incomplete: column::<i32>(row, 9)? != 0,
        },
        error: error(row, 10)?,
    })
}
