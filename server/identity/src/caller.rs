//! Who asks: what a verified token or session turns into.

use portolan_schema::{Error, Result};
use portolan_store::identity::Tenant;
use portolan_store::{Actor, OpContext, Role};

use crate::{Identity, Origin};

/// A verified caller in one tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// With the tenant's limits, the server's defaults filled in.
    pub ctx: OpContext,
    pub tenant_slug: String,
}

/// Which tenant is asked for; None where the credential decides alone.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub tenant: Option<String>,
}

impl Wanted {
    /// # Errors
    /// `NOT_FOUND` where another tenant is wanted, whether or not there is one.
    pub(crate) fn refuse_other(&self, slug: &str) -> Result<()> {
        match &self.tenant {
            Some(wanted) if wanted != slug => Err(Error::not_found(format!("the tenant \"{wanted}\""))),
            _ => Ok(()),
        }
    }
}

impl Identity {
    pub(crate) fn caller(&self, tenant: &Tenant, actor: Actor, role: Role, origin: &Origin) -> Caller {
        let user_agent = origin.user_agent.clone();
        let ctx = OpContext::verified(tenant.id, actor, role, origin.request_id.as_str(), user_agent)
            .from_address(origin.address)
            .with_limits(tenant.limits.or(self.settings.limits))
            .with_model_revision(tenant.model_revision)
            .with_asked_at(Some(self.now()));
        Caller { ctx, tenant_slug: tenant.slug.clone() }
    }
}
