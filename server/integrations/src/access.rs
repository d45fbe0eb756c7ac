//! What people need in order to let an integration in: how it proves for whom it comes, and what it has to be allowed.

use portolan_catalog::{OpContext, Role, TenantId};
use portolan_ingestor_contract::Ingestor;
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Pointer, Result};
use portolan_store::integration::Integration;
use serde_json::Value;

use crate::Integrations;

impl Integrations {
    /// The proof that a source is asked for this tenant, made by this server and always the same: a role's trust policy
    /// demands it, so that no other tenant can use the role. None where the ingestor shows no such proof. Needs Admin.
    ///
    /// # Errors
    /// `FORBIDDEN`; where there is no such ingestor.
    pub fn external_id(&self, ctx: &OpContext, ingestor: &str) -> Result<Option<String>> {
        ctx.require(Role::Admin)?;
        match self.ingestor(ingestor)?.uses_external_id() {
            true => self.proof(ctx.tenant()).map(Some),
            false => Ok(None),
        }
    }

    /// The document by which a source is told to allow these kinds and nothing else; without kinds, those that the
    /// ingestor describes. None where its sources take no such documents.
    ///
    /// # Errors
    /// Where there is no such ingestor.
    pub fn policy(&self, ingestor: &str, config: &Value, kinds: Option<&[String]>) -> Result<Option<Value>> {
        let ingestor = self.ingestor(ingestor)?;
        let kinds: Vec<&str> = match kinds {
            Some(kinds) => kinds.iter().map(String::as_str).collect(),
            None => ingestor.descriptor().kinds.iter().map(|kind| kind.name).collect(),
        };
        Ok(ingestor.policy(config, &kinds))
    }

    /// The same for the kinds of an integration's mapping, with its configuration. None also where its ingestor is not here.
    pub fn policy_of(&self, integration: &Integration) -> Option<Value> {
        let ingestor: &dyn Ingestor = self.ingestor(&integration.ingestor).ok()?;
        let mapping = MappingConfig::parse(&integration.mapping, &Pointer::root()).ok()?;
        let kinds: Vec<&str> = mapping.resources.iter().map(|resource| resource.kind.as_str()).collect();
        ingestor.policy(&integration.config, &kinds)
    }

    pub(crate) fn proof(&self, tenant: TenantId) -> Result<String> {
        let name = self.0.sealer.name(&format!("tenant:{}/external id", tenant.0))?;
        Ok(format!("portolan-{name}"))
    }
}
