//! Every field of both GraphQL APIs × who asks (api.md 6). A field that is added without a line here fails.

use std::collections::BTreeSet;

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::support::{Server, blueprints};

/// A query, and what another tenant's admin, a viewer, a member and an admin get: the code of the first error, at the top
/// or in the payload; nothing where all is well. Asked in this order.
type Line = (&'static str, [&'static str; 4]);

const VIEWERS: [&str; 4] = [""; 4];
const MEMBERS: [&str; 4] = ["", "FORBIDDEN", "", ""];
const ADMINS: [&str; 4] = ["", "FORBIDDEN", "FORBIDDEN", ""];

/// The fields of the platform API, but for what is only found in its own tenant (see below).
const PLATFORM: &[Line] = &[
    // Subscriptions have an address of their own; who may read may follow.
    ("subscription { entityChanged(blueprint: \"service\") { kind } }", ["INVALID_QUERY"; 4]),
    ("subscription { modelChanged { revision } }", ["INVALID_QUERY"; 4]),
    ("{ model { revision } }", VIEWERS),
    ("{ blueprints { identifier json graphql entityCount } }", VIEWERS),
    ("{ blueprint(identifier: \"service\") { title revision entityCount } }", VIEWERS),
    ("{ entity(blueprint: \"service\", identifier: \"secret\") { title properties relations } }", VIEWERS),
    ("{ entities(blueprint: \"service\") { totalCount nodes { identifier title } } }", VIEWERS),
    ("{ search(text: \"the other\") { nodes { identifier title properties } } }", VIEWERS),
    (
        "{ entity(blueprint: \"service\", identifier: \"secret\") { origins { name actor } relatedTo(direction: UPSTREAM) { nodes { entity { title } } edges { source } } } }",
        VIEWERS,
    ),
    (
        "{ entitiesAggregate(blueprint: \"service\", groupBy: [{property: \"$title\"}]) { groups { key count } } }",
        VIEWERS,
    ),
    (
        "{ entitiesOverTime(blueprint: \"service\", interval: YEAR, from: \"2026-01-01\") { at count created deleted } }",
        VIEWERS,
    ),
    (
        "{ planBlueprintChange(input: {identifier: \"service\", title: \"S\", schema: {properties: {}}}) { revision errors { code } } }",
        ADMINS,
    ),
    ("{ invalidEntities(blueprint: \"service\") { totalCount nodes { identifier title } } }", VIEWERS),
    ("{ modelRevisions { nodes { revision blueprint after } } }", VIEWERS),
    ("{ ingestors { name policy(kinds: [\"account\"]) } }", VIEWERS),
    ("{ ingestors { externalId } }", ADMINS),
    ("{ credentials { clientId role revoked } }", ADMINS),
    ("{ me { role tenant { slug } } }", VIEWERS),
    ("{ members { id email role } }", VIEWERS),
    ("{ auditLog { nodes { action actor target } } }", ADMINS),
    ("{ pages { identifier title dashboard } }", VIEWERS),
    ("{ page(identifier: \"p\") { title } }", VIEWERS),
    ("{ savedViews { id title } }", VIEWERS),
    ("{ savedView(id: \"1\") { title } }", VIEWERS),
    ("{ preferences { theme recent { identifier } } }", VIEWERS),
    ("{ portalSettings { frameOrigins } }", VIEWERS),
    ("{ starterModels { name blueprints } }", VIEWERS),
    ("{ sampleWorkspace { loaded entities } }", VIEWERS),
    ("{ usage { entities { used limit } requestsPerMinute { used limit } } }", ADMINS),
    (
        "{ integrations { identifier remote config mapping policy schedule nextRunAt guard status lastRun { id } hookKey hookUrl following { status since lastEventAt error { code } } } }",
        ADMINS,
    ),
    (
        "{ previewMapping(integration: \"i\", kind: \"k\", mapping: {resources: []}, samples: []) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "{ recordedSamples(integration: \"i\", kind: \"k\") }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "{ deliveries(integration: \"i\") { id receivedAt status attempts error { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    ("{ resyncRun(id: \"1\") { status } }", ["NOT_FOUND"; 4]),
    (
        "mutation { upsertEntity(input: {blueprint: \"service\", identifier: \"s9\"}) { changed errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { upsertEntity(input: {blueprint: \"service\", identifier: \"s9\", properties: 1}) { errors { code } } }",
        ["WRONG_TYPE", "FORBIDDEN", "WRONG_TYPE", "WRONG_TYPE"],
    ),
    (
        "mutation { upsertEntities(input: [{blueprint: \"service\", identifier: \"s9\"}]) { results { changed } errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { updateEntity(input: {blueprint: \"service\", identifier: \"s9\"}) { errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { deleteEntity(blueprint: \"service\", identifier: \"s9\", dryRun: true) { errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { deleteEntities(blueprint: \"service\", identifiers: [\"s9\"], dryRun: true) { errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { deleteEntities(blueprint: \"service\", rules: {combinator: \"and\", rules: []}, dryRun: true) { errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { createBlueprint(input: {identifier: \"p\", title: \"P\", schema: {properties: {a: {type: \"string\"}}}, relations: {r: {target: \"system\"}}}) { errors { code } } }",
        ADMINS,
    ),
    (
        "mutation { updateBlueprint(identifier: \"p\", input: {title: \"Q\", schema: {properties: {a: {type: \"string\"}}}, relations: {r: {target: \"system\"}}}) { errors { code } } }",
        ADMINS,
    ),
    (
        "mutation { renameProperty(blueprint: \"p\", identifier: \"a\", to: \"b\") { errors { code } } }",
        ADMINS,
    ),
    (
        "mutation { renameRelation(blueprint: \"p\", identifier: \"r\", to: \"s\") { errors { code } } }",
        ADMINS,
    ),
    ("mutation { renameBlueprint(identifier: \"p\", to: \"q\") { errors { code } } }", ADMINS),
    ("mutation { deleteBlueprint(identifier: \"q\") { errors { code } } }", ADMINS),
    (
        "mutation { createPage(input: {identifier: \"p\", kind: FOLDER, title: \"P\"}) { errors { code } } }",
        ADMINS,
    ),
    ("mutation { updatePage(identifier: \"p\", input: {title: \"Q\"}) { errors { code } } }", ADMINS),
    ("mutation { movePage(identifier: \"p\") { errors { code } } }", ADMINS),
    ("mutation { deletePage(identifier: \"p\") { errors { code } } }", ADMINS),
    (
        "mutation { createSavedView(input: {blueprint: \"service\", title: \"v\"}) { errors { code } } }",
        MEMBERS,
    ),
    (
        "mutation { createSavedView(input: {blueprint: \"service\", title: \"v\", shared: true}) { errors { code } } }",
        ADMINS,
    ),
    (
        "mutation { updateSavedView(id: \"1\", input: {}) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "NOT_FOUND", "NOT_FOUND"],
    ),
    (
        "mutation { deleteSavedView(id: \"1\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "NOT_FOUND", "NOT_FOUND"],
    ),
    ("mutation { updatePreferences(input: {theme: DARK}) { errors { code } } }", VIEWERS),
    ("mutation { updatePortalSettings(input: {frameOrigins: []}) { errors { code } } }", ADMINS),
    (
        "mutation { applyStarterModel(name: \"nope\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { loadSampleWorkspace { errors { code } } }",
        ["NOT_SUPPORTED", "FORBIDDEN", "FORBIDDEN", "NOT_SUPPORTED"],
    ),
    ("mutation { removeSampleWorkspace { errors { code } } }", ADMINS),
    ("mutation { createCredential(role: VIEWER, name: \"x\") { clientId errors { code } } }", ADMINS),
    (
        "mutation { rotateCredential(clientId: \"x\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { revokeCredential(clientId: \"x\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    ("mutation { inviteMember(email: \"x@x.example\", role: VIEWER) { link errors { code } } }", ADMINS),
    (
        "mutation { setRole(member: \"x\", role: VIEWER) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { removeMember(member: \"1\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { createIntegration(input: {identifier: \"i\", ingestor: \"nope\"}) { errors { code } } }",
        ["INVALID_VALUE", "FORBIDDEN", "FORBIDDEN", "INVALID_VALUE"],
    ),
    (
        "mutation { checkIntegration(input: {ingestor: \"nope\"}) { ok problems { code } } }",
        ["", "FORBIDDEN", "FORBIDDEN", ""],
    ),
    (
        "mutation { updateIntegration(identifier: \"i\", input: {guard: null}) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { deleteIntegration(identifier: \"i\", deleteEntities: true) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { replayDelivery(id: \"1\") { delivery { sourceKey } errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { replayFailedDeliveries(integration: \"i\") { replayed errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { rotateHookKey(integration: \"i\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { startResync(integration: \"i\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { approveResync(run: \"1\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { cancelResync(run: \"1\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
    (
        "mutation { rollBackResync(run: \"1\", plan: true) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"],
    ),
];

/// The fields that one blueprint has in the catalog API, and those of all.
const CATALOG: &[Line] = &[
    ("subscription { serviceChanged { kind } }", ["INVALID_QUERY"; 4]),
    ("subscription { entityChanged(blueprint: \"service\") { kind } }", ["INVALID_QUERY"; 4]),
    ("subscription { modelChanged { revision } }", ["INVALID_QUERY"; 4]),
    ("{ modelRevision }", VIEWERS),
    ("{ node(id: \"ID\") { id } }", VIEWERS),
    ("{ entity(blueprint: \"service\", identifier: \"secret\") { title } }", VIEWERS),
    ("{ service(identifier: \"secret\") { title properties } }", VIEWERS),
    ("{ services { totalCount nodes { identifier title } } }", VIEWERS),
    ("{ search(text: \"the other\") { nodes { identifier title } } }", VIEWERS),
    (
        "{ service(identifier: \"secret\") { origins { name actor } relatedTo(direction: UPSTREAM) { nodes { entity { title } } edges { source } } } }",
        VIEWERS,
    ),
    ("{ servicesAggregate(groupBy: [{field: TITLE}]) { key { title } count } }", VIEWERS),
    ("mutation { createService(input: {identifier: \"s9\"}, dryRun: true) { errors { code } } }", MEMBERS),
    ("mutation { upsertService(input: {identifier: \"s9\"}) { errors { code } } }", MEMBERS),
    (
        "mutation { bulkUpsertServices(input: [{identifier: \"s9\"}]) { results { changed } errors { code } } }",
        MEMBERS,
    ),
    ("mutation { updateService(input: {identifier: \"s9\"}) { errors { code } } }", MEMBERS),
    ("mutation { deleteService(identifier: \"s9\", dryRun: true) { errors { code } } }", MEMBERS),
    // People: whoever writes entities names them; who is a member is for admins to say, and not here.
    ("subscription { _userChanged { kind } }", ["INVALID_QUERY"; 4]),
    ("{ _user(identifier: \"admin@acme.example\") { title status portRole } }", VIEWERS),
    ("{ _users { totalCount nodes { identifier title } } }", VIEWERS),
    ("{ _usersAggregate(groupBy: [{field: STATUS}]) { key { status } count } }", VIEWERS),
    ("mutation { create_User(input: {identifier: \"x@y.z\"}, dryRun: true) { errors { code } } }", MEMBERS),
    (
        "mutation { upsert_User(input: {identifier: \"x@y.z\", status: ACTIVE}) { errors { code } } }",
        ["PROTECTED", "FORBIDDEN", "PROTECTED", "PROTECTED"],
    ),
    (
        "mutation { update_User(input: {identifier: \"admin@acme.example\", portRole: VIEWER}) { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "PROTECTED", "PROTECTED"],
    ),
    (
        "mutation { delete_User(identifier: \"admin@acme.example\") { errors { code } } }",
        ["NOT_FOUND", "FORBIDDEN", "PROTECTED", "PROTECTED"],
    ),
    ("mutation { bulkUpsert_Users(input: [{identifier: \"x@y.z\"}]) { errors { code } } }", MEMBERS),
];

/// What a tenant must never see of another.
const SECRET: &str = "the other tenant's secret";

/// The code of the first error, at the top or in a payload.
fn code(answer: &Value) -> String {
    let top = answer["errors"][0]["extensions"]["code"].as_str();
    let payload = answer["data"].as_object().and_then(|data| data.values().next());
    let inner = payload.and_then(|payload| payload["errors"][0]["code"].as_str());
    top.or(inner).unwrap_or_default().to_owned()
}

async fn check(server: &Server, path: &str, lines: &[Line]) {
    for (query, expected) in lines {
        let body = json!({"query": query});
        let (status, answer) = server.post(path, "", &body).await;
        assert_eq!((status, code(&answer).as_str()), (401, "UNAUTHENTICATED"), "{query}");
        for (at, token) in
            [&server.stranger, &server.viewer, &server.member, &server.admin].into_iter().enumerate()
        {
            let (_, answer) = server.post(path, token, &body).await;
            assert_eq!(code(&answer), expected[at], "{query} asked by {at}: {answer}");
            assert!(at > 0 || !answer.to_string().contains(SECRET), "{query}: {answer}");
        }
    }
}

/// Root fields that the lines name, beside those that the schema has.
async fn fields(server: &Server, path: &str, lines: &[Line]) -> (BTreeSet<String>, BTreeSet<String>) {
    let named = lines.iter().map(|(query, _)| {
        let field = query.trim_start_matches("mutation").trim_start_matches("subscription");
        let field = field.trim_start_matches([' ', '{']);
        field.split(['(', ' ']).next().unwrap().to_owned()
    });
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } } }";
    let (_, answer) = server.post(path, &server.viewer, &json!({"query": query})).await;
    let of = |kind: &str| {
        let fields = answer["data"]["__schema"][kind]["fields"].as_array().cloned().unwrap_or_default();
        fields.into_iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let real = ["queryType", "mutationType", "subscriptionType"].iter().flat_map(|kind| of(kind));
    (named.collect(), real.collect())
}

async fn prepared(store: portolan_store::Store) -> Server {
    let server = Server::with_blueprints(store).await;
    for blueprint in blueprints() {
        let (status, _) = server.post("/v1/blueprints", &server.stranger, &blueprint).await;
        assert_eq!(status, 201);
    }
    server.put("service", json!({"identifier": "secret", "title": SECRET})).await;
    server
}

#[tokio::test]
async fn every_field_of_the_platform_knows_who_may() {
    on_each_engine(|store| async move {
        let server = prepared(store).await;
        check(&server, "/api/graphql", PLATFORM).await;
        let (named, real) = fields(&server, "/api/graphql", PLATFORM).await;
        assert_eq!(named, real);
    })
    .await;
}

#[tokio::test]
async fn every_field_of_the_catalog_knows_who_may() {
    on_each_engine(|store| async move {
        let server = prepared(store).await;
        let answer = server.graphql("{ service(identifier: \"secret\") { id } }").await;
        let id = answer["data"]["service"]["id"].as_str().unwrap().to_owned();
        let lines: Vec<Line> =
            CATALOG.iter().map(|(query, expected)| (&*query.replace("ID", &id).leak(), *expected)).collect();
        check(&server, "/graphql", &lines).await;
        let (named, real) = fields(&server, "/graphql", CATALOG).await;
        // The other blueprints' fields are made by the same code.
        let others = |name: &String| {
            ["system", "deployment", "_team"].iter().any(|other| name.to_lowercase().contains(other))
        };
        assert_eq!(named, real.into_iter().filter(|name| !others(name)).collect());
    })
    .await;
}

#[test]
fn the_committed_platform_schema_is_the_one_served() {
    let committed = include_str!("../../schema.graphql");
    let served = portolan_api::platform_graphql::sdl();
    assert!(committed == served, "server/api/schema.graphql is stale; it should be:\n{served}");
}
