//! Models to begin with, and the sample workspace: the fields.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_portal::{Portal, StarterModel as Model};
use portolan_schema::Pointer;
use serde_json::Value;

use super::super::problem::{ProblemObject, payload, refuse, under};

/// Blueprints to begin with.
struct StarterModel(Model);

#[Object]
impl StarterModel {
    /// What `applyStarterModel` takes.
    async fn name(&self) -> ID {
        self.0.name.clone().into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The ingestor that fills it; null where none does.
    async fn ingestor(&self) -> Option<&str> {
        self.0.ingestor.as_deref()
    }

    /// Definitions in Port's JSON.
    async fn blueprints(&self) -> Vec<Json<Value>> {
        self.0.blueprints.iter().cloned().map(Json).collect()
    }

    /// The same as documents that `portolan apply` takes.
    async fn yaml(&self) -> async_graphql::Result<String> {
        self.0.yaml().map_err(refuse)
    }
}

/// What came of taking a model, or would.
#[derive(SimpleObject)]
struct StarterModelPayload {
    /// Identifiers of blueprints that were not there.
    created: Vec<ID>,
    /// Those that were there, just so.
    unchanged: Vec<ID>,
    /// Those that are there and are something else; they stay as they are.
    conflicts: Vec<ID>,
    /// Identifiers of the pages that were made; in a dry run, of the blueprints that would get one.
    pages: Vec<ID>,
    errors: Vec<ProblemObject>,
}

/// A catalog to look at, beside what the tenant has. Its blueprints begin with `sample_`.
#[derive(SimpleObject)]
struct SampleWorkspace {
    loaded: bool,
    /// Identifiers of its blueprints that are there.
    blueprints: Vec<ID>,
    /// How many entities these have.
    entities: u64,
}

impl From<portolan_portal::SampleWorkspace> for SampleWorkspace {
    fn from(sample: portolan_portal::SampleWorkspace) -> Self {
        let blueprints = sample.blueprints.into_iter().map(ID::from).collect();
        Self { loaded: sample.loaded, blueprints, entities: sample.entities }
    }
}

#[derive(SimpleObject)]
struct SampleWorkspacePayload {
    sample: Option<SampleWorkspace>,
    errors: Vec<ProblemObject>,
}

impl SampleWorkspacePayload {
    fn new(result: portolan_schema::Result<portolan_portal::SampleWorkspace>) -> async_graphql::Result<Self> {
        let (sample, errors) = payload(result)?;
        Ok(Self { sample: sample.map(SampleWorkspace::from), errors })
    }
}

#[derive(Default)]
pub struct StarterQuery;

#[Object]
impl StarterQuery {
    /// Models that a tenant can begin with.
    async fn starter_models(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<StarterModel>> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.starter_models(who).map_err(refuse)?.into_iter().map(StarterModel).collect())
    }

    async fn sample_workspace(&self, ctx: &Context<'_>) -> async_graphql::Result<SampleWorkspace> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(portal.sample_workspace(who).await.map_err(refuse)?.into())
    }
}

#[derive(Default)]
pub struct StarterMutation;

#[Object]
impl StarterMutation {
    /// Makes the blueprints of a model that are missing, and a page for each that has none. What is there is never changed;
    /// where it is something else under the same identifier, nothing is made, unless `keepExisting` is set.
    async fn apply_starter_model(
        &self,
        ctx: &Context<'_>,
        name: ID,
        #[graphql(default)] keep_existing: bool,
        #[graphql(default)] dry_run: bool,
    ) -> async_graphql::Result<StarterModelPayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        let applied = portal.apply_starter_model(who, &name, keep_existing, dry_run).await;
        let (outcome, errors) = payload(applied.map_err(|error| under(error, &Pointer::root())))?;
        let outcome = outcome.unwrap_or_default();
        let ids = |names: Vec<String>| names.into_iter().map(ID::from).collect();
        Ok(StarterModelPayload {
            created: ids(outcome.created),
            unchanged: ids(outcome.unchanged),
            conflicts: ids(outcome.conflicts),
            pages: ids(outcome.pages),
            errors,
        })
    }

    /// Loads the sample workspace; what is there of it becomes as it was.
    async fn load_sample_workspace(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<SampleWorkspacePayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        SampleWorkspacePayload::new(portal.load_sample(who).await)
    }

    /// Removes the sample's blueprints with all their entities and views, and its pages. Nothing is removed where something
    /// else names one of its blueprints.
    async fn remove_sample_workspace(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<SampleWorkspacePayload> {
        let (portal, who): (&Portal, &OpContext) = (ctx.data()?, ctx.data()?);
        SampleWorkspacePayload::new(portal.remove_sample(who).await)
    }
}
