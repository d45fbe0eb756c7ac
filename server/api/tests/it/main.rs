//! The HTTP surface at the level of its behaviour, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod graphql;
mod graphql_aggregate;
mod graphql_bounds;
mod platform_entities;
mod port_v1;
mod port_v1_wire;
mod rights;
mod rights_graphql;
mod support;
