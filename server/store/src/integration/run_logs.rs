//! The log of a run, line by line.

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use super::ROWS;
use super::words::LogLevel;
use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Counts the run's lines, from 1.
    pub no: i64,
    pub at: Instant,
    pub level: LogLevel,
    pub kind: Option<String>,
    /// What it is about.
    pub item: Option<String>,
    pub message: String,
}

impl TenantScope {
    /// Adds lines, whose numbers follow the last one's.
    pub async fn add_run_logs(&self, run: i64, lines: &[LogLine]) -> Result<()> {
        for chunk in lines.chunks(ROWS) {
            let mut sql = Sql::new(
                "INSERT INTO run_logs (tenant_id, run_id, line_no, at, level, kind, item, message) VALUES ",
            );
            for (at, line) in chunk.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0).push(", ").bind(run);
                sql.push(", ").bind(line.no).push(", ").bind(line.at.0).push(", ").bind(line.level.as_str());
                sql.push(", ").bind(line.kind.as_deref()).push(", ").bind(line.item.as_deref());
                sql.push(", ").bind(line.message.as_str()).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// A run's lines after a number.
    pub async fn run_logs(&self, run: i64, after: i64, limit: usize) -> Result<Vec<LogLine>> {
        let mut sql =
            Sql::new("SELECT line_no, at, level, kind, item, message FROM run_logs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run).push(" AND line_no > ").bind(after);
        sql.push(" ORDER BY line_no LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(line).collect()
    }

    /// Number of the run's last line, 0 where there is none.
    pub async fn last_log_line(&self, run: i64) -> Result<i64> {
        let mut sql = Sql::new("SELECT max(line_no) FROM run_logs WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND run_id = ").bind(run);
        let row = self.one(sql).await?;
        Ok(row.map(|row| column::<Option<i64>>(&row, 0)).transpose()?.flatten().unwrap_or(0))
    }
}

fn line(row: &QueryResult) -> Result<LogLine> {
    Ok(LogLine {
        no: column(row, 0)?,
        at: Instant(column(row, 1)?),
        level: LogLevel::parse(&column::<String>(row, 2)?)?,
        kind: column(row, 3)?,
        item: column(row, 4)?,
        message: column(row, 5)?,
    })
}
