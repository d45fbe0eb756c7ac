//! The first tables: identity, catalog, history, integrations and jobs.
//!
//! Times are microseconds since 1970. JSON is text. `seq` is given by the tenant's head row, so that the order of
//! commits is the order of sequence numbers.

use sea_orm_migration::prelude::*;

use crate::dialect;

pub(crate) const TENANT_TABLES: &[&str] = &[
    "tenant_heads",
    "blueprints",
    "model_revisions",
    "entities",
    "entity_values",
    "relations",
    "versions",
    "integrations",
    "runs",
    "run_kinds",
    "run_items",
    "run_logs",
    "payload_samples",
];

const GLOBAL: &[&str] = &[
    // Ids are handed out in blocks, so that no writer waits for another.
    "CREATE TABLE id_blocks (name {text} PRIMARY KEY, next_id BIGINT NOT NULL)",
    "INSERT INTO id_blocks (name, next_id) VALUES ('any', 1)",
    // `model_revision` is that of the head row, for who asks before the tenant is known.
    "CREATE TABLE tenants (
       tenant_id BIGINT PRIMARY KEY, slug {text} NOT NULL UNIQUE, title {text} NOT NULL,
       status {text} NOT NULL, created_at BIGINT NOT NULL, model_revision BIGINT NOT NULL DEFAULT 0)",
    "CREATE TABLE accounts (
       account_id BIGINT PRIMARY KEY, email {text} NOT NULL UNIQUE, name {text},
       password_hash {text}, status {text} NOT NULL, created_at BIGINT NOT NULL)",
    "CREATE TABLE memberships (
       tenant_id BIGINT NOT NULL REFERENCES tenants, account_id BIGINT NOT NULL REFERENCES accounts,
       role {text} NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, account_id))",
    "CREATE INDEX memberships_by_account ON memberships (account_id)",
    "CREATE TABLE credentials (
       client_id {text} PRIMARY KEY, tenant_id BIGINT NOT NULL REFERENCES tenants, name {text} NOT NULL,
       role {text} NOT NULL, secret_hash {bytes} NOT NULL, status {text} NOT NULL,
       created_at BIGINT NOT NULL, created_by {text} NOT NULL, last_used_at BIGINT)",
    "CREATE INDEX credentials_by_tenant ON credentials (tenant_id, created_at)",
    "CREATE TABLE signing_keys (
       kid {text} PRIMARY KEY, private_sealed {bytes} NOT NULL, public_jwk {text} NOT NULL,
       created_at BIGINT NOT NULL, retired_at BIGINT)",
    // Work to do, found without knowing its tenant; it holds no data of the tenant's.
    "CREATE TABLE jobs (
       job_id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, queue {text} NOT NULL, subject_id BIGINT NOT NULL,
       run_at BIGINT NOT NULL, leased_until BIGINT, attempts INTEGER NOT NULL DEFAULT 0, created_at BIGINT NOT NULL,
       UNIQUE (tenant_id, queue, subject_id))",
    "CREATE INDEX jobs_due ON jobs (queue, run_at)",
];

const TENANT: &[&str] = &[
    "CREATE TABLE tenant_heads (
       tenant_id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, model_revision BIGINT NOT NULL, next_no INTEGER NOT NULL)",
    // Current blueprints. `graphql` holds the chosen names, `numbers` the numbers of properties and relations.
    "CREATE TABLE blueprints (
       tenant_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL, identifier {text} NOT NULL,
       definition {text} NOT NULL, numbers {text} NOT NULL, graphql {text} NOT NULL, revision BIGINT NOT NULL,
       created_at BIGINT NOT NULL, created_by {text} NOT NULL, updated_at BIGINT NOT NULL, updated_by {text} NOT NULL,
       PRIMARY KEY (tenant_id, blueprint_no), UNIQUE (tenant_id, identifier))",
    // One row a change of the model: which blueprint, before and after.
    "CREATE TABLE model_revisions (
       tenant_id BIGINT NOT NULL, revision BIGINT NOT NULL, blueprint_no INTEGER NOT NULL,
       before_definition {text}, after_definition {text}, at BIGINT NOT NULL, actor {text} NOT NULL,
       PRIMARY KEY (tenant_id, revision, blueprint_no)) {clustered}",
    // `…_folded` is the lower-case form where it differs.
    "CREATE TABLE entities (
       tenant_id BIGINT NOT NULL, entity_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL,
       identifier {text} NOT NULL, identifier_folded {text}, title {text}, title_folded {text}, icon {text},
       team {text} NOT NULL, properties {text} NOT NULL,
       hash {bytes} NOT NULL, revision BIGINT NOT NULL, seq BIGINT NOT NULL, integration_id BIGINT, datasource {text},
       created_at BIGINT NOT NULL, created_by {text} NOT NULL,
       updated_at BIGINT NOT NULL, updated_by {text} NOT NULL,
       PRIMARY KEY (tenant_id, entity_id)) {clustered}",
    "CREATE UNIQUE INDEX entities_by_identifier ON entities (tenant_id, blueprint_no, identifier)",
    "CREATE INDEX entities_by_title ON entities (tenant_id, blueprint_no, title, entity_id)",
    "CREATE INDEX entities_by_created ON entities (tenant_id, blueprint_no, created_at, entity_id)",
    "CREATE INDEX entities_by_updated ON entities (tenant_id, blueprint_no, updated_at, entity_id)",
    "CREATE INDEX entities_by_integration ON entities (tenant_id, integration_id, blueprint_no, entity_id)
       WHERE integration_id IS NOT NULL",
    // One row a scalar value or list item. `text_value` keeps the first 256 bytes of a longer text, `cut` marks it;
    // `folded` is the lower-case form where it differs.
    "CREATE TABLE entity_values (
       tenant_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL, property_no INTEGER NOT NULL, entity_id BIGINT NOT NULL,
       ordinal INTEGER NOT NULL, text_value {text}, folded {text}, cut INTEGER, number_value {float},
       instant_value BIGINT, PRIMARY KEY (tenant_id, blueprint_no, property_no, entity_id, ordinal)) {clustered}",
    "CREATE INDEX entity_values_text ON entity_values (tenant_id, blueprint_no, property_no, text_value, entity_id)
       WHERE text_value IS NOT NULL",
    "CREATE INDEX entity_values_number ON entity_values (tenant_id, blueprint_no, property_no, number_value, entity_id)
       WHERE number_value IS NOT NULL",
    "CREATE INDEX entity_values_instant ON entity_values (tenant_id, blueprint_no, property_no, instant_value, entity_id)
       WHERE instant_value IS NOT NULL",
    // Edges. A pending one names a target that does not exist yet.
    "CREATE TABLE relations (
       tenant_id BIGINT NOT NULL, source_id BIGINT NOT NULL, relation_no INTEGER NOT NULL, ordinal INTEGER NOT NULL,
       target_id BIGINT, pending {text}, PRIMARY KEY (tenant_id, source_id, relation_no, ordinal)) {clustered}",
    "CREATE INDEX relations_by_target ON relations (tenant_id, target_id, relation_no, source_id)
       WHERE target_id IS NOT NULL",
    "CREATE INDEX relations_pending ON relations (tenant_id, relation_no, pending) WHERE pending IS NOT NULL",
    // One row a real change. `state` is the entity after it, null after a delete; the row before it ends at `until_seq`.
    // `edge_changes` is JSON of [relation, target id] pairs that came or went with the change: identifiers in `state` are
    // those of then, ids stay.
    "CREATE TABLE versions (
       tenant_id BIGINT NOT NULL, seq BIGINT NOT NULL, entity_id BIGINT NOT NULL, blueprint_no INTEGER NOT NULL,
       identifier {text} NOT NULL, kind {text} NOT NULL, state {text}, revision BIGINT NOT NULL, previous_seq BIGINT,
       until_seq BIGINT, at BIGINT NOT NULL, actor {text} NOT NULL, origin {text}, run_id BIGINT,
       edge_changes {text},
       PRIMARY KEY (tenant_id, seq)) {clustered}",
    "CREATE INDEX versions_by_entity ON versions (tenant_id, entity_id, seq)",
    "CREATE TABLE integrations (
       tenant_id BIGINT NOT NULL, integration_id BIGINT NOT NULL, identifier {text} NOT NULL, ingestor {text} NOT NULL,
       title {text}, remote INTEGER NOT NULL, config {text} NOT NULL, secrets {bytes}, mapping {text} NOT NULL,
       schedule {text}, guard {text} NOT NULL, wire {text},
       created_at BIGINT NOT NULL, created_by {text} NOT NULL, updated_at BIGINT NOT NULL, updated_by {text} NOT NULL,
       PRIMARY KEY (tenant_id, integration_id), UNIQUE (tenant_id, identifier))",
    // `phase` is how far an open run has come, `cancelling` that somebody wants it to end. `samples` shows some of the
    // planned changes.
    "CREATE TABLE runs (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, integration_id BIGINT NOT NULL, status {text} NOT NULL,
       phase {text} NOT NULL, plan_only INTEGER NOT NULL, approved INTEGER NOT NULL, cancelling INTEGER NOT NULL,
       mapping {text} NOT NULL, error_code {text}, error_message {text}, blocked {text}, samples {text},
       created_at BIGINT NOT NULL, created_by {text} NOT NULL, started_at BIGINT, ended_at BIGINT,
       PRIMARY KEY (tenant_id, run_id))",
    "CREATE INDEX runs_by_integration ON runs (tenant_id, integration_id, run_id)",
    // `incomplete`: not everything of the kind could be read or written, so nothing of its blueprints is gone.
    "CREATE TABLE run_kinds (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, ordinal INTEGER NOT NULL, kind {text} NOT NULL,
       status {text} NOT NULL, seen BIGINT NOT NULL, mapped BIGINT NOT NULL, created BIGINT NOT NULL,
       updated BIGINT NOT NULL, unchanged BIGINT NOT NULL, deleted BIGINT NOT NULL, failed BIGINT NOT NULL,
       incomplete INTEGER NOT NULL, error_code {text}, error_message {text},
       PRIMARY KEY (tenant_id, run_id, ordinal)) {clustered}",
    // What a run is to do: entities to write (`action` W) and, once it is planned, entities to delete (D). `late` ones
    // hold search queries, which find what the others make.
    "CREATE TABLE run_items (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, item_no BIGINT NOT NULL, kind_ordinal INTEGER NOT NULL,
       action {text} NOT NULL, late INTEGER NOT NULL, blueprint_no INTEGER NOT NULL, identifier {text} NOT NULL,
       entity {text} NOT NULL, verdict {text}, PRIMARY KEY (tenant_id, run_id, item_no)) {clustered}",
    "CREATE INDEX run_items_by_identifier
       ON run_items (tenant_id, run_id, blueprint_no, identifier, kind_ordinal, item_no)",
    "CREATE TABLE run_logs (
       tenant_id BIGINT NOT NULL, run_id BIGINT NOT NULL, line_no BIGINT NOT NULL, at BIGINT NOT NULL,
       level {text} NOT NULL, kind {text}, item {text}, message {text} NOT NULL,
       PRIMARY KEY (tenant_id, run_id, line_no)) {clustered}",
    "CREATE TABLE payload_samples (
       tenant_id BIGINT NOT NULL, integration_id BIGINT NOT NULL, kind {text} NOT NULL, ordinal INTEGER NOT NULL,
       payload {text} NOT NULL, at BIGINT NOT NULL,
       PRIMARY KEY (tenant_id, integration_id, kind, ordinal)) {clustered}",
];

pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_base"
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
