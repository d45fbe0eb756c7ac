//! What the operator allows one tenant.

use serde::{Deserialize, Serialize};

/// Limits of one tenant. None takes the server's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantLimits {
    /// Requests a minute, on each server; as many may come at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Bytes of one request's body, other than streams and sets of documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u32>,
    /// Rows that one query of the catalog may return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_cost: Option<u32>,
    /// Entities that the tenant may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entities: Option<u32>,
}

impl TenantLimits {
    /// What is not set here comes from `defaults`.
    #[must_use]
    pub fn or(self, defaults: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(defaults.requests_per_minute),
            body_bytes: self.body_bytes.or(defaults.body_bytes),
            query_cost: self.query_cost.or(defaults.query_cost),
            entities: self.entities.or(defaults.entities),
        }
    }
}
