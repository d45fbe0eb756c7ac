//! Integrations and their runs: configuration, progress, staged items, log, recorded payloads; what sources send between runs.

mod configuration;
mod delivery;
mod following;
mod hook;
mod payload;
mod rollback;
mod run;
mod run_deletions;
mod run_items;
mod run_kinds;
mod run_logs;
mod words;

pub use configuration::Integration;
pub use delivery::{DeliveryContent, DeliveryStatus, StoredDelivery, Waiting};
pub use following::{FollowPoint, Following, Standing};
pub use hook::Hook;
pub use rollback::Span;
pub use run::{Blocked, Run};
pub use run_deletions::{Gone, Holder};
pub use run_items::{Place, Repeated, StagedItem};
pub use run_kinds::{KindCounts, RunKind};
pub use run_logs::LogLine;
pub use words::{KindStatus, LogLevel, Phase, RunStatus, Verdict};

use portolan_schema::Result;
use sea_orm::QueryResult;

use crate::row::column;

/// Most rows of one multi-row statement.
const ROWS: usize = 250;

/// Code and message in two columns.
fn error(row: &QueryResult, from: usize) -> Result<Option<(String, String)>> {
    let code: Option<String> = column(row, from)?;
    let message: Option<String> = column(row, from + 1)?;
    Ok(code.map(|code| (code, message.unwrap_or_default())))
}
