//! The ingestor for anything that can send JSON: each request to the integration's hook is one event.
//!
//! There is nothing to read between events, so runs of it are refused. See `docs/ingestors/webhook.md`.

mod ingestor;
mod item;
mod settings;
mod signature;

pub use ingestor::Webhook;
