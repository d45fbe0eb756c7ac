//! One server's attempt at a run: what it works with, why it may have to stop, and how it keeps its books.

use std::sync::{Arc, Mutex, PoisonError};

use portolan_catalog::{OpContext, RunOrigin, WriteMode, WriteOptions};
use portolan_ingestor_contract::CancellationToken;
use portolan_schema::Error;
use portolan_schema::mapping::MappingConfig;
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, Phase, Run, RunKind, RunStatus};
use portolan_store::job::Job;
use serde_json::Value;

use super::ending::Ending;
use super::heartbeat::later;
use super::log::RunLog;
use super::made::mode;
use crate::{Integrations, now};

/// Why an attempt has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A person cancelled the run.
    Cancelled,
    /// The server stops; another may go on.
    ServerStops,
    /// Another server has the run by now.
    LeaseLost,
}

/// Stops an attempt. The first reason counts.
#[derive(Default)]
pub(crate) struct Halt {
    pub token: CancellationToken,
    reason: Mutex<Option<Stop>>,
}

impl Halt {
    pub(crate) fn stop(&self, reason: Stop) {
        let mut present = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        // Who lost the lease must not do what the other reasons ask for.
        if present.is_none() || reason == Stop::LeaseLost {
            *present = Some(reason);
        }
        self.token.cancel();
    }

    pub(crate) fn reason(&self) -> Option<Stop> {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub(crate) enum Broken {
    Stopped(Stop),
    Failed(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Failed(error) => error,
            Broken::Stopped(_) => Self::unavailable("the run has to stop"),
        }
    }
}

pub(crate) type Step<T> = Result<T, Broken>;

/// What is known of the kinds while they are read: shown while the run goes on.
#[derive(Default)]
pub(crate) struct Progress {
    pub kinds: Vec<RunKind>,
    /// Not in the database yet.
    pub is_new: bool,
    /// The database's own counts are the right ones by now.
    pub is_over: bool,
}

/// One attempt at a run.
pub(crate) struct Attempt {
    pub own: Integrations,
    /// For background work in the run's tenant, in the integration's name.
    pub ctx: OpContext,
    pub job: Job,
    pub run: Run,
    pub integration: Integration,
    /// The run that this one takes back, where it does.
    pub rolls_back: Option<i64>,
    /// As it was when the run was made.
    pub mapping: Value,
    pub config: MappingConfig,
    pub halt: Arc<Halt>,
    pub log: RunLog,
    pub progress: Mutex<Progress>,
    /// Held by whoever writes progress, so that an older state never overwrites a newer one.
    pub writing: tokio::sync::Mutex<()>,
}

impl Attempt {
    /// # Errors
    /// Where the attempt has to stop.
    pub(crate) fn go_on(&self) -> Step<()> {
        self.halt.reason().map_or(Ok(()), |reason| Err(Broken::Stopped(reason)))
    }

    /// A transaction in which nobody else can take the run.
    ///
    /// # Errors
    /// Where somebody else has it.
    pub(crate) async fn write(&self) -> Step<TenantScope> {
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        self.hold(&scope).await?;
        Ok(scope)
    }

    /// Keeps the run, and prolongs its lease, in a transaction of somebody else's making.
    ///
    /// # Errors
    /// Where somebody else has it.
    pub(crate) async fn hold(&self, scope: &TenantScope) -> portolan_schema::Result<()> {
        let until = later(now(), self.own.0.runner.lease);
        if scope.hold_job(&self.job, Some(until)).await? {
            return Ok(());
        }
        self.halt.stop(Stop::LeaseLost);
        Err(Error::unavailable("another server has the run by now"))
    }

    pub(crate) async fn read(&self) -> portolan_schema::Result<TenantScope> {
        self.own.0.store.read(self.ctx.tenant()).await
    }

    pub(crate) fn options(&self, dry_run: bool) -> WriteOptions {
        WriteOptions {
            dry_run,
            create_missing: self.config.create_missing,
            run: Some(RunOrigin { run: self.run.id, integration: self.integration.id }),
            ..WriteOptions::default()
        }
    }

    pub(crate) fn mode(&self) -> WriteMode {
        mode(&self.config)
    }

    pub(crate) fn kind_name(&self, ordinal: i32) -> &str {
        let index = usize::try_from(ordinal).unwrap_or(usize::MAX);
        self.config.resources.get(index).map_or("?", |resource| &resource.kind)
    }

    pub(crate) fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is new of the kinds and the log.
    pub(crate) async fn flush(&self) -> Step<()> {
        let _writing = self.writing.lock().await;
        let scope = self.write().await?;
        let lines = self.write_books(&scope).await?;
        match scope.commit().await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.log.put_back(lines);
                Err(error.into())
            }
        }
    }

    /// The part of [`Attempt::flush`] inside a transaction. Answers the lines, to be put back where it fails.
    pub(crate) async fn write_books(
        &self,
        scope: &TenantScope,
    ) -> portolan_schema::Result<Vec<portolan_store::integration::LogLine>> {
        let kinds = {
            let mut progress = self.progress();
            let wanted = progress.is_new && !progress.is_over;
            progress.is_new = false;
            wanted.then(|| progress.kinds.clone())
        };
        if let Some(kinds) = kinds {
            scope.save_run_kinds(self.run.id, &kinds).await?;
        }
        let lines = self.log.take();
        if let Err(error) = scope.add_run_logs(self.run.id, &lines).await {
            self.log.put_back(lines);
            return Err(error);
        }
        Ok(lines)
    }

    /// The next phase begins: with its books, in one transaction.
    pub(crate) async fn advance(&self, phase: Phase) -> Step<()> {
        let _writing = self.writing.lock().await;
        let scope = self.write().await?;
        self.write_books(&scope).await?;
        scope.set_phase(self.run.id, phase).await?;
        Ok(scope.commit().await?)
    }

    /// Ends the run.
    pub(crate) async fn end(&self, status: RunStatus, error: Option<(String, String)>) -> Step<()> {
        self.log.conclude();
        let _writing = self.writing.lock().await;
        let scope = self.write().await?;
        self.write_books(&scope).await?;
        let ending = Ending::record(&scope, self.run.id, &self.integration, status, error.as_ref()).await?;
        scope.commit().await?;
        ending.tell();
        Ok(())
    }
}
