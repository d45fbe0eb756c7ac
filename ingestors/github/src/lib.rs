//! The ingestor for GitHub and GitHub Enterprise: organizations, repositories, teams, users, pull requests, issues,
//! releases, workflows and their runs, environments and deployments.
//!
//! It asks the REST API through the context's guarded HTTP client, at the pace that GitHub allows, and turns GitHub's
//! webhooks into events. What each kind yields is described in `docs/ingestors/github.md`.

mod answer;
mod credentials;
mod descriptor;
mod events;
mod fault;
mod ingestor;
mod item;
mod kinds;
mod link;
mod pace;
mod pages;
mod repositories;
mod selector;
mod session;
mod settings;

pub use ingestor::Github;
