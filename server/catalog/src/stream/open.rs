//! Beginning a stream, or going on with one: the key, and who holds it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portolan_schema::{Code, Error, Instant, Result};
use portolan_store::stream::{Holder, StreamMark, StreamRecord, StreamState};
use portolan_store::{OpContext, Role, TenantScope};
use uuid::Uuid;

use super::tidy::KEPT;
use crate::change::WriteMode;
use crate::{Catalog, now};

/// Whoever does not renew a hold this long has lost the stream, in microseconds.
const HOLD: i64 = 5_000_000;
/// How often a hold is renewed.
const RENEWAL: Duration = Duration::from_millis(1_500);
/// Longest key, in characters.
const MAX_KEY: usize = 255;

/// How a stream is to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOptions {
    /// Change only what a line names; else it replaces the whole entity.
    pub merge: bool,
    /// Make bare entities for relation targets that have not come by the end; else such relations are left out.
    pub create_missing: bool,
    /// The same key goes on with the same stream, for 24 hours.
    pub key: Option<String>,
}

impl StreamOptions {
    fn text(&self) -> String {
        format!("merge={}&createMissingRelations={}", self.merge, self.create_missing)
    }

    pub(super) fn mode(&self) -> WriteMode {
        if self.merge { WriteMode::Merge } else { WriteMode::Replace }
    }
}

/// A stream that is held by this request.
pub struct EntityStream {
    pub(super) held: Arc<Held>,
    pub(super) options: StreamOptions,
    pub(super) stored: StreamRecord,
    /// Whether it was begun by an earlier request.
    pub(super) resumed: bool,
    _renewal: Option<Renewal>,
}

/// A stream and the request that holds it.
pub(super) struct Held {
    pub catalog: Catalog,
    pub ctx: OpContext,
    pub id: i64,
    pub key: Option<String>,
    pub options: String,
    pub holder: Holder,
    /// Whether it has a row.
    pub recorded: AtomicBool,
}

impl Held {
    /// Until when a hold that is taken now lasts.
    pub(super) fn until() -> Instant {
        Instant(now().0 + HOLD)
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.recorded.load(Ordering::Acquire)
    }

    /// As it is before its first line is durable.
    pub(super) fn record(&self, mark: StreamMark) -> StreamRecord {
        StreamRecord {
            id: self.id,
            key: self.key.clone(),
            options: self.options.clone(),
            state: StreamState::Open,
            mark,
            pending: portolan_store::stream::Pending::default(),
            touched_at: now(),
        }
    }

    /// Lets the next request go on at once.
    pub(super) async fn release(&self) -> Result<()> {
        if self.is_recorded() {
            let scope = self.catalog.store.write(self.ctx.tenant()).await?;
            scope.hold_stream(self.id, &self.holder, Instant(0)).await?;
            scope.commit().await?;
        }
        Ok(())
    }
}

/// The error of a request whose stream another one goes on with.
pub(super) fn in_progress() -> Error {
    let message = "a request with this Idempotency-Key is still being worked on; try again in a few seconds";
    Error::problem(Code::StreamInProgress, message)
}

impl Catalog {
    /// Begins a stream, or goes on with the one of the same key. Needs Member. Nothing has been read by then.
    ///
    /// # Errors
    /// `FORBIDDEN`; `INVALID_VALUE` for a key that is none; `STREAM_IN_PROGRESS`; `IDEMPOTENCY_KEY_REUSED` where the
    /// stream was begun with other options.
    pub async fn open_stream(&self, ctx: &OpContext, options: StreamOptions) -> Result<EntityStream> {
        ctx.require(Role::Member)?;
        if let Some(key) = &options.key {
            let well_made =
                (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
            if !well_made {
                let message =
                    format!("an Idempotency-Key is 1 to {MAX_KEY} visible ASCII characters, without spaces");
                return Err(Error::problem(Code::InvalidValue, message));
            }
        }
        let holder = Holder { process: process().to_owned(), request: next_request() };
        let held = Held {
            catalog: self.clone(),
            ctx: ctx.clone(),
            id: self.store.reserve_ids(1).await?,
            key: options.key.clone(),
            options: options.text(),
            holder,
            recorded: AtomicBool::new(options.key.is_some()),
        };
        let Some(key) = &options.key else {
            let stored = held.record(StreamMark::default());
            let held = Arc::new(held);
            return Ok(EntityStream { held, options, stored, resumed: false, _renewal: None });
        };
        // Twice: a stale stream of this key is cleared away first.
        for _ in 0..2 {
            match self.claim(ctx, &held, key).await? {
                Claim::New(stored) => return Ok(EntityStream::holding(held, options, stored, false)),
                Claim::Begun(stored) => {
                    let held = Held { id: stored.id, ..held };
                    return Ok(EntityStream::holding(held, options, stored, true));
                }
                Claim::Stale(stored) => self.forget_stream(ctx, &stored).await?,
            }
        }
        Err(in_progress())
    }

    async fn claim(&self, ctx: &OpContext, held: &Held, key: &str) -> Result<Claim> {
        let scope = self.store.write(ctx.tenant()).await?;
        let claim = match scope.stream_of_key(key).await? {
            None => {
                let stored = held.record(StreamMark::default());
                if !scope.open_stream(&stored, &held.holder, Held::until()).await? {
                    return Err(in_progress());
                }
                Claim::New(stored)
            }
            Some(stored) => begun(&scope, held, stored).await?,
        };
        scope.commit().await?;
        Ok(claim)
    }
}

async fn begun(scope: &TenantScope, held: &Held, stored: StreamRecord) -> Result<Claim> {
    if stored.touched_at.0 < now().0 - KEPT {
        return Ok(Claim::Stale(stored));
    }
    if stored.options != held.options {
        let message = format!("the key was first used with {}, not with {}", stored.options, held.options);
        return Err(Error::problem(Code::IdempotencyKeyReused, message));
    }
    // Nobody needs to hold what is done.
    let open = stored.state != StreamState::Done;
    if open && !scope.take_stream(stored.id, &held.holder, now(), Held::until()).await? {
        return Err(in_progress());
    }
    Ok(Claim::Begun(stored))
}

enum Claim {
    New(StreamRecord),
    Begun(StreamRecord),
    /// Not worked on for so long that its key is free again.
    Stale(StreamRecord),
}

impl EntityStream {
    fn holding(held: Held, options: StreamOptions, stored: StreamRecord, resumed: bool) -> Self {
        let held = Arc::new(held);
        let renewal = (stored.state != StreamState::Done).then(|| Renewal::start(held.clone()));
        Self { held, options, stored, resumed, _renewal: renewal }
    }
}

/// Renews a hold while no part is written; ends with the stream.
struct Renewal(tokio::task::AbortHandle);

impl Renewal {
    fn start(held: Arc<Held>) -> Self {
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                if let Err(error) = renew(&held).await {
                    tracing::warn!(error = ?error, stream.id = held.id, "a stream's hold could not be renewed");
                }
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn renew(held: &Held) -> Result<()> {
    let scope = held.catalog.store.write(held.ctx.tenant()).await?;
    scope.hold_stream(held.id, &held.holder, Held::until()).await?;
    scope.commit().await
}

/// A name of this process that no other has had.
fn process() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| Uuid::new_v4().simple().to_string())
}

fn next_request() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
