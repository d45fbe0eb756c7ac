//! Runs of integrations: the fields.

mod object;

use async_graphql::{Context, ID, Object};
use portolan_catalog::OpContext;
use portolan_integrations::Integrations;
use portolan_schema::{Code, Error, Pointer, Result};

use self::object::RunPayload;
pub use self::object::{ResyncRun, RunError};
use super::problem::refuse;

fn number(id: &ID, argument: &str) -> Result<i64> {
    id.parse().map_err(|_| {
        let message = format!("the run {} was not found", id.as_str());
        Error::at(Code::NotFound, Pointer::root().key(argument), message)
    })
}

#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    async fn resync_run(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<ResyncRun> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let id = number(&id, "id").map_err(refuse)?;
        Ok(ResyncRun(integrations.run(who, id).await.map_err(refuse)?.0))
    }
}

#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Answers the run in progress if there is one. With `plan` nothing is committed.
    async fn start_resync(
        &self,
        ctx: &Context<'_>,
        integration: ID,
        #[graphql(default)] plan: bool,
    ) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        RunPayload::new(integrations.start(who, &integration, plan).await)
    }

    /// Commits what a run planned that the guard stopped.
    async fn approve_resync(&self, ctx: &Context<'_>, run: ID) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let result = match number(&run, "run") {
            Ok(run) => integrations.approve(who, run).await,
            Err(error) => Err(error),
        };
        RunPayload::new(result)
    }

    /// Ends a run. What it has committed stays; a commit ends between two batches.
    async fn cancel_resync(&self, ctx: &Context<'_>, run: ID) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let result = match number(&run, "run") {
            Ok(run) => integrations.cancel(who, run).await,
            Err(error) => Err(error),
        };
        RunPayload::new(result)
    }

    /// Starts a run that takes back what a run has written: what it made goes, what it changed or deleted is as before.
    /// What others have written since stays. With `plan` nothing is changed, and the run says what would be. `CONFLICT`
    /// where a later run has written the same entities: that one has to be taken back first.
    async fn roll_back_resync(
        &self,
        ctx: &Context<'_>,
        run: ID,
        #[graphql(default)] plan: bool,
    ) -> async_graphql::Result<RunPayload> {
        let (integrations, who): (&Integrations, &OpContext) = (ctx.data()?, ctx.data()?);
        let result = match number(&run, "run") {
            Ok(run) => integrations.roll_back(who, run, plan).await,
            Err(error) => Err(error),
        };
        RunPayload::new(result)
    }
}
