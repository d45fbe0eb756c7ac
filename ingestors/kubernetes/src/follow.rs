//! Following: a watch for each list of each kind, made again whenever it ends, from where the last one came to.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{pending, try_join_all};
use http::header::RETRY_AFTER;
use portolan_ingestor_contract::{
    Event, EventSink, HttpError, IngestError, KindRequest, Level, MAX_BATCH, Pieces, SourceError,
};
use portolan_schema::Code;
use rand::Rng;
use tokio::sync::Mutex;

use crate::api::{Api, JSON};
use crate::collect::Checkpoint;
use crate::discovery::{Discovery, Resource};
use crate::fault::Fault;
use crate::item::{self, Owner};
use crate::kinds;
use crate::list::{METADATA, Pages};
use crate::object::Object;
use crate::owners::{Owners, Workload};
use crate::selection::{self, Scope};
use crate::settings::Config;
use crate::watch::{Change, Lines};

/// How long a watch is asked to last, in seconds: at least, and up to as much more, so that not all end together.
const LASTS: u64 = 300;
/// Silence after the end of a watch's time, before the connection is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// A watch that ends sooner, without a word, is made again after a pause.
const SOON: Duration = Duration::from_secs(1);
/// Longest pause that an API server may ask for.
const PATIENCE: Duration = Duration::from_secs(600);
/// Failures in a row after which they are told.
const TOLD_AT: u32 = 3;
/// Largest explanation of an error, in bytes.
const MAX_EXPLANATION: usize = 64 << 10;

/// One following.
pub(crate) struct Following<'a> {
    pub api: &'a Api,
    pub config: &'a Config,
    pub discovery: Discovery,
    pub owners: Owners<'a>,
    pub sink: &'a dyn EventSink,
}

/// One kind that is followed.
struct Followed<'a> {
    kind: &'a str,
    resource: Resource,
    scopes: Vec<Scope>,
    /// To where each scope was followed.
    at: Mutex<Checkpoint>,
}

/// A failure after which there is a pause.
struct Bad {
    why: String,
    /// The least pause that the API server asked for.
    asked: Option<Duration>,
    /// It will not pass by itself.
    lasting: bool,
}

/// How a watch ended.
enum End {
    /// In its time, or after it had said something.
    Well,
    /// Too soon, or with an error.
    Badly(Bad),
    /// The place is no longer known.
    Expired,
}

impl Following<'_> {
    /// Until something goes wrong for good.
    pub async fn all(&self, kinds: &[KindRequest]) -> Result<(), IngestError> {
        let mut followed = Vec::new();
        for request in kinds {
            followed.extend(self.begin(request).await?);
        }
        let watches =
            followed.iter().flat_map(|one| one.scopes.iter().map(move |scope| self.scope(one, scope)));
        try_join_all(watches.collect::<Vec<_>>()).await?;
        // With nothing to follow, nothing happens.
        pending().await
    }

    /// Finds what a kind means, and where it is followed from.
    async fn begin<'r>(&self, request: &'r KindRequest) -> Result<Option<Followed<'r>>, IngestError> {
        let kind = request.kind.as_str();
        if !self.config.reads(kind) {
            return Ok(None);
        }
        if kind == kinds::CLUSTER.name {
            // Its version is read by runs.
            if request.checkpoint.is_none() {
                self.sink.missed(kind, "it was not read yet").await?;
            }
            return Ok(None);
        }
        let prepared = async {
            let resource = self.discovery.find(self.api, kind).await?;
            let scopes = selection::scopes(&resource, &request.selector, self.config)?;
            Ok::<_, SourceError>((resource, scopes))
        };
        let (resource, scopes) = match prepared.await {
            Ok(found) => found,
            Err(error) if error.code == Code::InvalidMapping => {
                self.sink.log(Level::Error, Some(kind), &error.message).await?;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if !resource.can("watch") {
            let message = format!("{} cannot be watched: changes are seen by the next run", resource.name());
            self.sink.log(Level::Info, Some(kind), &message).await?;
            return Ok(None);
        }
        let mut at = Checkpoint { open: None, ..Checkpoint::read(request.checkpoint.as_ref()) };
        at.versions
            .retain(|key, version| !version.is_empty() && scopes.iter().any(|scope| scope.key == *key));
        let followed = Followed { kind, resource, scopes, at: Mutex::new(at) };
        let mut never = false;
        for scope in &followed.scopes {
            if !followed.at.lock().await.versions.contains_key(&scope.key) {
                never = true;
                self.start_now(&followed, scope).await?;
            }
        }
        if never {
            // Only now: a run that begins after this sees at least what was there when the watch begins.
            self.sink.missed(kind, "it was not read yet").await?;
            self.sink.checkpoint(kind, &followed.at.lock().await.to_value()).await?;
        }
        Ok(Some(followed))
    }

    /// Sets a scope to the present state of the cluster.
    async fn start_now(&self, followed: &Followed<'_>, scope: &Scope) -> Result<(), SourceError> {
        let version = Pages::slim(self.api, &followed.resource, scope).version().await?;
        followed.at.lock().await.versions.insert(scope.key.clone(), version);
        Ok(())
    }

    /// Watches one list, again and again.
    async fn scope(&self, followed: &Followed<'_>, scope: &Scope) -> Result<(), IngestError> {
        let (mut failures, mut expirations) = (0, 0);
        loop {
            match self.watch(followed, scope).await? {
                End::Well => (failures, expirations) = (0, 0),
                End::Expired => {
                    expirations += 1;
                    if expirations > 1 {
                        tokio::time::sleep(self.pause(expirations, None)).await;
                    }
                    while let Some(bad) = self.restart(followed, scope).await? {
                        self.wait(followed, &mut failures, bad).await?;
                    }
                }
                End::Badly(bad) => self.wait(followed, &mut failures, bad).await?,
            }
        }
    }

    /// Waits after a failure. Connections break; what lasts is told, once.
    async fn wait(&self, followed: &Followed<'_>, failures: &mut u32, bad: Bad) -> Result<(), IngestError> {
        *failures += 1;
        if *failures == if bad.lasting { 1 } else { TOLD_AT } {
            let message = format!("{}; it is tried again", bad.why);
            self.sink.log(Level::Warning, Some(followed.kind), &message).await?;
        }
        tokio::time::sleep(self.pause(*failures, bad.asked)).await;
        Ok(())
    }

    /// Begins anew after the place was lost; otherwise says why not.
    async fn restart(&self, followed: &Followed<'_>, scope: &Scope) -> Result<Option<Bad>, IngestError> {
        if let Err(error) = self.start_now(followed, scope).await {
            return match error.code {
                Code::UpstreamUnauthorized | Code::AddressRefused => Err(error.into()),
                _ => Ok(Some(Bad { why: error.message, asked: None, lasting: false })),
            };
        }
        let reason = format!(
            "the API server no longer knows the state from which {} was followed{}",
            followed.resource.name(),
            scope.place()
        );
        self.sink.missed(followed.kind, &reason).await?;
        self.sink.checkpoint(followed.kind, &followed.at.lock().await.to_value()).await?;
        Ok(None)
    }

    /// One watch, to its end.
    async fn watch(&self, followed: &Followed<'_>, scope: &Scope) -> Result<End, IngestError> {
        let resource = &followed.resource;
        let call = format!("watch {}{}", resource.name(), scope.place());
        let lasts = rand::rng().random_range(LASTS..LASTS * 2);
        let from = followed.at.lock().await.versions.get(&scope.key).cloned().unwrap_or_default();
        let mut query = vec![
            ("watch", "true".to_owned()),
            ("allowWatchBookmarks", "true".to_owned()),
            ("resourceVersion", from),
            ("timeoutSeconds", lasts.to_string()),
        ];
        query.extend(scope.parameters());
        let accept = if item::is_slim(resource) { METADATA } else { JSON };
        let path = resource.path(scope.namespace.as_deref());
        let began = Instant::now();
        let answer = match self.api.stream(&call, &path, &query, accept).await.map_err(SourceError::from)? {
            Ok(answer) => answer,
            Err(error @ HttpError::Refused { .. }) => return Err(self.api.said(&error).into()),
            Err(error) => return Ok(badly(self.api.said(&error).message)),
        };
        if answer.status() != http::StatusCode::OK {
            return self.refused(&call, answer).await;
        }
        let mut pieces = answer.into_body();
        let (mut lines, mut heard) = (Lines::default(), false);
        let longest = Duration::from_secs(lasts) + SILENCE;
        loop {
            let left = longest.saturating_sub(began.elapsed());
            let piece = match tokio::time::timeout(left, pieces.next()).await {
                Err(_) => return Ok(badly(format!("\"{call}\" does not end in its time"))),
                Ok(None) if heard || began.elapsed() >= SOON => return Ok(End::Well),
                Ok(None) => return Ok(badly(format!("\"{call}\" ends at once"))),
                // What came before is handed over and has its checkpoint.
                Ok(Some(Err(_))) if heard => return Ok(End::Well),
                Ok(Some(Err(error))) => return Ok(badly(self.api.said(&error).message)),
                Ok(Some(Ok(piece))) => piece,
            };
            let mut batch =
                Batch { following: self, followed, scope, events: Vec::new(), version: String::new() };
            for change in lines.take(&piece) {
                let version = change.as_ref().map(|change| change.version().to_owned()).unwrap_or_default();
                match change {
                    Ok(Change::Present(object)) => batch.add(object, false).await?,
                    Ok(Change::Gone(object)) => batch.add(object, true).await?,
                    Ok(Change::Bookmark(_)) => {}
                    Ok(Change::Expired) => {
                        batch.hand_over().await?;
                        return Ok(End::Expired);
                    }
                    Ok(Change::Failed { reason }) => {
                        batch.hand_over().await?;
                        return Ok(badly(format!("\"{call}\" was ended by the API server ({reason})")));
                    }
                    Err(_) => {
                        batch.hand_over().await?;
                        return Ok(badly(format!("\"{call}\" says something that cannot be read")));
                    }
                }
                batch.came_to(version).await?;
                heard = true;
            }
            batch.hand_over().await?;
        }
    }

    /// An answer that is no watch.
    async fn refused(&self, call: &str, answer: http::Response<Pieces>) -> Result<End, IngestError> {
        let status = answer.status().as_u16();
        if status == 410 {
            return Ok(End::Expired);
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let (mut pieces, mut body) = (answer.into_body(), Vec::new());
        while let Ok(Some(Ok(piece))) = tokio::time::timeout(SILENCE, pieces.next()).await {
            body.extend_from_slice(&piece);
            if body.len() > MAX_EXPLANATION {
                break;
            }
        }
        let error = Fault::from_answer(call, status, &body).error;
        match error.code {
            Code::UpstreamUnauthorized => Err(error.into()),
            _ => Ok(End::Badly(Bad {
                why: error.message,
                asked: asked.map(Duration::from_secs),
                lasting: matches!(status, 400 | 403 | 404 | 405),
            })),
        }
    }

    /// Growing, with jitter, up to the longest pause; or as long as the API server asks for, within reason.
    fn pause(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let retry = &self.api.retry;
        let bound = retry.first_pause.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let jittered = bound.min(retry.longest_pause).mul_f64(rand::rng().random_range(0.5..=1.0));
        asked.unwrap_or_default().min(PATIENCE).max(jittered)
    }
}

fn badly(why: String) -> End {
    End::Badly(Bad { why, asked: None, lasting: false })
}

/// Events of one piece that are not handed over yet.
struct Batch<'a> {
    following: &'a Following<'a>,
    followed: &'a Followed<'a>,
    scope: &'a Scope,
    events: Vec<Event>,
    /// The state of the cluster after them.
    version: String,
}

impl Batch<'_> {
    async fn add(&mut self, object: Object, gone: bool) -> Result<(), IngestError> {
        let Following { api, owners, sink, .. } = self.following;
        let owner = Owner::of(&object);
        let workload = match owners.workload(&object, owner.as_ref()).await? {
            Workload::Found(workload) => Some(workload),
            Workload::None => None,
            Workload::Hidden(error) => {
                let message = format!("__Workload of {} stays empty: {}", item::name(&object), error.message);
                sink.log(Level::Warning, Some(self.followed.kind), &message).await?;
                None
            }
        };
        let kind = self.followed.kind.to_owned();
        let resource = &self.followed.resource;
        let item = item::complete(resource, &api.cluster, object, owner.as_ref(), workload.as_deref());
        self.events.push(if gone { Event::Gone { kind, item } } else { Event::Present { kind, item } });
        Ok(())
    }

    /// Notes the state after what was added last.
    async fn came_to(&mut self, version: String) -> Result<(), IngestError> {
        if !version.is_empty() {
            self.version = version;
        }
        if self.events.len() >= MAX_BATCH { self.hand_over().await } else { Ok(()) }
    }

    /// Hands the events over, then the place after them.
    async fn hand_over(&mut self) -> Result<(), IngestError> {
        let sink = self.following.sink;
        if !self.events.is_empty() {
            sink.events(std::mem::take(&mut self.events)).await?;
        }
        let mut at = self.followed.at.lock().await;
        let known = at.versions.entry(self.scope.key.clone()).or_default();
        if self.version.is_empty() || *known == self.version {
            return Ok(());
        }
        known.clone_from(&self.version);
        // Still locked: checkpoints of two scopes must not overtake each other.
        sink.checkpoint(self.followed.kind, &at.to_value()).await?;
        Ok(())
    }
}
