//! The edges: HTTP in, one call of a capability, JSON out. Nothing here decides what is allowed or how data is kept.

mod address;
mod answer;
mod app;
mod authenticated;
mod body;
pub mod catalog_graphql;
mod changes;
mod client;
mod documents;
mod export;
mod graphql;
mod graphql_http;
mod graphql_ws;
mod hooks;
mod limits;
mod metrics;
mod openapi;
mod operator;
pub mod platform_graphql;
mod port_v1;
mod runs;
mod session;
mod stream;

pub use app::{App, router, routes};
pub use client::TrustedProxies;
