//! Who is behind an object: replica sets and jobs stand between a pod and the workload it belongs to.
//!
//! Before the first object that a replica set (or job) controls, the metadata of all of them is read once, page by page,
//! and of each only its id and its own controller are kept. One that is not among them is asked for by itself.

use std::collections::HashMap;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use portolan_ingestor_contract::SourceError;
use portolan_schema::Code;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::api::Api;
use crate::discovery::Resource;
use crate::item::Owner;
use crate::list::{METADATA, Page, Pages};
use crate::object::Object;
use crate::selection::{self, Scope};
use crate::settings::Config;

/// Most that are kept at a time; more than a cluster's store holds.
const MOST: usize = 1_000_000;
/// The same while a source is followed, where each is asked for by itself.
const MOST_FOLLOWED: usize = 100_000;
/// Reads from the beginning because a place in the list was forgotten.
const MAX_RESTARTS: usize = 3;

/// What stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Between {
    ReplicaSet,
    Job,
}

impl Between {
    fn of(owner: &Owner) -> Option<Self> {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        match (group, owner.kind.as_str()) {
            ("apps", "ReplicaSet") => Some(Self::ReplicaSet),
            ("batch", "Job") => Some(Self::Job),
            _ => None,
        }
    }

    fn resource(self) -> Resource {
        let (group, plural, kind) = match self {
            Self::ReplicaSet => ("apps", "replicasets", "ReplicaSet"),
            Self::Job => ("batch", "jobs", "Job"),
        };
        Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            plural: plural.to_owned(),
            kind: kind.to_owned(),
            namespaced: true,
            verbs: Vec::new(),
            other_names: Vec::new(),
        }
    }
}

/// What is known of those between.
#[derive(Default)]
struct Known {
    /// By their ids: who controls them; None where nobody does.
    owners: HashMap<Box<str>, Option<Arc<Owner>>>,
    /// Each controller once.
    shared: HashMap<Box<str>, Arc<Owner>>,
    /// Lists that were read, by their namespaces, or why they may not be.
    lists: HashMap<(Between, String), Result<(), SourceError>>,
}

/// The workload behind an object.
pub(crate) enum Workload {
    /// Nothing controls it.
    None,
    Found(Arc<Owner>),
    /// What would tell may not be read.
    Hidden(SourceError),
}

/// Finds workloads; one for all kinds of a run.
pub(crate) struct Owners<'a> {
    api: &'a Api,
    config: &'a Config,
    /// Whether lists are read first.
    whole: bool,
    known: Mutex<Known>,
}

/// As much of a replica set or job as is needed.
#[derive(Deserialize)]
struct Slim {
    metadata: SlimMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SlimMeta {
    uid: String,
    #[serde(default)]
    owner_references: Vec<Owner>,
}

impl<'a> Owners<'a> {
    /// For reading many objects.
    pub fn of_lists(api: &'a Api, config: &'a Config) -> Self {
        Self { api, config, whole: true, known: Mutex::default() }
    }

    /// For objects that come one by one.
    pub fn of_events(api: &'a Api, config: &'a Config) -> Self {
        Self { whole: false, ..Self::of_lists(api, config) }
    }

    /// The workload that an object belongs to, given what controls it.
    ///
    /// # Errors
    /// Where what may be there the next time could not be read.
    pub async fn workload(&self, object: &Object, owner: Option<&Owner>) -> Result<Workload, SourceError> {
        let Some(owner) = owner else { return Ok(Workload::None) };
        let Some(between) = Between::of(owner) else {
            // A static pod is its node's.
            let node = owner.kind == "Node" && owner.api_version == "v1";
            return Ok(if node { Workload::None } else { Workload::Found(Arc::new(owner.clone())) });
        };
        let namespace = object.meta("namespace");
        let mut known = self.known.lock().await;
        let listed = if self.whole { self.list(&mut known, between, namespace).await? } else { Ok(()) };
        if let Err(hidden) = listed {
            return Ok(Workload::Hidden(hidden));
        }
        if !known.owners.contains_key(owner.uid.as_str()) {
            match self.single(between, namespace, owner).await {
                Ok(found) => known.keep(&owner.uid, found, self.most())?,
                Err(error) if error.code == Code::UpstreamForbidden => return Ok(Workload::Hidden(error)),
                Err(error) => return Err(error),
            }
        }
        match known.owners.get(owner.uid.as_str()) {
            Some(Some(found)) => Ok(Workload::Found(Arc::clone(found))),
            _ => Ok(Workload::Found(Arc::new(owner.clone()))),
        }
    }

    fn most(&self) -> usize {
        if self.whole { MOST } else { MOST_FOLLOWED }
    }

    /// Reads the list that a namespace's are in, once.
    async fn list(
        &self,
        known: &mut Known,
        between: Between,
        namespace: &str,
    ) -> Result<Result<(), SourceError>, SourceError> {
        let resource = between.resource();
        let scopes = selection::scopes(&resource, &serde_json::Map::new(), self.config)?;
        let scope = scopes.iter().find(|scope| scope.key.is_empty() || scope.key == namespace);
        // A selector may choose only namespaces of the settings.
        let Some(scope) = scope else { return Ok(Ok(())) };
        let key = (between, scope.key.clone());
        if let Some(before) = known.lists.get(&key) {
            return Ok(before.clone());
        }
        let read = match self.read(known, &resource, scope).await {
            Err(error) if error.code == Code::UpstreamForbidden => Err(error),
            Err(error) => return Err(error),
            Ok(()) => Ok(()),
        };
        known.lists.insert(key, read.clone());
        Ok(read)
    }

    async fn read(&self, known: &mut Known, resource: &Resource, scope: &Scope) -> Result<(), SourceError> {
        let mut pages = Pages::slim(self.api, resource, scope);
        let (mut token, mut restarts) = (String::new(), 0);
        loop {
            let page: Page<Slim> = match pages.read(&token).await {
                Ok(page) => page,
                Err(fault) if fault.is_gone() && restarts < MAX_RESTARTS => {
                    restarts += 1;
                    token.clear();
                    continue;
                }
                Err(fault) => return Err(fault.error),
            };
            for Slim { metadata } in page.items {
                known.keep(&metadata.uid, Owner::controlling(metadata.owner_references), MOST)?;
            }
            if page.metadata.next.is_empty() {
                return Ok(());
            }
            if page.metadata.next == token {
                return Err(endless(&pages.call));
            }
            token = page.metadata.next;
        }
    }

    /// Asks for one; None where it has gone, or nobody controls it.
    async fn single(
        &self,
        between: Between,
        namespace: &str,
        owner: &Owner,
    ) -> Result<Option<Owner>, SourceError> {
        let resource = between.resource();
        let encoded = |name: &str| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        let path = format!("{}/{}", resource.path(Some(&encoded(namespace))), encoded(&owner.name));
        let call = format!("get {} {namespace}/{}", resource.name(), owner.name);
        match self.api.read::<Slim>(&call, &path, &[], METADATA).await {
            // Another one of the same name is not the one.
            Ok(found) if found.metadata.uid == owner.uid => {
                Ok(Owner::controlling(found.metadata.owner_references))
            }
            Ok(_) => Ok(None),
            Err(fault) if fault.status == Some(404) => Ok(None),
            Err(fault) => Err(fault.error),
        }
    }
}

impl Known {
    fn keep(&mut self, uid: &str, owner: Option<Owner>, most: usize) -> Result<(), SourceError> {
        if self.owners.len() >= most {
            if most == MOST {
                let message =
                    format!("the cluster has more than {MOST} replica sets and jobs; read it by namespaces");
                return Err(SourceError::failed(message));
            }
            // They are asked for again.
            self.owners.clear();
            self.shared.clear();
        }
        let owner = owner.map(|owner| match self.shared.get(owner.uid.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let uid = owner.uid.as_str().into();
                Arc::clone(self.shared.entry(uid).or_insert_with(|| Arc::new(owner)))
            }
        });
        self.owners.insert(uid.into(), owner);
        Ok(())
    }
}

/// A list whose next page is the same page.
pub(crate) fn endless(call: &str) -> SourceError {
    SourceError::failed(format!(
        "\"{call}\" does not come to an end: the API server gives the same token again"
    ))
}
