//! What a failed statement means for the caller: nothing about SQL ever does.

use portolan_schema::Error;
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// SQLSTATEs after which the same transaction may succeed: serialization failure, deadlock, lock timeout, too many
/// connections, shutdown, start-up.
const TRANSIENT: &[&str] = &["40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"];
/// SQLite's primary codes for BUSY and LOCKED.
const BUSY: &[i32] = &[5, 6];

/// Faults that pass become `UNAVAILABLE`, all others `INTERNAL`; the detail is for the log alone.
pub(crate) fn fault(error: DbErr) -> Error {
    if is_transient(&error) { Error::unavailable(error) } else { Error::internal(error) }
}

fn is_transient(error: &DbErr) -> bool {
    let source = match error {
        DbErr::ConnectionAcquire(_) => return true,
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => source,
        _ => return false,
    };
    match &**source {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(detail) => detail.code().is_some_and(|code| {
            TRANSIENT.contains(&code.as_ref())
                || code.parse::<i32>().is_ok_and(|code| code < 100_000 && BUSY.contains(&(code & 0xff)))
                    && detail.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
        }),
        _ => false,
    }
}
