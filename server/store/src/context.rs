//! Who asks: the first argument of every capability. Built from a verified credential, or for named background work.

use std::net::IpAddr;
use std::sync::Arc;

use portolan_schema::{Code, Error, Instant, Result};
use serde::{Deserialize, Serialize};

use crate::identity::TenantLimits;

/// Number of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub i64);

/// What an actor may do in a tenant; each role may do what the ones before it may (api.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also writes entities.
    Member,
    /// Also blueprints, integrations, credentials, members and settings.
    Admin,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "VIEWER",
            Role::Member => "MEMBER",
            Role::Admin => "ADMIN",
        }
    }

    /// Reads a role, ignoring case.
    pub fn parse(text: &str) -> Option<Self> {
        [Role::Viewer, Role::Member, Role::Admin]
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text))
    }
}

/// Who acts, as it is recorded in stamps and versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A machine credential, by its client id.
    Credential(String),
    /// A person, by e-mail.
    Account(String),
    /// A run of an integration, by the integration's identifier.
    Integration(String),
    /// Work of the server itself, by name.
    System(&'static str),
}

impl Actor {
    /// The text in `createdBy` and its like.
    pub fn stamp(&self) -> String {
        match self {
            Actor::Credential(id) | Actor::Account(id) => id.clone(),
            Actor::Integration(identifier) => format!("integration:{identifier}"),
            Actor::System(name) => format!("system:{name}"),
        }
    }
}

/// The context of one operation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OpContext(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    tenant: TenantId,
    actor: Actor,
    role: Role,
    request_id: String,
    user_agent: Option<String>,
    address: Option<IpAddr>,
    limits: TenantLimits,
    model_revision: Option<i64>,
    asked_at: Option<Instant>,
}

impl OpContext {
    /// For a request whose credential was verified; `identity` is the only caller outside of tests.
    pub fn verified(
        tenant: TenantId,
        actor: Actor,
        role: Role,
        request_id: impl Into<String>,
        user_agent: Option<String>,
    ) -> Self {
        let (address, limits) = (None, TenantLimits::default());
        Self(Arc::new(Inner {
            tenant,
            actor,
            role,
            request_id: request_id.into(),
            user_agent,
            address,
            limits,
            model_revision: None,
            asked_at: None,
        }))
    }

    /// The same, with where the request comes from.
    #[must_use]
    pub fn from_address(mut self, address: Option<IpAddr>) -> Self {
        Arc::make_mut(&mut self.0).address = address;
        self
    }

    /// The same, with what the operator set for the tenant. Background work has no limits.
    #[must_use]
    pub fn with_limits(mut self, limits: TenantLimits) -> Self {
        Arc::make_mut(&mut self.0).limits = limits;
        self
    }

    /// The same, with the revision that the tenant's model had when the caller was verified.
    #[must_use]
    pub fn with_model_revision(mut self, revision: i64) -> Self {
        Arc::make_mut(&mut self.0).model_revision = Some(revision);
        self
    }

    /// The same, for one request that came at this time; None for a context that lives longer than one.
    #[must_use]
    pub fn with_asked_at(mut self, at: Option<Instant>) -> Self {
        Arc::make_mut(&mut self.0).asked_at = at;
        self
    }

    /// For named background work in a tenant; it has every right there.
    pub fn background(tenant: TenantId, actor: Actor) -> Self {
        Self::verified(tenant, actor, Role::Admin, "background", None)
    }

    /// The least revision that the tenant's model has, where that was read with the caller's rights.
    pub fn model_revision(&self) -> Option<i64> {
        self.0.model_revision
    }

    /// The one point in time that everything in a request is answered for.
    pub fn asked_at(&self) -> Option<Instant> {
        self.0.asked_at
    }

    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    pub fn role(&self) -> Role {
        self.0.role
    }

    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The caller's `User-Agent`, which is an entity's `$datasource` (port-api.md 2.7).
    pub fn user_agent(&self) -> Option<&str> {
        self.0.user_agent.as_deref()
    }

    /// The caller's network address; None where it is not known, as for background work.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    /// What the operator set for the tenant; None in it leaves the bound to who asks.
    pub fn limits(&self) -> TenantLimits {
        self.0.limits
    }

    /// # Errors
    /// [`Code::Forbidden`] where the role is lower than `role`.
    pub fn require(&self, role: Role) -> Result<()> {
        if self.0.role >= role {
            return Ok(());
        }
        let message = format!("this needs the role {}; yours is {}", role.as_str(), self.0.role.as_str());
        Err(Error::problem(Code::Forbidden, message))
    }
}
