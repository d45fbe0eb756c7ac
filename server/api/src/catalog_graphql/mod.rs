//! The catalog API: one GraphQL schema a tenant, made of its blueprints (api.md 2).
//!
//! A schema holds nothing of a tenant, so tenants with equal blueprints share one. A root list reads itself and all that
//! is selected below it in one call of the catalog.

mod aggregate;
pub mod breaks;
mod bulk;
mod conditions;
mod describe;
mod fields;
pub(crate) mod global_id;
mod graph;
mod history;
mod live;
mod mutations;
mod origins;
mod plan;
mod resolve;
mod shape;
mod types;
mod value_shape;
mod warnings;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::dynamic::{Field, FieldFuture, InputValue, Object, Schema, TypeRef};
use async_graphql::{Response, Value};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use moka::future::Cache;
use portolan_catalog::{Catalog, OpContext};
use portolan_schema::{CatalogModel, Error, Result};

use self::fields::Index;
use self::resolve::Request;
use self::shape::CatalogShape;
use self::warnings::Warnings;
use crate::graphql::history::loader;
use crate::graphql::limits::Limits;
use crate::graphql::parsed::Documents;
use crate::graphql::prepared::{in_order, prepare, run_within, with_cost};
use crate::graphql::refusal::{refused, sign};

/// Most bytes of built schemas that are kept, by estimate.
const CACHE_BYTES: u64 = 64 << 20;
/// A schema that nobody asks for is dropped after this time.
const CACHE_IDLE: Duration = Duration::from_secs(3_600);

/// Answers queries of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct CatalogGraphql {
    catalog: Catalog,
    limits: Arc<Limits>,
    schemas: Cache<[u8; 32], Arc<Built>>,
    documents: Documents,
}

struct Built {
    schema: Schema,
    index: Arc<Index>,
}

impl CatalogGraphql {
    pub fn new(catalog: Catalog) -> Self {
        let schemas = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(|_, built: &Arc<Built>| built.index.weight())
            .time_to_idle(CACHE_IDLE)
            .build();
        Self { catalog, limits: Arc::new(Limits::default()), schemas, documents: Documents::default() }
    }

    /// Answers one request. Mistakes are in the answer.
    pub async fn execute(&self, ctx: &OpContext, request: async_graphql::Request) -> Response {
        let (mut response, cost) = match self.run(ctx, request).await {
            Ok(answered) => answered,
            Err(error) => (refused(error), 0),
        };
        sign(&mut response, ctx.request_id());
        with_cost(response, cost)
    }

    async fn run(&self, ctx: &OpContext, request: async_graphql::Request) -> Result<(Response, u64)> {
        let model = self.catalog.model(ctx).await?;
        let built = self.schema(&model).await?;
        let limits = self.limits.of(ctx);
        let prepared = match prepare(request, &self.documents, &CatalogShape(&built.index), &limits).await {
            Ok(prepared) => prepared,
            Err(response) => return Ok((*response, 0)),
        };
        let scope = Arc::new(Request {
            ctx: ctx.clone(),
            catalog: self.catalog.clone(),
            model,
            warnings: Warnings::default(),
        });
        let histories = loader(&self.catalog, ctx);
        let running = built.schema.execute(prepared.request.data(scope.clone()).data(histories));
        let mut response = run_within(&limits, running).await;
        prepared.order.arrange(&mut response);
        if let Some(warnings) = scope.warnings.take() {
            response = response.extension("warnings", warnings);
        }
        Ok((response, prepared.cost))
    }

    /// Runs one operation of a socket: a subscription's answers, or the one of anything else.
    pub fn subscribe(&self, ctx: OpContext, request: async_graphql::Request) -> BoxStream<'static, Response> {
        let own = self.clone();
        let begun = async move {
            match own.begin(&ctx, request).await {
                Ok(answers) => answers,
                Err(error) => stream::once(async move { refused(error) }).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }

    async fn begin(
        &self,
        ctx: &OpContext,
        request: async_graphql::Request,
    ) -> Result<BoxStream<'static, Response>> {
        let model = self.catalog.present_model(ctx).await?;
        let built = self.schema(&model).await?;
        let limits = self.limits.of(ctx);
        let prepared = match prepare(request, &self.documents, &CatalogShape(&built.index), &limits).await {
            Ok(prepared) => prepared,
            Err(response) => return Ok(stream::once(async move { *response }).boxed()),
        };
        let scope = Arc::new(Request {
            ctx: ctx.clone(),
            catalog: self.catalog.clone(),
            model,
            warnings: Warnings::default(),
        });
        let request = prepared.request.data(scope).data(loader(&self.catalog, ctx));
        Ok(in_order(prepared.order, built.schema.execute_stream(request)))
    }

    /// The tenant's schema in SDL, and a tag that changes with it.
    pub async fn sdl(&self, ctx: &OpContext) -> Result<(String, String)> {
        let model = self.catalog.model(ctx).await?;
        let built = self.schema(&model).await?;
        Ok((model.revision().to_string(), built.schema.sdl()))
    }

    async fn schema(&self, model: &CatalogModel) -> Result<Arc<Built>> {
        let built = self.schemas.try_get_with(model.content_hash(), async { build(model).map(Arc::new) });
        built.await.map_err(|error: Arc<Error>| Error::internal(format!("{error:?}")))
    }
}

fn build(model: &CatalogModel) -> Result<Built> {
    let index = Arc::new(Index::new(model));
    let has_entities = !index.entities.is_empty();
    let mut query = Object::new("Query").field(
        Field::new("modelRevision", TypeRef::named_nn(TypeRef::INT), |ctx| {
            let revision = Request::of(&ctx).map(|request| Value::from(request.model.revision()));
            FieldFuture::from_value(revision.ok())
        })
        .description("Counts the changes of the tenant's blueprints."),
    );
    let mut mutation = Object::new("Mutation");
    let mut subscription = live::root();
    let mutation_name = has_entities.then_some("Mutation");
    let mut builder =
        history::add(types::add_built_in(Schema::build("Query", mutation_name, Some("Subscription"))));
    builder = origins::add(live::add_built_in(builder));
    if has_entities {
        let at = index.clone();
        let id = InputValue::new("id", TypeRef::named_nn(TypeRef::ID));
        query = query.field(
            Field::new("node", TypeRef::named("Node"), move |ctx| {
                let index = at.clone();
                FieldFuture::new(async move { resolve::node(ctx, &index).await })
            })
            .argument(id),
        );
        let at = index.clone();
        query = query.field(
            Field::new("entity", TypeRef::named("Entity"), move |ctx| {
                let index = at.clone();
                FieldFuture::new(async move { resolve::entity(ctx, &index).await })
            })
            .argument(InputValue::new("blueprint", TypeRef::named_nn(TypeRef::STRING)))
            .argument(InputValue::new("identifier", TypeRef::named_nn(TypeRef::ID))),
        );
        query = query.field(graph::search(&index));
    }
    builder = graph::add(builder, &index);
    for fields in index.entities.values() {
        let (at, own) = (index.clone(), fields.clone());
        query = query.field(
            Field::new(&fields.roots.one, TypeRef::named(&fields.type_name), move |ctx| {
                let (index, fields) = (at.clone(), own.clone());
                FieldFuture::new(async move { resolve::one(ctx, &index, &fields).await })
            })
            .argument(InputValue::new("identifier", TypeRef::named_nn(TypeRef::ID))),
        );
        let (at, own) = (index.clone(), fields.clone());
        let connection = TypeRef::named_nn(format!("{}Connection", fields.type_name));
        let list = Field::new(&fields.roots.list, connection, move |ctx| {
            let (index, fields) = (at.clone(), own.clone());
            FieldFuture::new(async move { resolve::list(ctx, &index, &fields).await })
        });
        query = query.field(types::list_arguments(list, fields));
        query = query.field(aggregate::field(&index, fields));
        builder = types::add_entity(builder, &index, fields);
        builder = aggregate::add(builder, fields);
        (builder, mutation) = mutations::add(builder, mutation, &index, fields);
        (builder, mutation) = bulk::add(builder, mutation, &index, fields);
        (builder, subscription) = live::add(builder, subscription, &index, fields);
    }
    builder = builder.register(query).register(subscription);
    if has_entities {
        builder = builder.register(mutation);
    }
    let schema = builder.finish().map_err(|error| Error::internal(error.to_string()))?;
    Ok(Built { schema, index })
}
