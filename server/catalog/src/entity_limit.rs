//! How many entities a tenant may have: the count stands in the head row, so that asking costs nothing.

use portolan_schema::{Code, Error, Result};
use portolan_store::entity_write::EntityChange;
use portolan_store::head::Head;

/// How many more entities there are after these changes.
pub(crate) fn growth(changes: &[EntityChange]) -> i64 {
    let step = |change: &EntityChange| i64::from(change.before.is_none()) - i64::from(change.deleted);
    changes.iter().map(step).sum()
}

/// The operator may bound how many entities a tenant has. Whoever has more, since the bound is newer, may still change
/// and delete them.
pub(crate) fn refuse_beyond(head: Head, growth: i64) -> Result<()> {
    match head.entity_limit {
        Some(limit) if growth > 0 && head.entity_count + growth > limit => {
            let message = format!(
                "the tenant may have {limit} entities; it has {}, and {growth} more were to be made",
                head.entity_count
            );
            Err(Error::problem(Code::EntityLimitReached, message))
        }
        _ => Ok(()),
    }
}
