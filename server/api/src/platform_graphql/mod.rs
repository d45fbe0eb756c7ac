//! The platform API: one fixed schema for everybody (api.md 3). Its SDL is committed as `schema.graphql`.

mod audit;
mod blueprint;
mod credential;
mod entity;
mod integration;
mod member;
mod model;
mod page_info;
mod portal;
mod problem;
mod role;
mod run;
mod shape;

use std::sync::Arc;

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{MergedObject, MergedSubscription, Request, Response, Schema};
use futures::{StreamExt, stream};
use portolan_catalog::{Catalog, OpContext};
use portolan_identity::Identity;
use portolan_integrations::Integrations;
use portolan_portal::Portal;

pub(crate) use self::entity::plan::rules_filter;
use self::shape::PlatformShape;
use crate::graphql::history;
use crate::graphql::limits::Limits;
use crate::graphql::parsed::Documents;
use crate::graphql::prepared::{in_order, prepare, run_within, with_cost};
use crate::graphql::refusal::sign;
use crate::limits::RateLimiter;

#[derive(MergedObject, Default)]
pub struct Query(
    audit::AuditQuery,
    blueprint::BlueprintQuery,
    credential::CredentialQuery,
    entity::EntityQuery,
    integration::IntegrationQuery,
    model::ModelQuery,
    member::MemberQuery,
    portal::PortalQuery,
    run::RunQuery,
);

#[derive(MergedObject, Default)]
pub struct Mutation(
    blueprint::BlueprintMutation,
    credential::CredentialMutation,
    entity::EntityMutation,
    integration::IntegrationMutation,
    member::MemberMutation,
    portal::PortalMutation,
    run::RunMutation,
);

#[derive(MergedSubscription, Default)]
pub struct Subscription(entity::live::EntitySubscription);

/// Answers queries of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct PlatformGraphql {
    schema: Schema<Query, Mutation, Subscription>,
    shape: Arc<PlatformShape>,
    limits: Arc<Limits>,
    catalog: Catalog,
    documents: Documents,
}

impl PlatformGraphql {
    pub(crate) fn new(
        catalog: Catalog,
        identity: Identity,
        integrations: Integrations,
        portal: Portal,
        rates: Arc<RateLimiter>,
    ) -> Self {
        let schema = Schema::build(Query::default(), Mutation::default(), Subscription::default())
            .data(catalog.clone())
            .data(identity)
            .data(integrations)
            .data(portal)
            .data(rates)
            .finish();
        let shape = Arc::new(PlatformShape::of::<Query, Mutation>());
        Self { schema, shape, limits: Arc::new(Limits::default()), catalog, documents: Documents::default() }
    }

    /// A request with what its resolvers look for.
    fn furnished(&self, ctx: &OpContext, request: Request) -> Request {
        request.data(ctx.clone()).data(history::loader(&self.catalog, ctx))
    }

    /// Answers one request. Mistakes are in the answer.
    pub async fn execute(&self, ctx: &OpContext, request: async_graphql::Request) -> Response {
        let limits = self.limits.of(ctx);
        let (mut response, cost) = match prepare(request, &self.documents, &*self.shape, &limits).await {
            Ok(prepared) => {
                let running = self.schema.execute(self.furnished(ctx, prepared.request));
                let mut response = run_within(&limits, running).await;
                prepared.order.arrange(&mut response);
                (response, prepared.cost)
            }
            Err(response) => (*response, 0),
        };
        sign(&mut response, ctx.request_id());
        with_cost(response, cost)
    }
}

impl PlatformGraphql {
    /// Runs one operation of a socket: a subscription's answers, or the one of anything else.
    pub fn subscribe(&self, ctx: OpContext, request: Request) -> BoxStream<'static, Response> {
        let own = self.clone();
        let begun = async move {
            let limits = own.limits.of(&ctx);
            match prepare(request, &own.documents, &*own.shape, &limits).await {
                Ok(prepared) => {
                    let request = own.furnished(&ctx, prepared.request);
                    in_order(prepared.order, own.schema.execute_stream(request))
                }
                Err(response) => stream::once(async move { *response }).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }
}

/// The schema's SDL: what is committed.
pub fn sdl() -> String {
    Schema::new(Query::default(), Mutation::default(), Subscription::default()).sdl()
}
