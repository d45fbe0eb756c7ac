//! What is in the cluster, and what happened to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::resources::{self, Served};

/// Where an object is: resource, namespace, name.
type Key = (String, String, String);

/// One thing that happened.
#[derive(Clone)]
pub(super) struct Change {
    pub revision: u64,
    pub resource: &'static Served,
    pub before: Option<Arc<Value>>,
    /// None where it was deleted.
    pub after: Option<Arc<Value>>,
    /// The object as a deletion shows it.
    pub last: Arc<Value>,
}

/// Objects of one list, as they were when its first page was read.
pub(super) struct Snapshot {
    pub revision: u64,
    pub items: Arc<Vec<Arc<Value>>>,
}

#[derive(Default)]
pub(super) struct State {
    objects: BTreeMap<Key, Arc<Value>>,
    pub revision: u64,
    pub log: Vec<Change>,
    /// States before this one are forgotten.
    pub compacted: u64,
    pub snapshots: HashMap<u64, Snapshot>,
    next_snapshot: u64,
    pub allowed: Option<BTreeSet<String>>,
    pub plain: bool,
    pub busy: usize,
    pub refuses: bool,
    pub open: bool,
    /// Watches that were opened.
    pub watches: usize,
    pub requests: Vec<String>,
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What an object is, by its `apiVersion` and `kind`.
fn resource_of(object: &Value) -> &'static Served {
    let (version, kind) = (text(object, "/apiVersion"), text(object, "/kind"));
    let found = resources::ALL.iter().find(|one| one.kind == kind && one.api_version() == version);
    found.unwrap_or_else(|| panic!("{version} {kind} is not served"))
}

impl State {
    pub fn put(&mut self, mut object: Value) -> u64 {
        let resource = resource_of(&object);
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let (namespace, name) = (text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
        assert_eq!(namespace.is_empty(), !resource.namespaced, "{object}");
        let key = (resource.name(), namespace.to_owned(), name.to_owned());
        let object = Arc::new(object);
        let before = self.objects.insert(key, Arc::clone(&object));
        let (revision, after, last) = (self.revision, Some(Arc::clone(&object)), object);
        self.log.push(Change { revision, resource, before, after, last });
        self.revision
    }

    pub fn delete(&mut self, plural: &str, namespace: &str, name: &str) -> u64 {
        let key = (plural.to_owned(), namespace.to_owned(), name.to_owned());
        let before = self.objects.remove(&key).unwrap_or_else(|| panic!("there is no {key:?}"));
        self.revision += 1;
        // A deletion shows the object with the state after it.
        let mut last = (*before).clone();
        last["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let resource = resource_of(&last);
        let (revision, last) = (self.revision, Arc::new(last));
        self.log.push(Change { revision, resource, before: Some(before), after: None, last });
        self.revision
    }

    pub fn compact(&mut self) {
        self.compacted = self.revision;
        self.log.clear();
        self.snapshots.clear();
    }

    pub fn get(&self, resource: &Served, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.objects.get(&(resource.name(), namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Objects of a resource, of one namespace or all, in the order of their keys.
    pub fn list(&self, resource: &Served, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let name = resource.name();
        let from = (name.clone(), namespace.unwrap_or_default().to_owned(), String::new());
        let objects = self
            .objects
            .range(from..)
            .take_while(|(key, _)| key.0 == name && namespace.is_none_or(|namespace| key.1 == namespace));
        objects.map(|(_, object)| Arc::clone(object)).collect()
    }

    /// Keeps a list, so that its other pages can be read.
    pub fn keep(&mut self, items: Arc<Vec<Arc<Value>>>) -> u64 {
        self.next_snapshot += 1;
        self.snapshots.insert(self.next_snapshot, Snapshot { revision: self.revision, items });
        self.next_snapshot
    }
}
