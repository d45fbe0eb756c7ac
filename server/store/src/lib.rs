//! The only SQL in Portolan: tables, the tenant's scope, filters compiled to SQL, history and jobs.
//!
//! Nothing outside reaches the database but through a [`TenantScope`] (one tenant's transaction) or the few global
//! tables behind a [`GlobalScope`]. Every statement here runs on SQLite and on PostgreSQL.

mod aggregate;
mod blueprint;
pub mod computed;
pub mod consumer;
pub mod context;
mod counts;
pub mod database;
pub mod datasource;
pub mod entity;
mod entity_read;
pub mod entity_write;
mod estimates;
mod fault;
mod filter_sql;
mod finished;
mod graph;
pub mod head;
pub mod identity;
mod indexing;
pub mod integration;
mod invalid;
pub mod job;
pub mod lifetimes;
mod list;
pub mod log;
pub mod mapping;
mod measured;
pub mod migration;
mod nodes;
pub mod notifier;
pub mod pending;
pub mod portal;
mod postgres;
mod property_sql;
pub mod query;
mod related;
pub mod retired;
pub mod revision;
mod row;
pub mod scope;
mod search;
mod sort;
mod sql;
mod sqlite;
pub mod stored_entity;
mod stored_state;
pub mod stream;
pub mod testing;
mod transaction;
mod value_rows;
mod value_write;
mod words;
mod writer;

pub use context::{Actor, OpContext, Role, TenantId};
pub use database::{Config, Store};
pub use scope::{GlobalScope, TenantScope};
