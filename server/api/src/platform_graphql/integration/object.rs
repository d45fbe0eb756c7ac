//! Ingestors, integrations, and what asks about them.

use async_graphql::{
    ComplexObject, Context, Enum, ID, InputObject, Json, MaybeUndefined, Object, SimpleObject,
};
use portolan_catalog::OpContext;
use portolan_identity::Identity;
use portolan_integrations::{Check, IntegrationChange, Integrations, NewIntegration, RunStatus};
use serde_json::{Map, Value};

use super::following::Following;
use crate::platform_graphql::problem::{ProblemObject, refuse};
use crate::platform_graphql::run::ResyncRun;

/// The code for one kind of source.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Ingestor {
    name: ID,
    title: String,
    kinds: Vec<String>,
    /// JSON Schema of an integration's `config`.
    config_schema: Json<Value>,
    /// JSON Schema of an integration's `secrets`.
    secrets_schema: Json<Value>,
    /// A mapping that covers every kind.
    default_mapping: Json<Value>,
    /// What the source must allow, in its own words.
    permissions: Vec<String>,
}

impl From<&portolan_integrations::Descriptor> for Ingestor {
    fn from(found: &portolan_integrations::Descriptor) -> Self {
        Self {
            name: found.name.into(),
            title: found.title.to_owned(),
            kinds: found.kinds.iter().map(|kind| kind.name.to_owned()).collect(),
            config_schema: Json(found.config_schema.clone()),
            secrets_schema: Json(found.secrets_schema.clone()),
            default_mapping: Json(found.default_mapping.clone()),
            permissions: found.permissions.iter().map(|text| (*text).to_owned()).collect(),
        }
    }
}

#[ComplexObject]
impl Ingestor {
    /// The external id that this server shows for your tenant when it assumes a role, for the role's trust policy: known
    /// before there is an integration, and the same for all of them. Null where the source has no such thing.
    async fn external_id(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        integrations.external_id(who, &self.name).map_err(refuse)
    }

    /// The least-privilege policy for these kinds, as the source takes it; without kinds, for those of `kinds`. Null where
    /// the source takes no such documents.
    async fn policy(
        &self,
        ctx: &Context<'_>,
        kinds: Option<Vec<String>>,
    ) -> async_graphql::Result<Option<Json<Value>>> {
        let integrations: &Integrations = ctx.data()?;
        let policy = integrations.policy(&self.name, &Value::Null, kinds.as_deref()).map_err(refuse)?;
        Ok(policy.map(Json))
    }
}

/// How an integration stands: how its last run went that was more than a plan.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum IntegrationStatus {
    /// It has never run.
    New,
    Running,
    /// The guard stopped its last run, which waits for a person.
    Blocked,
    Succeeded,
    /// Some kinds or items failed.
    Partial,
    Failed,
    Cancelled,
}

/// One tenant's configured use of an ingestor. Its secrets are never readable.
pub struct Integration(pub portolan_integrations::Integration);

#[Object]
impl Integration {
    async fn identifier(&self) -> ID {
        ID::from(&self.0.identifier)
    }

    async fn ingestor(&self) -> &str {
        &self.0.ingestor
    }

    /// It runs elsewhere: its client keeps its configuration here, as its mapping, and nothing of it is changed or started by
    /// this API.
    async fn remote(&self) -> bool {
        self.0.remote
    }

    async fn config(&self) -> Json<Value> {
        Json(self.0.config.clone())
    }

    async fn mapping(&self) -> Json<Value> {
        Json(self.0.mapping.clone())
    }

    /// The least-privilege policy for what it reads: the kinds of its mapping, with its configuration. Null where the source
    /// takes no such documents.
    async fn policy(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<Value>>> {
        let integrations: &Integrations = ctx.data()?;
        Ok(integrations.policy_of(&self.0).map(Json))
    }

    /// When it runs by itself: a cron expression of five fields, in UTC.
    async fn schedule(&self) -> Option<&str> {
        self.0.schedule.as_deref()
    }

    /// The next time of its schedule.
    async fn next_run_at(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let next = integrations.next_run_at(who, &self.0).await.map_err(refuse)?;
        Ok(next.map(portolan_schema::Instant::to_rfc3339))
    }

    /// The secret part of the address at which the source tells of changes; none where the integration takes no deliveries.
    async fn hook_key(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        integrations.hook_key(who, &self.0).await.map_err(refuse)
    }

    /// The address itself, to be kept as a secret.
    async fn hook_url(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let identity: &Identity = ctx.data()?;
        let key = integrations.hook_key(who, &self.0).await.map_err(refuse)?;
        Ok(key.map(|key| format!("{}/api/hooks/{key}", identity.settings().public_url)))
    }

    /// How its source is followed between runs; none where its settings do not ask for that.
    async fn following(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Following>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let state = integrations.following(who, &self.0).await.map_err(refuse)?;
        Ok(state.map(Following::from))
    }

    /// `{share, atLeast}`: what a run may delete unasked.
    async fn guard(&self) -> Json<Value> {
        Json(self.0.guard.clone())
    }

    async fn status(&self, ctx: &Context<'_>) -> async_graphql::Result<IntegrationStatus> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let status = integrations.standing(who, &self.0).await.map_err(refuse)?;
        Ok(match status {
            None => IntegrationStatus::New,
            Some(RunStatus::Queued | RunStatus::Running) => IntegrationStatus::Running,
            Some(RunStatus::Blocked) => IntegrationStatus::Blocked,
            Some(RunStatus::Succeeded) => IntegrationStatus::Succeeded,
            Some(RunStatus::Partial) => IntegrationStatus::Partial,
            Some(RunStatus::Failed) => IntegrationStatus::Failed,
            Some(RunStatus::Cancelled) => IntegrationStatus::Cancelled,
        })
    }

    async fn last_run(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ResyncRun>> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        Ok(integrations.last_run(who, self.0.id).await.map_err(refuse)?.map(ResyncRun))
    }

    async fn created_at(&self) -> String {
        self.0.created_at.to_rfc3339()
    }

    async fn created_by(&self) -> &str {
        &self.0.created_by
    }

    async fn updated_at(&self) -> String {
        self.0.updated_at.to_rfc3339()
    }

    async fn updated_by(&self) -> &str {
        &self.0.updated_by
    }
}

#[derive(InputObject)]
pub struct IntegrationInput {
    identifier: ID,
    ingestor: String,
    /// Without it, `{}`.
    config: Option<Json<Value>>,
    secrets: Option<Json<Value>>,
    /// Without it, the ingestor's default; its missing blueprints are made.
    mapping: Option<Json<Value>>,
    /// When it runs by itself: a cron expression of five fields, in UTC, such as `*/15 * * * *`. Without it, never.
    schedule: Option<String>,
    /// `{share, atLeast}`: what a run may delete unasked.
    guard: Option<Json<Value>>,
}

impl From<IntegrationInput> for NewIntegration {
    fn from(input: IntegrationInput) -> Self {
        Self {
            identifier: input.identifier.0,
            ingestor: input.ingestor,
            config: input.config.map(|value| value.0).unwrap_or_default(),
            secrets: input.secrets.map(|value| value.0).unwrap_or_default(),
            mapping: input.mapping.map(|value| value.0).filter(|value| !value.is_null()),
            schedule: input.schedule,
            guard: input.guard.map(|value| value.0),
        }
    }
}

/// What is to change. What is not named stays; null means the default.
#[derive(InputObject)]
pub struct IntegrationChangeInput {
    identifier: Option<ID>,
    config: MaybeUndefined<Json<Value>>,
    /// Replaces all secrets.
    secrets: MaybeUndefined<Json<Value>>,
    mapping: MaybeUndefined<Json<Value>>,
    /// Null: never by itself.
    schedule: MaybeUndefined<String>,
    guard: MaybeUndefined<Json<Value>>,
}

impl From<IntegrationChangeInput> for IntegrationChange {
    fn from(input: IntegrationChangeInput) -> Self {
        let part = |value: MaybeUndefined<Json<Value>>| match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(Json(value)) => Some(Some(value).filter(|value| !value.is_null())),
        };
        let object = |value| part(value).map(|value| value.unwrap_or_else(|| Value::Object(Map::new())));
        Self {
            identifier: input.identifier.map(|identifier| identifier.0),
            config: object(input.config),
            secrets: object(input.secrets),
            mapping: part(input.mapping),
            schedule: match input.schedule {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(schedule) => Some(Some(schedule)),
            },
            guard: part(input.guard),
        }
    }
}

#[derive(InputObject)]
pub struct CheckInput {
    ingestor: String,
    config: Option<Json<Value>>,
    /// Without them, those of `integration`.
    secrets: Option<Json<Value>>,
    /// The integration whose settings these would become.
    integration: Option<ID>,
}

impl From<CheckInput> for Check {
    fn from(input: CheckInput) -> Self {
        Self {
            ingestor: input.ingestor,
            config: input.config.map(|value| value.0).unwrap_or_default(),
            secrets: input.secrets.map(|value| value.0).filter(|value| !value.is_null()),
            integration: input.integration.map(|identifier| identifier.0),
        }
    }
}

/// Whether settings work.
#[derive(SimpleObject)]
pub struct CheckPayload {
    pub ok: bool,
    pub problems: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
pub struct IntegrationPayload {
    pub integration: Option<Integration>,
    pub errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
pub struct IntegrationDeletePayload {
    /// Entities that went with the integration.
    pub deleted_entities: u64,
    pub errors: Vec<ProblemObject>,
}

/// What a mapping makes of samples.
#[derive(SimpleObject)]
pub struct MappingPreview {
    /// One a sample.
    pub results: Vec<MappingResult>,
    /// Problems of the mapping itself.
    pub errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
pub struct MappingResult {
    /// `{blueprint, identifier, title, icon, team, properties, relations}`
    entities: Vec<Json<Value>>,
    errors: Vec<ExpressionError>,
}

/// An expression that failed, or whose result does not fit the blueprint.
#[derive(SimpleObject)]
struct ExpressionError {
    /// JSON Pointer in the mapping.
    path: String,
    /// The expression there; empty where there is none.
    expression: String,
    message: String,
}

impl From<portolan_integrations::Preview> for MappingResult {
    fn from(preview: portolan_integrations::Preview) -> Self {
        let error = |error: portolan_integrations::PreviewError| ExpressionError {
            path: error.path,
            expression: error.expression,
            message: error.message,
        };
        Self {
            entities: preview.entities.into_iter().map(Json).collect(),
            errors: preview.errors.into_iter().map(error).collect(),
        }
    }
}
