//! The store's answers, on SQLite and on PostgreSQL: filters against their meaning in memory, pages against the whole
//! list, and the plans by which the engines find them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod abandoned;
mod aggregates;
mod filled;
mod filters;
mod law;
mod pages;
mod parts;
mod plans;
mod rules;
mod search;
mod tape;
mod world;
