//! What is measured of transactions.

use std::time::Instant;

use portolan_schema::Result;

/// Counts a transaction that was begun, and the time until it could: waiting for a connection, or for SQLite's one
/// writer.
pub(crate) fn begun<T>(access: &'static str, asked: Instant, begun: &Result<T>) {
    if begun.is_ok() {
        metrics::counter!("portolan_database_transactions_total", "access" => access).increment(1);
    } else {
        metrics::counter!("portolan_database_refusals_total", "access" => access).increment(1);
    }
    metrics::histogram!("portolan_database_wait_seconds", "access" => access).record(asked.elapsed());
}
