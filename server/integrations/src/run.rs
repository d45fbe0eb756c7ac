//! Runs: collect everything first, then plan, ask the guard, and commit.

use std::sync::PoisonError;

use portolan_catalog::{Actor, OpContext, Role, RunOrigin};
use portolan_ingestor_contract::{IngestError, KindRequest};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::integration::{Integration, Run, RunKind};

use crate::collection::{Collected, Collection};
use crate::commit::trips;
use crate::{Integrations, now};

impl Integrations {
    /// Needs Admin. Starts a run, or answers the one in progress. With `plan` it commits nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn start(&self, ctx: &OpContext, identifier: &str, plan: bool) -> Result<Run> {
        self.begin(ctx, identifier, plan, false).await
    }

    /// Needs Admin. Runs again what the guard stopped, and lets it delete.
    ///
    /// # Errors
    /// `NOT_FOUND`; `WRONG_RUN_STATE` where the run is not blocked.
    pub async fn approve(&self, ctx: &OpContext, run: i64) -> Result<Run> {
        ctx.require(Role::Admin)?;
        let (run, _) = self.run(ctx, run).await?;
        if run.status != "BLOCKED" {
            let message = format!("the run is {}, not BLOCKED", run.status);
            return Err(Error::problem(Code::WrongRunState, message));
        }
        let all = self.0.store.read(ctx.tenant()).await?.integrations().await?;
        let found = all.into_iter().find(|integration| integration.id == run.integration);
        let integration = found.ok_or_else(|| Error::not_found("the integration"))?;
        self.begin(ctx, &integration.identifier, false, true).await
    }

    /// A run with its counts.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn run(&self, ctx: &OpContext, id: i64) -> Result<(Run, Vec<RunKind>)> {
        let scope = self.0.store.read(ctx.tenant()).await?;
        let run = scope.run(id).await?.ok_or_else(|| Error::not_found(format!("the run {id}")))?;
        let kinds = scope.run_kinds(id).await?;
        Ok((run, kinds))
    }

    /// An integration's latest run.
    pub async fn last_run(&self, ctx: &OpContext, integration: i64) -> Result<Option<Run>> {
        self.0.store.read(ctx.tenant()).await?.last_run(integration).await
    }

    async fn begin(&self, ctx: &OpContext, identifier: &str, plan: bool, approved: bool) -> Result<Run> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        if let Some(open) = self.open_run(ctx, integration.id).await? {
            return Ok(open);
        }
        let run = Run {
            id: self.0.store.reserve_ids(1).await?,
            integration: integration.id,
            status: "RUNNING".into(),
            plan_only: plan,
            approved,
            error: None,
            blocked: None,
            created_at: now(),
            created_by: ctx.actor().stamp(),
            started_at: Some(now()),
            ended_at: None,
        };
        self.at_work(run.id, true);
        let saved = self.save(ctx, &run, &integration, &[]).await;
        if let Err(error) = saved {
            self.at_work(run.id, false);
            return Err(error);
        }
        let (own, started) = (self.clone(), run.clone());
        let actor = Actor::Integration(integration.identifier.clone());
        let work = OpContext::background(ctx.tenant(), actor);
        tokio::spawn(async move {
            if let Err(error) = own.carry_out(&work, &integration, started.clone()).await {
                tracing::error!(error = ?error, run.id = started.id, "a run failed");
                let public = error.public();
                let message = public.0.first().map(|problem| problem.message.clone()).unwrap_or_default();
                let failed = Run {
                    status: "FAILED".into(),
                    error: Some((error.code().as_str().to_owned(), message)),
                    ended_at: Some(now()),
                    ..started.clone()
                };
                if let Err(error) = own.save(&work, &failed, &integration, &[]).await {
                    tracing::error!(error = ?error, run.id = started.id, "a failed run could not be recorded");
                }
            }
            own.at_work(started.id, false);
        });
        Ok(run)
    }

    /// The run in progress. One that a stopped server left open is closed first.
    pub(crate) async fn open_run(&self, ctx: &OpContext, integration: i64) -> Result<Option<Run>> {
        let Some(run) = self.last_run(ctx, integration).await? else { return Ok(None) };
        if run.status != "RUNNING" {
            return Ok(None);
        }
        if self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).contains(&run.id) {
            return Ok(Some(run));
        }
        let error =
            Some((Code::Unavailable.as_str().to_owned(), "the server stopped during the run".to_owned()));
        let closed = Run { status: "FAILED".into(), error, ended_at: Some(now()), ..run };
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.save_run(&closed, &serde_json::Value::Null).await?;
        scope.commit().await?;
        Ok(None)
    }

    fn at_work(&self, run: i64, begins: bool) {
        let mut at_work = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if begins {
            at_work.insert(run)
        } else {
            at_work.remove(&run)
        };
    }

    async fn save(
        &self,
        ctx: &OpContext,
        run: &Run,
        integration: &Integration,
        kinds: &[RunKind],
    ) -> Result<()> {
        let scope = self.0.store.write(ctx.tenant()).await?;
        scope.save_run(run, &integration.mapping).await?;
        scope.save_run_kinds(run.id, kinds).await?;
        scope.commit().await
    }

    async fn carry_out(&self, ctx: &OpContext, integration: &Integration, mut run: Run) -> Result<()> {
        let config = MappingConfig::parse(&integration.mapping, &Pointer::root().key("mapping"))?;
        let mut collected = self.collect(ctx, integration, &config).await?;
        let model = self.0.catalog.model(ctx).await?;
        let (gone, have) = self.deletions(ctx, integration, &config, &model, &collected).await?;
        let origin = RunOrigin { run: run.id, integration: integration.id };
        let blocked = trips(integration, &config, &gone, &have).filter(|_| !run.approved);
        let dry_run = run.plan_only || blocked.is_some();
        for here in &mut collected {
            self.write_resource(ctx, origin, &config, here, dry_run).await?;
        }
        self.delete_gone(ctx, origin, &gone, &mut collected, dry_run).await?;
        let counts: Vec<RunKind> = collected.into_iter().map(|here| here.counts).collect();
        let failed = counts.iter().filter(|kind| kind.status == "FAILED").count();
        run.status = match () {
            () if blocked.is_some() && !run.plan_only => "BLOCKED",
            () if failed > 0 && failed == counts.len() => "FAILED",
            () if failed > 0 || counts.iter().any(|kind| kind.failed > 0) => "PARTIAL",
            () => "SUCCEEDED",
        }
        .into();
        if run.status == "FAILED" {
            run.error = counts.iter().find_map(|kind| kind.error.clone());
        }
        run.blocked = blocked;
        run.ended_at = Some(now());
        self.save(ctx, &run, integration, &counts).await
    }

    async fn collect(
        &self,
        ctx: &OpContext,
        integration: &Integration,
        config: &MappingConfig,
    ) -> Result<Vec<Collected>> {
        let ingestor = self.ingestor(&integration.ingestor)?;
        let settings = self.settings(ctx, integration)?;
        let mut kinds: Vec<KindRequest> = Vec::new();
        for resource in &config.resources {
            if kinds.iter().all(|request| request.kind != resource.kind) {
                kinds.push(KindRequest { kind: resource.kind.clone(), selector: resource.selector.clone() });
            }
        }
        let collection = Collection::new(self.0.jq.clone(), &integration.mapping, config);
        match ingestor.collect(&settings, &kinds, &self.context(), &collection).await {
            Ok(()) => Ok(collection.into_collected()),
            Err(IngestError::Source(error)) => Err(error.to_problem().into()),
            Err(IngestError::Settings(problems)) => Err(problems.into()),
            Err(IngestError::Cancelled) => Err(Error::unavailable("the run was cancelled")),
            Err(IngestError::Sink(error)) => Err(error),
        }
    }
}
