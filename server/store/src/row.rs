//! Reading columns of a result row by position.

use portolan_schema::{Error, Result};
use sea_orm::{QueryResult, TryGetable};
use serde::de::DeserializeOwned;

/// The value of a column.
///
/// # Errors
/// A fault where the column has another type: the statement and its reader disagree.
pub(crate) fn column<T: TryGetable>(row: &QueryResult, index: usize) -> Result<T> {
    T::try_get_by_index(row, index).map_err(|error| Error::internal(format!("column {index}: {error:?}")))
}

/// A column that holds JSON as text.
pub(crate) fn json_column<T: DeserializeOwned>(row: &QueryResult, index: usize) -> Result<T> {
    let text: String = column(row, index)?;
    serde_json::from_str(&text).map_err(Error::internal)
}
