//! One run: kind by kind, a few at a time, each page handed over before the next is asked for.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{IngestError, KindRequest, Level, MAX_BATCH, Sink, SourceError, read_kind};
use portolan_schema::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Api, JSON};
use crate::discovery::{Discovery, Resource};
use crate::fault::Fault;
use crate::item::{self, Owner};
use crate::kinds;
use crate::list::{Page, Pages};
use crate::object::Object;
use crate::owners::{self, Owners, Workload};
use crate::selection::{self, Scope};
use crate::settings::Config;

/// Kinds read at the same time.
const KINDS_AT_ONCE: usize = 3;
/// Reads of a list from the beginning because the API server forgot its state before the last page.
const MAX_RESTARTS: usize = 3;

/// From where a kind is read on, or followed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checkpoint {
    /// The states of the cluster that the finished lists show, by their scopes' keys.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// The list that is being read, and where its next page starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Open {
    pub scope: String,
    pub token: String,
}

impl Checkpoint {
    /// What an earlier run left; from the beginning where that is not understood.
    pub fn read(value: Option<&Value>) -> Self {
        value.and_then(|value| Self::deserialize(value).ok()).unwrap_or_default()
    }

    pub fn to_value(&self) -> Value {
        json!(self)
    }
}

/// One collection.
pub(crate) struct Run<'a> {
    pub api: &'a Api,
    pub config: &'a Config,
    pub discovery: Discovery,
    pub owners: Owners<'a>,
    pub sink: &'a dyn Sink,
}

impl Run<'_> {
    pub async fn all(&self, kinds: &[KindRequest]) -> Result<(), IngestError> {
        let reads: Vec<_> = kinds.iter().map(|request| self.kind(request)).collect();
        let mut reads = stream::iter(reads).buffer_unordered(KINDS_AT_ONCE);
        while let Some(result) = reads.next().await {
            result?;
        }
        Ok(())
    }

    async fn kind(&self, request: &KindRequest) -> Result<(), IngestError> {
        read_kind(self.sink, &request.kind, self.one(request)).await
    }

    async fn one(&self, request: &KindRequest) -> Result<(), IngestError> {
        let kind = request.kind.as_str();
        if !self.config.reads(kind) {
            let message = "the settings leave this kind out: it is read as if there were none";
            self.sink.log(Level::Info, Some(kind), message, None).await?;
            return Ok(());
        }
        if kind == kinds::CLUSTER.name {
            return self.cluster(request).await;
        }
        let resource = self.discovery.find(self.api, kind).await?;
        if !resource.can("list") {
            let message = format!("{} cannot be listed", resource.name());
            return Err(SourceError::new(Code::InvalidMapping, message).into());
        }
        let scopes = selection::scopes(&resource, &request.selector, self.config)?;
        let mut at = Checkpoint::read(request.checkpoint.as_ref());
        at.versions.retain(|key, _| scopes.iter().any(|scope| scope.key == *key));
        let mut reading = Reading { run: self, kind, resource: &resource, hidden: 0, at };
        for scope in &scopes {
            if !reading.at.versions.contains_key(&scope.key) {
                reading.list(scope).await?;
            }
        }
        reading.close().await?;
        if resource.can("watch") && reading.at.versions.values().all(|version| !version.is_empty()) {
            self.sink.follow_from(kind, &reading.at.to_value()).await?;
        }
        Ok(())
    }

    async fn cluster(&self, request: &KindRequest) -> Result<(), IngestError> {
        let kind = request.kind.as_str();
        if let Some(key) = request.selector.keys().next() {
            let message = format!("there is one cluster: the selector key \"{key}\" has no meaning");
            return Err(SourceError::new(Code::InvalidMapping, message).into());
        }
        let call = "get /version";
        let version: Value = self.api.read(call, "/version", &[], JSON).await.map_err(SourceError::from)?;
        if !version["gitVersion"].is_string() {
            return Err(Fault::nonsense(call).error.into());
        }
        let name = &self.api.cluster;
        let item = json!({ "name": name, "version": version, "__Cluster": name });
        self.sink.items(kind, vec![item]).await?;
        self.sink.follow_from(kind, &Checkpoint::default().to_value()).await?;
        Ok(())
    }
}

/// One kind that is being read.
struct Reading<'a> {
    run: &'a Run<'a>,
    kind: &'a str,
    resource: &'a Resource,
    /// Objects whose workload may not be read.
    hidden: usize,
    at: Checkpoint,
}

impl Reading<'_> {
    /// Reads a list to its end.
    async fn list(&mut self, scope: &Scope) -> Result<(), IngestError> {
        let run = self.run;
        let mut pages = match item::is_slim(self.resource) {
            true => Pages::slim(run.api, self.resource, scope),
            false => Pages::whole(run.api, self.resource, scope),
        };
        let open = self.at.open.take().filter(|open| open.scope == scope.key);
        let (mut token, mut restarts) = (open.map(|open| open.token).unwrap_or_default(), 0);
        loop {
            let page: Page<Object> = match pages.read(&token).await {
                Ok(page) => page,
                Err(fault) if fault.is_gone() && !token.is_empty() && restarts < MAX_RESTARTS => {
                    restarts += 1;
                    token.clear();
                    let message = format!(
                        "the API server no longer knows the state of which {} was listed{}: the list begins again",
                        self.resource.name(),
                        scope.place()
                    );
                    run.sink.log(Level::Info, Some(self.kind), &message, None).await?;
                    continue;
                }
                Err(fault) => return Err(fault.error.into()),
            };
            self.hand_over(&pages.call, page.items).await?;
            let (version, next) = (page.metadata.resource_version, page.metadata.next);
            if next.is_empty() {
                self.at.versions.insert(scope.key.clone(), version);
                return Ok(());
            }
            if next == token {
                return Err(owners::endless(&pages.call).into());
            }
            self.at.open = Some(Open { scope: scope.key.clone(), token: next.clone() });
            run.sink.checkpoint(self.kind, &self.at.to_value()).await?;
            self.at.open = None;
            token = next;
        }
    }

    async fn hand_over(&mut self, call: &str, objects: Vec<Object>) -> Result<(), IngestError> {
        let run = self.run;
        let mut batch = Vec::with_capacity(MAX_BATCH.min(objects.len()));
        for object in objects {
            if object.meta("name").is_empty() {
                return Err(Fault::nonsense(call).error.into());
            }
            let owner = Owner::of(&object);
            let workload = match run.owners.workload(&object, owner.as_ref()).await? {
                Workload::Found(workload) => Some(workload),
                Workload::None => None,
                Workload::Hidden(error) => {
                    self.hide(&object, &error).await?;
                    None
                }
            };
            let item =
                item::complete(self.resource, &run.api.cluster, object, owner.as_ref(), workload.as_deref());
            batch.push(item);
            if batch.len() == MAX_BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(MAX_BATCH));
                run.sink.items(self.kind, full).await?;
            }
        }
        if !batch.is_empty() {
            run.sink.items(self.kind, batch).await?;
        }
        Ok(())
    }

    /// The first object whose workload stays unknown is named, the others are counted.
    async fn hide(&mut self, object: &Object, error: &SourceError) -> Result<(), IngestError> {
        self.hidden += 1;
        if self.hidden == 1 {
            let message = format!("__Workload stays empty: {}", error.message);
            let name = item::name(object);
            self.run.sink.log(Level::Warning, Some(self.kind), &message, Some(&name)).await?;
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), IngestError> {
        if self.hidden > 1 {
            let message = format!("__Workload stays empty in {} objects", self.hidden);
            self.run.sink.log(Level::Warning, Some(self.kind), &message, None).await?;
        }
        Ok(())
    }
}
