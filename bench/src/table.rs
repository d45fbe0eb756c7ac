//! The table that is printed.

use std::io::Write;
use std::time::Duration;

use portolan_schema::{Error, Result};
use portolan_store::testing::Engine;

/// The engine's own name.
pub fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}

/// Prints one line of the table.
pub fn row(what: &str, engine: &str, ours: &str, hand: &str, ratio: &str) -> Result<()> {
    line(&format!("| {what} | {engine} | {ours} | {hand} | {ratio} |"))
}

pub fn line(text: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}").map_err(Error::internal)?;
    out.flush().map_err(Error::internal)
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The time that all but one in a hundred stay below.
pub fn percentile_99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() * 99 / 100).copied().unwrap_or_default()
}

pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Items a second.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}
