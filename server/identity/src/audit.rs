//! The audit log: written with what it tells of, read by admins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_schema::{Code, Error, Instant, Pointer, Result};
use portolan_store::identity::{AuditAction, AuditEvent, AuditFilter};
use portolan_store::{GlobalScope, OpContext, Role, TenantId};
use serde_json::Value;

use crate::{Identity, Origin};

/// Most events of one page.
pub const MAX_AUDIT_PAGE: usize = 500;

/// A page of the log, the newest first.
pub struct AuditPage {
    /// Each with its cursor.
    pub events: Vec<(String, AuditEvent)>,
    pub has_next_page: bool,
}

/// What happened to whom; the rest of an event comes from who did it.
pub(crate) struct Entry {
    pub action: AuditAction,
    pub target: Option<String>,
    pub details: Option<Value>,
}

impl Entry {
    pub(crate) fn new(
        action: AuditAction,
        target: impl Into<Option<String>>,
        details: Option<Value>,
    ) -> Self {
        Self { action, target: target.into(), details }
    }
}

/// Adds lines to the log inside of a transaction.
pub(crate) struct Recorder {
    actor: String,
    origin: Origin,
    at: Instant,
    ids: std::ops::Range<i64>,
}

impl Recorder {
    /// # Errors
    /// A fault where more lines are added than were asked for.
    pub(crate) async fn record(&mut self, scope: &GlobalScope, tenant: TenantId, entry: Entry) -> Result<()> {
        let id = self.ids.next().ok_or_else(|| Error::internal("too few ids for the audit log"))?;
        let event = AuditEvent {
            id,
            at: self.at,
            action: entry.action,
            actor: self.actor.clone(),
            target: entry.target,
            address: self.origin.address_text(),
            user_agent: self.origin.user_agent_text(),
            request_id: self.origin.request_id.clone(),
            details: entry.details,
        };
        scope.add_audit_event(tenant, &event).await
    }
}

impl Identity {
    /// Prepares for `lines` lines of the log; no scope for writing may be open.
    pub(crate) async fn recorder(&self, actor: &str, origin: &Origin, lines: usize) -> Result<Recorder> {
        let first = self.store.reserve_ids(lines).await?;
        let ids = first..first + i64::try_from(lines).map_err(Error::internal)?;
        Ok(Recorder { actor: actor.to_owned(), origin: origin.clone(), at: self.now(), ids })
    }

    /// For one line by who asks.
    pub(crate) async fn recorder_of(&self, ctx: &OpContext) -> Result<Recorder> {
        self.recorder(&ctx.actor().stamp(), &Origin::of(ctx), 1).await
    }

    /// Writes to the log of these tenants that `subject` was refused.
    pub(crate) async fn record_refusal(
        self,
        tenants: Vec<TenantId>,
        subject: String,
        origin: Origin,
        action: AuditAction,
        details: Option<Value>,
    ) -> Result<()> {
        let mut recorder = self.recorder(&subject, &origin, tenants.len()).await?;
        let scope = self.store.write_global().await?;
        for tenant in tenants {
            let entry = Entry::new(action, subject.clone(), details.clone());
            recorder.record(&scope, tenant, entry).await?;
        }
        scope.commit().await
    }

    /// The tenant's log, the newest events first. Needs Admin. `first` is cut at [`MAX_AUDIT_PAGE`].
    ///
    /// # Errors
    /// `INVALID_CURSOR`.
    pub async fn audit_log(
        &self,
        ctx: &OpContext,
        filter: &AuditFilter,
        first: usize,
        after: Option<&str>,
    ) -> Result<AuditPage> {
        ctx.require(Role::Admin)?;
        let after = after.map(read_cursor).transpose()?;
        let first = first.min(MAX_AUDIT_PAGE);
        let scope = self.store.read(ctx.tenant()).await?;
        let mut events = scope.audit_events(filter, after, first + 1).await?;
        let has_next_page = events.len() > first;
        events.truncate(first);
        let with_cursor = |event: AuditEvent| (cursor(&event), event);
        Ok(AuditPage { events: events.into_iter().map(with_cursor).collect(), has_next_page })
    }
}

/// Writes beside the answer, so that an answer to somebody who guesses takes as long for an account that exists as for one
/// that does not.
pub(crate) fn record_later(work: impl Future<Output = Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = work.await {
            tracing::error!(error = ?error, "a refusal could not be written to the audit log");
        }
    });
}

fn cursor(event: &AuditEvent) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{}", event.at.0, event.id))
}

fn read_cursor(text: &str) -> Result<(Instant, i64)> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
        Some((Instant(at.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or_else(|| {
        Error::at(Code::InvalidCursor, Pointer::root().key("after"), "this is no cursor of the audit log")
    })
}
