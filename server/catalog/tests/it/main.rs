//! The catalog at the level of its behaviour, on SQLite and on PostgreSQL.

mod support;
mod writing;
