//! A stand-in for a Kubernetes API server, since no real one runs in the tests: it speaks the API as its reference
//! describes it, over HTTP, and is itself checked by kubectl and the Python client. For tests; the product does not
//! call it.
//!
//! It serves discovery in both forms, lists in pages of one state, single objects, watches with bookmarks, metadata alone,
//! selectors, and refuses as an API server does. It takes no changes over HTTP: tests make them by [`Cluster`]'s methods.

mod discovery;
pub mod objects;
mod reply;
mod resources;
mod select;
mod server;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

use self::state::State;

/// The token that is known.
pub const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.for-tests-only.c2lnbmVk";

/// What open watches are told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Send a bookmark, where it is allowed.
    Bookmark,
    /// End in good order, as when `timeoutSeconds` are over.
    Close,
    /// Break the connection in the middle of the next line.
    CutNext,
    /// Say that the API server failed, inside the stream.
    Fail,
}

/// The API server of a cluster, as long as this lives.
pub struct Cluster {
    /// `http://127.0.0.1:port`.
    pub url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What the server's connections share.
struct Shared {
    state: Mutex<State>,
    /// The latest state of the cluster.
    revision: watch::Sender<u64>,
    /// With the state after which they are meant.
    commands: broadcast::Sender<(u64, Command)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    /// An empty cluster.
    ///
    /// # Panics
    /// As everything here: where a test asks for what cannot be.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            revision: watch::Sender::new(0),
            commands: broadcast::Sender::new(64),
        });
        let own = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&own);
                // A client that leaves early is none of the server's business.
                tokio::spawn(async move { server::serve(&shared, stream).await.ok() });
            }
        });
        Self { url, shared, accepting }
    }

    /// Makes or changes an object, of which everything but `metadata.resourceVersion` is given.
    pub fn put(&self, object: Value) {
        let revision = self.shared.state().put(object);
        self.shared.revision.send_replace(revision);
    }

    /// Makes many objects.
    pub fn fill(&self, objects: impl IntoIterator<Item = Value>) {
        objects.into_iter().for_each(|object| self.put(object));
    }

    /// Deletes an object.
    pub fn delete(&self, plural: &str, namespace: &str, name: &str) {
        let revision = self.shared.state().delete(plural, namespace, name);
        self.shared.revision.send_replace(revision);
    }

    /// Forgets all states before the present one: tokens of lists and places of watches are too old from now on.
    pub fn compact(&self) {
        self.shared.state().compact();
    }

    /// Tells the watches that are open.
    pub fn tell(&self, command: Command) {
        let revision = self.shared.state().revision;
        // Without a watch there is nobody to tell.
        self.shared.commands.send((revision, command)).ok();
    }

    /// Watches that were opened so far. Those that are open hear commands.
    pub fn watches(&self) -> usize {
        self.shared.state().watches
    }

    /// Allows these and nothing else: `list pods`, `watch deployments.apps`.
    pub fn allow(&self, rights: &[&str]) {
        self.shared.state().allowed = Some(rights.iter().map(|right| (*right).to_owned()).collect());
    }

    /// Tells what there is in the plain form only, as servers before 1.26.
    pub fn be_plain(&self) {
        self.shared.state().plain = true;
    }

    /// Answers the next requests with "too many requests".
    pub fn be_busy(&self, requests: usize) {
        self.shared.state().busy = requests;
    }

    /// Asks nobody for a token: kubectl sends none over plain HTTP.
    pub fn be_open(&self) {
        self.shared.state().open = true;
    }

    /// Knows nobody any more.
    pub fn refuse(&self) {
        self.shared.state().refuses = true;
    }

    /// Path and query of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// Working secrets of an integration that reads this cluster.
    pub fn secrets(&self) -> Value {
        json!({ "server": self.url, "token": TOKEN })
    }

    /// The same as a kubeconfig.
    pub fn kubeconfig(&self) -> String {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{ "name": "test", "cluster": { "server": self.url } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "reader" } }],
            "users": [{ "name": "reader", "user": { "token": TOKEN } }],
        })
        .to_string()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
