//! How much of what it may have a tenant has: the field.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_identity::Identity;
use portolan_portal::{Portal, Used};

use super::super::problem::refuse;
use crate::limits::RateLimiter;

/// A number, and its bound; null where there is none.
#[derive(SimpleObject)]
struct UsageCount {
    used: u64,
    limit: Option<u64>,
}

impl From<Used> for UsageCount {
    fn from(count: Used) -> Self {
        Self { used: count.used, limit: count.limit }
    }
}

/// What a tenant has, and what the operator allows it.
#[derive(SimpleObject)]
struct Usage {
    entities: UsageCount,
    blueprints: u64,
    members: u64,
    integrations: u64,
    pages: UsageCount,
    /// Of the last minute, as the server that answers counts them: each counts for itself.
    requests_per_minute: UsageCount,
    /// Largest body of a request, in bytes, other than streams and sets of documents; null for no bound of its own.
    body_bytes: Option<u64>,
    /// Most rows that a query may read; null for the server's own bound.
    query_cost: Option<u64>,
}

#[derive(Default)]
pub struct UsageQuery;

#[Object]
impl UsageQuery {
    async fn usage(&self, ctx: &Context<'_>) -> async_graphql::Result<Usage> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let (rates, identity): (&Arc<RateLimiter>, &Identity) = (ctx.data()?, ctx.data()?);
        let usage = portal.usage(who).await.map_err(refuse)?;
        let limits = who.limits();
        let per_minute = limits.requests_per_minute;
        let requests = per_minute.map_or(0, |limit| rates.used(who.tenant(), limit, identity.now()));
        Ok(Usage {
            entities: usage.entities.into(),
            blueprints: usage.blueprints,
            members: usage.members,
            integrations: usage.integrations,
            pages: usage.pages.into(),
            requests_per_minute: UsageCount { used: requests, limit: per_minute.map(u64::from) },
            body_bytes: limits.body_bytes.map(u64::from),
            query_cost: limits.query_cost.map(u64::from),
        })
    }
}
