//! How many entities a tenant may have: the count stands in the head row, so that asking costs nothing.

use portolan_schema::{CatalogModel, Code, Error, Result, system};
use portolan_store::entity::Entity;
use portolan_store::entity_write::EntityChange;
use portolan_store::head::Head;

use crate::people;

/// How many more entities count after these changes. The people whom admins made members do not.
pub(crate) fn growth(model: &CatalogModel, changes: &[EntityChange]) -> i64 {
    let users = model.get(system::USER).map(|users| users.no());
    let counts = |entity: &Entity| Some(entity.blueprint) != users || !people::was_member(&entity.state);
    let step = |change: &EntityChange| {
        let before = change.before.as_ref().is_some_and(counts);
        i64::from(!change.deleted && counts(&change.after)) - i64::from(before)
    };
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
