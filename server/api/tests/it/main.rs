//! The HTTP surface at the level of its behaviour, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod bad_input;
mod brute_force;
mod changes;
mod dry_runs;
mod graphql;
mod graphql_aggregate;
mod graphql_answers;
mod graphql_bounds;
mod graphql_graph;
mod graphql_law;
mod graphql_search;
mod hooks;
mod keys;
mod limits;
mod live;
mod live_filters;
mod members;
mod model_changes;
mod openapi;
mod operator;
mod page;
mod people;
mod platform_entities;
mod platform_portal;
mod port_v1;
mod port_v1_exporters;
mod port_v1_integrations;
mod port_v1_wire;
mod rights;
mod rights_graphql;
mod rules;
mod session;
mod stream;
mod stream_export;
mod stream_resume;
mod support;
