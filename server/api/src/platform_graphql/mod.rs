//! The platform API: one fixed schema for everybody (api.md 3). Its SDL is committed as `schema.graphql`.

mod blueprint;
mod credential;
mod integration;
mod problem;
mod run;

use async_graphql::{EmptySubscription, MergedObject, Response, Schema, Value};
use portolan_catalog::{Catalog, OpContext};
use portolan_identity::Identity;
use portolan_integrations::Integrations;
use portolan_schema::Code;

/// Deepest query and most fields, introspection aside.
const MAX_DEPTH: usize = 12;
const MAX_COMPLEXITY: usize = 5_000;

#[derive(MergedObject, Default)]
pub struct Query(
    blueprint::BlueprintQuery,
    credential::CredentialQuery,
    integration::IntegrationQuery,
    run::RunQuery,
);

#[derive(MergedObject, Default)]
pub struct Mutation(
    blueprint::BlueprintMutation,
    credential::CredentialMutation,
    integration::IntegrationMutation,
    run::RunMutation,
);

/// Answers queries of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct PlatformGraphql(Schema<Query, Mutation, EmptySubscription>);

impl PlatformGraphql {
    pub fn new(catalog: Catalog, identity: Identity, integrations: Integrations) -> Self {
        let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
            .data(catalog)
            .data(identity)
            .data(integrations)
            .limit_depth(MAX_DEPTH)
            .limit_complexity(MAX_COMPLEXITY)
            .finish();
        Self(schema)
    }

    /// Answers one request. Mistakes are in the answer.
    pub async fn execute(&self, ctx: &OpContext, request: async_graphql::Request) -> Response {
        let mut response = self.0.execute(request.data(ctx.clone())).await;
        for error in &mut response.errors {
            let extensions = error.extensions.get_or_insert_with(Default::default);
            if extensions.get("code").is_none() {
                extensions.set("code", Code::InvalidQuery.as_str());
            }
            extensions.set("requestId", Value::from(ctx.request_id()));
        }
        response
    }
}

/// The schema's SDL: what is committed.
pub fn sdl() -> String {
    Schema::new(Query::default(), Mutation::default(), EmptySubscription).sdl()
}
