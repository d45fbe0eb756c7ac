//! The ingestor for Kubernetes: whatever a cluster's API server lists, by discovery, and what it says while it is watched.
//!
//! Every request goes through the context's guarded HTTP client; nothing is read from files or the environment, so a
//! kubeconfig has to hold what it uses. What each kind yields, and the rights it needs, is in
//! `docs/ingestors/kubernetes.md`.

mod api;
mod collect;
mod descriptor;
mod discovery;
mod fault;
mod follow;
mod ingestor;
mod item;
mod kinds;
mod kubeconfig;
mod list;
mod object;
mod owners;
mod selection;
mod settings;
pub mod testing;
mod watch;

pub use ingestor::Kubernetes;
