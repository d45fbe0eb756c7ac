//! Sessions of people, one-time links, the audit log, and what the operator sets for a tenant.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &["audit_events"];

const GLOBAL: &[&str] = &[
    // JSON; null takes the server's defaults.
    "ALTER TABLE tenants ADD COLUMN limits {text}",
    "ALTER TABLE accounts ADD COLUMN last_sign_in_at BIGINT",
    // The cookie's token is kept as a hash. `seen_at` moves at most once a minute.
    "CREATE TABLE sessions (
       token_hash {bytes} PRIMARY KEY, account_id BIGINT NOT NULL REFERENCES accounts, created_at BIGINT NOT NULL,
       seen_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, address {text}, user_agent {text})",
    "CREATE INDEX sessions_by_account ON sessions (account_id)",
    "CREATE INDEX sessions_by_end ON sessions (ends_at)",
    // An invitation has a tenant and a role, a reset of a password has neither. Used or replaced ones are gone.
    "CREATE TABLE one_time_links (
       token_hash {bytes} PRIMARY KEY, link_id BIGINT NOT NULL UNIQUE, email {text} NOT NULL,
       tenant_id BIGINT REFERENCES tenants, role {text}, created_at BIGINT NOT NULL, created_by {text} NOT NULL,
       expires_at BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX one_time_links_by_tenant ON one_time_links (tenant_id, email) WHERE tenant_id IS NOT NULL",
    "CREATE INDEX one_time_links_by_email ON one_time_links (email)",
    "CREATE INDEX one_time_links_by_end ON one_time_links (expires_at)",
];

const TENANT: &[&str] = &[
    // How many entities there are, moved in the statement that takes sequence numbers, and how many there may be.
    "ALTER TABLE tenant_heads ADD COLUMN entity_count BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE tenant_heads ADD COLUMN entity_limit BIGINT",
    "CREATE TABLE audit_events (
       tenant_id BIGINT NOT NULL, at BIGINT NOT NULL, event_id BIGINT NOT NULL, action {text} NOT NULL,
       actor {text} NOT NULL, target {text}, address {text}, user_agent {text}, request_id {text} NOT NULL,
       details {text}, PRIMARY KEY (tenant_id, at, event_id)) {clustered}",
    "CREATE INDEX audit_events_by_action ON audit_events (tenant_id, action, at, event_id)",
    "CREATE INDEX audit_events_by_actor ON audit_events (tenant_id, actor, at, event_id)",
    "CREATE INDEX audit_events_by_target ON audit_events (tenant_id, target, at, event_id)",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0020_identity"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, GLOBAL).await?;
        dialect::run(manager, TENANT).await?;
        dialect::isolate(manager, TENANT_TABLES).await
    }
}
