//! The routes under `/api`, the GraphQL APIs, and what every server has.

use super::operation::Access::{Admin, Member, Open};
use super::operation::Operation;
use super::parameters::Parameter;

const NDJSON: &str = "application/x-ndjson";
const CATALOG: &str = "Catalog";
const GRAPHQL: &str = "GraphQL";
const SERVER: &str = "Server";

pub(super) const TAGS: &[(&str, &str)] = &[
    (
        GRAPHQL,
        "The catalog API, typed by the tenant's blueprints, and the platform API, the same for everybody.",
    ),
    (CATALOG, "Entities and blueprints in bulk."),
    (SERVER, "What machines ask a server."),
];

pub(super) fn operations() -> Vec<Operation> {
    graphql().into_iter().chain(catalog()).chain(server()).collect()
}

fn graphql() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(GRAPHQL, method, path, id, summary);
    let upgraded = "A WebSocket; the token is in its `connection_init`.";
    let meaning = "The answer; mistakes in the query are in its `errors`.";
    vec![
        op("post", "/graphql", "askCatalog", "Ask the catalog API").takes("GraphqlRequest").answers(
            200,
            meaning,
            "GraphqlAnswer",
        ),
        op("get", "/graphql/schema.graphql", "getCatalogSchema", "The SDL of the tenant's catalog schema")
            .answers_text(200, "The SDL; the `ETag` is the model's revision.", "text/plain")
            .answers_nothing(304, "It is still the one of `If-None-Match`."),
        op("post", "/api/graphql", "askPlatform", "Ask the platform API").takes("GraphqlRequest").answers(
            200,
            meaning,
            "GraphqlAnswer",
        ),
        op(
            "get",
            "/graphql/ws",
            "followCatalog",
            "Subscriptions of the catalog API, by graphql-transport-ws",
        )
        .by(Open)
        .answers_nothing(101, upgraded)
        .refuses([400, 422]),
        op(
            "get",
            "/api/graphql/ws",
            "followPlatform",
            "Subscriptions of the platform API, by graphql-transport-ws",
        )
        .by(Open)
        .answers_nothing(101, upgraded)
        .refuses([400, 422]),
    ]
}

fn catalog() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(CATALOG, method, path, id, summary);
    let rules =
        || Parameter::text("rules", "Only what these rules match: URL-encoded JSON, as searches take it.");
    let order = || {
        let text =
            "The order, instead of that of identifiers: URL-encoded JSON, a list of {property, direction}.";
        Parameter::text("orderBy", text)
    };
    let columns = || {
        let text = "What is written of each entity: URL-encoded JSON, a list of properties, meta-properties such as \
                    $title, and relations.";
        Parameter::text("columns", text)
    };
    vec![
        op("get", "/api/changes", "listChanges", "The log of changes of entities after a sequence number")
            .query([
                Parameter::number("after", "The `next` of the answer before; 0 for the beginning."),
                Parameter::number("limit", "Most changes of the answer."),
                Parameter::text("wait", "How long to wait where there is none, such as `30s`."),
            ])
            .answers(200, "The changes, in the order of their commits.", "ChangesAnswer")
            .refuses([422]),
        op(
            "post",
            "/api/apply",
            "apply",
            "Make blueprints and entities what a set of documents says; Admin where there are blueprints",
        )
        .by(Member)
        .takes("Documents")
        .answers(200, "What was done, in entities.", "ApplyAnswer")
        .refuses([404, 409]),
        op(
            "post",
            "/api/entities/stream",
            "streamEntities",
            "Create, change and delete any number of entities, a line each (docs/stream.md)",
        )
        .by(Member)
        .query([
            Parameter::flag("merge", "Keep what a line does not name; this is the default."),
            Parameter::flag("createMissingRelations", "Make bare entities for relations that lead nowhere."),
        ])
        .takes_text(NDJSON)
        .answers_text(200, "Verdicts, a line each, while it runs; `done` is the last.", NDJSON)
        .refuses([404, 409, 415]),
        op(
            "post",
            "/api/runs",
            "openRun",
            "Open a run whose items come from elsewhere (docs/remote-runs.md)",
        )
        .by(Member)
        .takes("RunInput")
        .answers(201, "The run, and what it wants read.", "OpenedRunAnswer")
        .answers(200, "The run that is in progress.", "OpenedRunAnswer")
        .refuses([404]),
        op("get", "/api/runs/{run}", "getRun", "A run with its counts").answers(200, "The run.", "RunAnswer"),
        op("post", "/api/runs/{run}/items", "sendItems", "Hand over raw items, a line each")
            .by(Member)
            .takes_text(NDJSON)
            .answers_text(200, "Receipts, a line each, while it runs; `done` is the last.", NDJSON)
            .refuses([409, 415]),
        op(
            "post",
            "/api/runs/{run}/close",
            "closeRun",
            "Say which kinds were read to their end, and let the run be planned and committed",
        )
        .by(Member)
        .takes("RunClosing")
        .answers(200, "The run.", "RunAnswer")
        .refuses([409]),
        op(
            "post",
            "/api/hooks/{key}",
            "deliver",
            "Tell an integration what happened at its source; the key is the only right it takes, beside a signature \
             where one is configured",
        )
        .by(Open)
        .takes("Anything")
        .answers(202, "The delivery is kept, and worked on soon.", "DeliveryAnswer")
        .refuses([401]),
        op(
            "get",
            "/api/export",
            "exportTenant",
            "Blueprints, entities and integrations, as documents to be applied",
        )
        .by(Admin)
        .answers_text(
            200,
            "Documents; secrets and memberships are not among them.",
            "application/yaml",
        ),
        op(
            "get",
            "/api/blueprints/{blueprint}/entities.ndjson",
            "exportLines",
            "All entities of a blueprint, as lines that the stream takes",
        )
        .query([rules(), order(), columns()])
        .answers_text(200, "The entities.", NDJSON)
        .refuses([400, 422]),
        op(
            "get",
            "/api/blueprints/{blueprint}/entities.csv",
            "exportTable",
            "All entities of a blueprint, as a table for people",
        )
        .query([rules(), order(), columns()])
        .answers_text(200, "The entities.", "text/csv")
        .refuses([400, 422]),
    ]
}

fn server() -> Vec<Operation> {
    let op = |path, id, summary| Operation::new(SERVER, "get", path, id, summary).by(Open);
    vec![
        op("/healthz", "isAlive", "Whether the process answers").answers_text(200, "It does.", "text/plain"),
        op("/readyz", "isReady", "Whether the database answers too").answers_text(
            200,
            "It does.",
            "text/plain",
        ),
        op("/.well-known/jwks.json", "getKeys", "The public keys that tokens are signed with").answers(
            200,
            "A JSON Web Key Set.",
            "Keys",
        ),
        op("/api/openapi.json", "getDocument", "This document").answers(200, "OpenAPI 3.1.", "Anything"),
        op("/api/docs", "browseDocument", "This document, to browse").answers_text(
            200,
            "A page.",
            "text/html",
        ),
    ]
}
