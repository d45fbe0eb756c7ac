//! The tables of Portolan: one stream of sea-orm migrations for SQLite and PostgreSQL.
//!
//! DDL is written once, with a few words that differ by engine (see [`dialect`]). Tenant-owned tables begin every key
//! and index with `tenant_id`; on PostgreSQL they force row-level security.

mod dialect;
mod m0001_base;
mod m0020_identity;
mod m0030_computed;
mod m0040_stream;
mod m0050_model;
mod m0060_people;
mod m0090_planner;
mod m0100_search;
mod m0110_counts;
mod m0120_deliveries;
mod m0121_following;
mod m0140_rollbacks;
mod m0160_portal;
mod m0161_deletions;

pub use sea_orm_migration::prelude::*;

/// Tables that belong to a tenant, by migration: row-level security is forced on each of them.
pub const TENANT_TABLES: &[&[&str]] = &[
    m0001_base::TENANT_TABLES,
    m0020_identity::TENANT_TABLES,
    m0030_computed::TENANT_TABLES,
    m0040_stream::TENANT_TABLES,
    m0050_model::TENANT_TABLES,
    m0100_search::TENANT_TABLES,
    m0110_counts::TENANT_TABLES,
    m0120_deliveries::TENANT_TABLES,
    m0121_following::TENANT_TABLES,
    m0140_rollbacks::TENANT_TABLES,
    m0160_portal::TENANT_TABLES,
];

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_base::Migration),
            Box::new(m0020_identity::Migration),
            Box::new(m0030_computed::Migration),
            Box::new(m0040_stream::Migration),
            Box::new(m0050_model::Migration),
            Box::new(m0060_people::Migration),
            Box::new(m0090_planner::Migration),
            Box::new(m0100_search::Migration),
            Box::new(m0110_counts::Migration),
            Box::new(m0120_deliveries::Migration),
            Box::new(m0121_following::Migration),
            Box::new(m0140_rollbacks::Migration),
            Box::new(m0160_portal::Migration),
            Box::new(m0161_deletions::Migration),
        ]
    }
}
