//! The portal at the level of its behaviour, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod dashboards;
mod following;
mod pages;
mod preferences;
mod sample;
mod starter;
mod support;
mod views;
