//! The catalog at the level of its behaviour, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod history;
mod misfits;
mod model;
mod over_time;
mod plan;
mod prepare;
mod runs;
mod statements;
mod support;
mod unchanged;
mod writing;
