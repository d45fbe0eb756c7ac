//! How much of what it may have a tenant has.

use portolan_catalog::{OpContext, Role};
use portolan_schema::Result;

use crate::Portal;
use crate::page::MAX_PAGES;

/// A number, and its bound; None where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    pub used: u64,
    pub limit: Option<u64>,
}

/// What is counted of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub entities: Used,
    pub blueprints: u64,
    pub members: u64,
    pub integrations: u64,
    pub pages: Used,
}

impl Portal {
    /// Needs Admin.
    pub async fn usage(&self, ctx: &OpContext) -> Result<Usage> {
        ctx.require(Role::Admin)?;
        let blueprints = self.catalog.model(ctx).await?.blueprints().len();
        let members = self.store.read_global().await?.count_members(ctx.tenant()).await?;
        let scope = self.store.read(ctx.tenant()).await?;
        let head = scope.head().await?;
        Ok(Usage {
            entities: Used {
                used: head.entity_count.unsigned_abs(),
                limit: head.entity_limit.map(i64::unsigned_abs),
            },
            blueprints: blueprints as u64,
            members,
            integrations: scope.count_integrations().await?,
            pages: Used { used: scope.count_pages().await?, limit: Some(MAX_PAGES) },
        })
    }
}
