//! Deleting a tenant: refused at once, then removed a slice at a time, so that others go on.

use std::time::{Duration, Instant as Timer};

use portolan_schema::{Error, Result};
use portolan_store::TenantId;
use portolan_store::identity::{TenantStatus, TenantTable};

use crate::Identity;
use crate::tenant::missing;

/// Rows of the first slice; the ones after it follow the time that it took.
const FIRST_SLICE: usize = 500;
const SLICE_ROWS: std::ops::RangeInclusive<usize> = 100..=20_000;
/// What a slice should take: on SQLite others wait for it.
const SLICE_TIME: Duration = Duration::from_millis(40);
/// Most walks through all tables; after the first there is only what requests wrote that were under way.
const MAX_WALKS: usize = 10;

impl Identity {
    /// Deletes a tenant with all that it owns. Accounts are global and stay. If the server ends meanwhile,
    /// [`Identity::keep_house`] finishes it.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn delete_tenant(&self, slug: &str) -> Result<()> {
        let id = self.begin_deletion(slug).await?;
        self.finish_deletion(id).await
    }

    /// Refuses the tenant's tokens and sessions from now on; nothing brings it back.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn begin_deletion(&self, slug: &str) -> Result<TenantId> {
        let scope = self.store.write_global().await?;
        let tenant = scope.tenant_by_slug(slug).await?.ok_or_else(|| missing(slug))?;
        scope.set_tenant_status(slug, TenantStatus::Deleting).await?;
        scope.commit().await?;
        tracing::info!(tenant.id = tenant.id.0, tenant.slug = slug, "a tenant is being deleted");
        Ok(tenant.id)
    }

    /// Removes the rows of a tenant whose deletion began, and the tenant itself. Several servers may do so at once.
    pub async fn finish_deletion(&self, id: TenantId) -> Result<()> {
        let tables = self.store.read(id).await?.tenant_tables().await?;
        for walk in 0.. {
            let mut removed = 0;
            for table in &tables {
                removed += self.empty(id, table).await?;
            }
            if removed == 0 {
                break;
            }
            if walk == MAX_WALKS {
                return Err(Error::unavailable("rows are written to a tenant while it is being deleted"));
            }
        }
        let scope = self.store.write_global().await?;
        scope.delete_tenant(id).await?;
        scope.commit().await?;
        tracing::info!(tenant.id = id.0, "a tenant was deleted");
        Ok(())
    }

    async fn empty(&self, id: TenantId, table: &TenantTable) -> Result<u64> {
        let (mut position, mut rows, mut removed) = (None, FIRST_SLICE, 0);
        loop {
            let began = Timer::now();
            let scope = self.store.write(id).await?;
            removed += scope.delete_slice(table, &mut position, rows).await?;
            scope.commit().await?;
            if position.is_none() {
                return Ok(removed);
            }
            rows = next_slice(rows, began.elapsed());
        }
    }
}

fn next_slice(rows: usize, took: Duration) -> usize {
    let wanted = rows as u128 * SLICE_TIME.as_micros() / took.as_micros().max(1);
    // No jump beyond the double: one slice may have been lucky.
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(rows * 2);
    wanted.clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_follow_the_time_they_take() {
        let ms = Duration::from_millis;
        for (rows, took, expected) in [
            (500, ms(40), 500),
            (500, ms(1), 1_000),
            (500, ms(400), 100),
            (20_000, ms(1), 20_000),
            (500, ms(80), 250),
        ] {
            assert_eq!(next_slice(rows, took), expected, "{rows} rows in {took:?}");
        }
    }
}
