//! Faults: the server killed, PostgreSQL restarted, the database full. What was acknowledged is there, once.

mod feed;
mod full;
mod killed;
mod postgres;
mod restarted;
pub mod way;
