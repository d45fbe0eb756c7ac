//! The sample workspace: a catalog to look at, beside whatever the tenant has. Its blueprints have names of their own and
//! say what they are, so that nothing of it is taken for something real; it goes as a whole.

mod load;
mod make;
mod remove;

use portolan_catalog::{Actor, OpContext, Role};
use portolan_schema::{CatalogModel, Result};

use crate::Portal;

/// What identifiers of sample blueprints begin with.
const PREFIX: &str = "sample_";
/// Who makes the sample's items, as it is recorded with them.
const ACTOR: &str = "sample";
/// The title of the folder that its pages are in.
const FOLDER: &str = "Sample workspace";

/// How the sample stands in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleWorkspace {
    /// Some of its blueprints are there.
    pub loaded: bool,
    /// Its blueprints that are there, by identifier.
    pub blueprints: Vec<String>,
    /// How many entities these have.
    pub entities: u64,
}

impl Portal {
    pub async fn sample_workspace(&self, ctx: &OpContext) -> Result<SampleWorkspace> {
        ctx.require(Role::Viewer)?;
        let model = self.catalog.model(ctx).await?;
        let blueprints = self.present(&model);
        let mut entities = 0;
        for found in blueprints.iter().filter_map(|name| model.get(name)) {
            entities += self.catalog.count_entities(ctx, found.no()).await?;
        }
        Ok(SampleWorkspace { loaded: !blueprints.is_empty(), blueprints, entities })
    }

    /// The sample's blueprints that a model has.
    fn present(&self, model: &CatalogModel) -> Vec<String> {
        let all = self.supplies.sample.blueprints.iter().filter_map(|one| one["identifier"].as_str());
        all.map(make::name).filter(|name| model.get(name).is_some()).collect()
    }
}

/// The caller's context as the sample's own: what is made with it is marked.
fn own(ctx: &OpContext) -> OpContext {
    OpContext::verified(ctx.tenant(), Actor::System(ACTOR), Role::Admin, ctx.request_id(), None)
        .with_limits(ctx.limits())
}
