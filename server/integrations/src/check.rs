//! Trying settings before they are saved: whether the source's address and credentials work.

use std::time::Duration;

use portolan_catalog::{OpContext, Role};
use portolan_ingestor_contract::{RetryPolicy, Settings};
use portolan_schema::{Code, Error, Pointer, Problem, Result};
use serde_json::Value;

use crate::Integrations;

/// Longest check.
const MAX_TIME: Duration = Duration::from_secs(8);

/// Settings to try.
#[derive(Debug, Clone, Default)]
pub struct Check {
    pub ingestor: String,
    pub config: Value,
    /// None: those of the integration that is named.
    pub secrets: Option<Value>,
    /// The integration whose settings these would become.
    pub integration: Option<String>,
}

impl Integrations {
    /// Needs Admin. Asks the source as little as possible; changes nothing.
    ///
    /// # Errors
    /// All problems, with paths below `/config` and `/secrets`; what the source said has an `UPSTREAM_…` code, an address
    /// that the operator does not allow `ADDRESS_REFUSED`.
    pub async fn check(&self, ctx: &OpContext, wanted: &Check) -> Result<()> {
        ctx.require(Role::Admin)?;
        let ingestor = self.ingestor(&wanted.ingestor)?;
        let secrets = match (&wanted.secrets, &wanted.integration) {
            (Some(secrets), _) => secrets.clone(),
            (None, Some(identifier)) => {
                let integration = self.find(ctx, identifier).await?;
                if integration.ingestor != wanted.ingestor {
                    let message = format!("\"{identifier}\" is of the ingestor {}", integration.ingestor);
                    return Err(Error::at(Code::InvalidValue, Pointer::root().key("ingestor"), message));
                }
                self.settings(ctx, &integration)?.secrets.expose()
            }
            (None, None) => Value::Object(serde_json::Map::new()),
        };
        let config = if wanted.config.is_null() {
            Value::Object(serde_json::Map::new())
        } else {
            wanted.config.clone()
        };
        let settings = Settings::new(config, secrets);
        let mut context = self.context(ctx.tenant())?;
        // A person waits for the answer.
        context.retry = RetryPolicy { attempts: 2, ..context.retry };
        match tokio::time::timeout(MAX_TIME, ingestor.check(&settings, &context)).await {
            Ok(result) => result.map_err(Error::from),
            Err(_) => {
                let message = format!("the source did not answer within {} seconds", MAX_TIME.as_secs());
                Err(Problem::new(Code::UpstreamUnreachable, Pointer::root(), message).into())
            }
        }
    }
}
