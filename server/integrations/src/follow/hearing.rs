//! Takes what is heard: maps and writes it, and notes how far it was followed, in the same transaction where it can.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use portolan_catalog::OpContext;
use portolan_ingestor_contract::{Event, EventSink, Level};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::TenantScope;
use portolan_store::integration::Integration;
use portolan_store::job::Job;
use serde_json::Value;
use tokio::sync::Notify;

use crate::live::{Books, FirstProblems, Live, Taken, Told};
use crate::run::later;
use crate::{Integrations, now};

/// One following.
pub(super) struct Hearing<'a> {
    pub own: &'a Integrations,
    pub ctx: &'a OpContext,
    pub job: &'a Job,
    /// As it was when the following began.
    pub integration: &'a Integration,
    /// What changes are stamped with.
    pub number: i64,
    /// Places that are not noted yet, by kind.
    places: Mutex<BTreeMap<String, Value>>,
    /// Something was missed.
    pub missed: Notify,
    /// Nothing was heard yet.
    silent: AtomicBool,
}

impl<'a> Hearing<'a> {
    pub fn new(
        own: &'a Integrations,
        ctx: &'a OpContext,
        job: &'a Job,
        integration: &'a Integration,
        number: i64,
    ) -> Self {
        Self {
            own,
            ctx,
            job,
            integration,
            number,
            places: Mutex::default(),
            missed: Notify::new(),
            silent: AtomicBool::new(true),
        }
    }

    /// Notes how far it was followed, where that is not noted yet.
    pub async fn note_places(&self) -> Result<()> {
        if self.places().is_empty() {
            return Ok(());
        }
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        self.hold(&scope).await?;
        self.write_places(&scope).await?;
        scope.commit().await
    }

    fn places(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Value>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_places(&self, scope: &TenantScope) -> Result<()> {
        if self.silent.swap(false, Ordering::Relaxed) {
            scope.clear_following(self.integration.id).await?;
        }
        // A place that is lost with its transaction is noted with the next one; until then an older one is good.
        let places = std::mem::take(&mut *self.places());
        for (kind, place) in &places {
            scope.save_follow_point(self.integration.id, kind, place).await?;
        }
        Ok(())
    }

    async fn note_error(&self, code: Code, message: &str) -> Result<()> {
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        self.hold(&scope).await?;
        let mut known = scope.following(self.integration.id).await?.unwrap_or_default();
        known.error = Some((code.as_str().to_owned(), message.to_owned()));
        scope.save_following(self.integration.id, &known).await?;
        scope.commit().await
    }
}

#[async_trait]
impl EventSink for Hearing<'_> {
    async fn events(&self, events: Vec<Event>) -> Result<()> {
        let scope = self.own.0.store.read(self.ctx.tenant()).await?;
        // A mapping is renamed with the model; whatever else changes ends this following.
        let integration = scope.integration_by_id(self.integration.id).await?.ok_or_else(over)?;
        drop(scope);
        let config = MappingConfig::parse(&integration.mapping, &Pointer::root().key("mapping"))?;
        let live = Live { own: self.own, ctx: self.ctx, integration: &integration, config, is_source: true };
        let mut rest = events;
        while !rest.is_empty() {
            let told = rest.into_iter().enumerate().map(|(origin, event)| Told { origin, event });
            let told: Vec<Told> = told.collect();
            let taken = live.take(&told, told.len(), self.number, self).await?;
            rest = told.into_iter().skip(taken.origins).map(|told| told.event).collect();
        }
        Ok(())
    }

    async fn checkpoint(&self, kind: &str, at: &Value) -> Result<()> {
        self.places().insert(kind.to_owned(), at.clone());
        Ok(())
    }

    async fn missed(&self, kind: &str, reason: &str) -> Result<()> {
        tracing::info!(
            tenant.id = self.ctx.tenant().0,
            integration = self.integration.identifier,
            kind,
            reason,
            "a kind is read as a whole"
        );
        let scope = self.own.0.store.write(self.ctx.tenant()).await?;
        self.hold(&scope).await?;
        scope.note_missed(self.integration.id, Some(kind), reason).await?;
        scope.commit().await?;
        self.missed.notify_one();
        Ok(())
    }

    async fn log(&self, level: Level, kind: Option<&str>, message: &str) -> Result<()> {
        tracing::info!(
            tenant.id = self.ctx.tenant().0,
            integration = self.integration.identifier,
            kind,
            said = level.as_str(),
            "{message}"
        );
        match level {
            Level::Info => Ok(()),
            Level::Warning | Level::Error => self.note_error(Code::UpstreamFailed, message).await,
        }
    }
}

#[async_trait]
impl Books for Hearing<'_> {
    async fn hold(&self, scope: &TenantScope) -> Result<()> {
        let lease = self.own.0.runner.lease;
        if !scope.hold_job(self.job, Some(later(now(), lease))).await? {
            return Err(Error::unavailable("another server follows the source by now"));
        }
        let standing = scope.standing(self.integration.id).await?;
        match standing.is_some_and(|now| now.updated_at == self.integration.updated_at && !now.running) {
            true => Ok(()),
            false => Err(over()),
        }
    }

    async fn conclude(&self, scope: &TenantScope, taken: Taken, problems: &FirstProblems) -> Result<()> {
        for (code, message) in problems.values() {
            tracing::info!(
                tenant.id = self.ctx.tenant().0,
                integration = self.integration.identifier,
                code,
                "what was heard could not be taken as it is: {message}"
            );
        }
        let ingestor = || self.integration.ingestor.clone();
        for (status, count) in [("done", taken.origins - problems.len()), ("failed", problems.len())] {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            metrics::counter!("portolan_followed_events_total", "ingestor" => ingestor(), "status" => status)
                .increment(count);
        }
        self.write_places(scope).await?;
        scope.note_event(self.integration.id, now(), problems.values().next()).await
    }
}

/// Nothing more is written.
fn over() -> Error {
    Error::unavailable("the integration is not followed any more as it was")
}
