//! What a failed statement means for the caller: nothing about SQL ever does.

use portolan_schema::{Code, Error};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// SQLSTATEs after which the same transaction may succeed: serialization failure, deadlock, lock timeout, too many
/// connections, shutdown, start-up.
const TRANSIENT: &[&str] = &["40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"];
/// SQLite's primary codes for BUSY and LOCKED.
const BUSY: &[i32] = &[5, 6];

/// SQLSTATE of a full disk, and SQLite's primary code for a full database.
const FULL: (&str, i32) = ("53100", 13);

/// Faults that pass become `UNAVAILABLE`, a database without room `STORAGE_FULL`, all others `INTERNAL`; the detail is for
/// the log alone.
pub(crate) fn fault(error: DbErr) -> Error {
    let code = code(&error);
    Error::Fault { code, detail: error.into() }
}

/// The same fault, as others hear of it whose work it ended too.
pub(crate) fn shared_fault(error: &Error, detail: &str) -> Error {
    let code = if error.code() == Code::StorageFull { Code::StorageFull } else { Code::Unavailable };
    Error::Fault { code, detail: detail.into() }
}

fn code(error: &DbErr) -> Code {
    let source = match error {
        DbErr::ConnectionAcquire(_) => return Code::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(source))
        | DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => source,
        _ => return Code::Internal,
    };
    match &**source {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Code::Unavailable,
        sqlx::Error::Database(detail) => {
            let Some(code) = detail.code() else { return Code::Internal };
            let is_sqlite = detail.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
            match code.parse::<i32>() {
                Ok(number) if is_sqlite && number & 0xff == FULL.1 => Code::StorageFull,
                Ok(number) if is_sqlite && BUSY.contains(&(number & 0xff)) => Code::Unavailable,
                _ if !is_sqlite && code == FULL.0 => Code::StorageFull,
                _ if !is_sqlite && TRANSIENT.contains(&code.as_ref()) => Code::Unavailable,
                _ => Code::Internal,
            }
        }
        _ => Code::Internal,
    }
}
