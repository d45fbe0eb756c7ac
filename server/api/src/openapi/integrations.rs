//! The routes of what runs elsewhere: integrations under `/v1`, in Port's wire format, and runs under `/api`.

use serde_json::{Value, json};

use super::operation::Access::Admin;
use super::operation::Operation;
use super::parameters::Parameter;
use super::schemas::{Named, answer, count, instant, list, object, optional_text, reference, text};

const INTEGRATIONS: &str = "Integrations";

pub(super) const TAGS: &[(&str, &str)] = &[(
    INTEGRATIONS,
    "What integrations that run elsewhere keep here, in the wire format of Port's public API: Ocean, exporters, Terraform.",
)];

pub(super) fn operations() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(INTEGRATIONS, method, path, id, summary).by(Admin);
    let all = "/v1/integration";
    let cursor = "/v1/integration/{integration}/cursor";
    let of_kind = || {
        [
            Parameter::text("kind", "The kind of items that is read; it has to be there."),
            Parameter::text("index", "Which of several entries of the kind; 0 where it is missing."),
        ]
    };
    let mut operations = vec![
        op("get", all, "listIntegrations", "All integrations that run elsewhere").answers(
            200,
            "The integrations.",
            "IntegrationsAnswer",
        ),
        op("post", all, "putIntegration", "Make an integration, or change the one that is there")
            .takes("IntegrationInput")
            .answers(201, "It was made.", "IntegrationAnswer")
            .answers(200, "It was there; it is as it is now.", "IntegrationAnswer")
            .refuses([409]),
        op(
            "get",
            "/v1/integration/provision-enabled",
            "listProvisioned",
            "The kinds of integrations that the server prepares by itself: none",
        )
        .by(super::operation::Access::Viewer)
        .answers(200, "An empty list.", "ProvisionedAnswer"),
        op(
            "patch",
            "/v1/integration/{integration}/config",
            "configureIntegration",
            "Replace an integration's configuration and ask for a resync, unless the header `x-skip-resync` is true",
        )
        .takes("Configuration")
        .answers(200, "The integration as it is now.", "IntegrationAnswer"),
        op(
            "patch",
            "/v1/integration/{integration}/resync-state",
            "noteResync",
            "Note how a resync goes; the integration's time stays",
        )
        .takes("ResyncState")
        .answers(200, "The integration as it is now.", "IntegrationAnswer"),
        op(
            "get",
            "/v1/integration/{integration}/resync-request",
            "getResyncRequest",
            "When a resync was last asked for",
        )
        .answers(200, "When; null where nobody has.", "ResyncRequestAnswer"),
        op(
            "post",
            "/v1/integration/{integration}/kinds/{kind}/examples",
            "noteExamples",
            "Keep a few raw items of a kind, masked",
        )
        .takes("Examples")
        .answers(200, "They are kept.", "Done"),
        op("get", "/v1/integration/{integration}/kinds", "getExamples", "The raw items that are kept, by kind")
            .answers(200, "The items.", "ExamplesAnswer"),
        op("post", cursor, "makeCursor", "Note how far a kind has been read")
            .query(of_kind())
            .takes("Cursor")
            .answers(200, "It is noted.", "CursorAnswer"),
        op("put", cursor, "moveCursor", "Change the note how far a kind has been read")
            .query(of_kind())
            .takes("Cursor")
            .answers(200, "It is noted.", "CursorAnswer"),
        op("get", cursor, "getCursor", "How far a kind has been read")
            .query(of_kind())
            .answers(200, "The note.", "CursorAnswer")
            .refuses([422]),
    ];
    operations.extend(telemetry());
    let one = "/v1/integration/{integration}";
    // Last, because the others are of no use once it is gone.
    operations.extend([
        op("get", one, "getIntegration", "An integration that runs elsewhere")
            .query([Parameter::text("byField", "What it is found by: `installationId`.")])
            .answers(200, "The integration.", "IntegrationAnswer")
            .refuses([422]),
        op(
            "patch",
            one,
            "updateIntegration",
            "Change what is named; nothing, or another `config`, asks for a resync",
        )
        .takes("IntegrationInput")
        .answers(200, "The integration as it is now.", "IntegrationAnswer"),
        op("delete", one, "deleteIntegration", "Delete an integration; its entities stay")
            .query([Parameter::flag(
                "delete_entities",
                "Delete what its runs and its client have made, too.",
            )])
            .answers(200, "It is gone.", "IntegrationDeleted")
            .refuses([409]),
    ]);
    operations
}

/// Taken, and not kept.
fn telemetry() -> Vec<Operation> {
    let op = |method, path, id, summary| {
        Operation::new(INTEGRATIONS, method, path, id, summary).by(Admin).takes("Anything").answers(
            200,
            "It was taken.",
            "Done",
        )
    };
    vec![
        op(
            "post",
            "/v1/integration/{integration}/logs",
            "sendLogs",
            "Where a client sends its log; it is not kept",
        ),
        op(
            "post",
            "/v1/integration/{integration}/metrics/syncMetrics",
            "sendMetrics",
            "Where a client sends its measures; they are not kept",
        ),
        op(
            "put",
            "/v1/integration/{integration}/metrics/syncMetrics/resync/{event}/kind/{kind}",
            "sendMetricsOfKind",
            "Where a client sends its measures of a kind; they are not kept",
        ),
        op(
            "post",
            "/v1/integration/{integration}/metrics/heartbeat",
            "sendHeartbeat",
            "Where a client says that it is at work",
        ),
    ]
}

pub(super) fn examples() -> Named {
    let mappings = json!({"identifier": ".id", "blueprint": "\"service\"", "properties": {"tier": ".tier"}});
    let resource = json!({
        "kind": "service", "selector": {"query": "true"}, "port": {"entity": {"mappings": mappings}},
    });
    let config = json!({"resources": [resource]});
    vec![
        (
            "IntegrationInput",
            json!({"installationId": "main", "installationAppType": "catalog-agent", "version": "1.0.0", "config": config}),
        ),
        ("Configuration", json!({"config": config})),
        ("ResyncState", json!({"status": "completed"})),
        ("Examples", json!({"examples": [{"id": "checkout", "tier": "gold"}]})),
        ("RunInput", json!({"integration": "main", "plan": true})),
        ("RunClosing", json!({"kinds": {"service": "COMPLETE"}})),
        ("Cursor", json!({"primary": "2026-03-01T09:00:00Z"})),
    ]
}

pub(super) fn schemas() -> Named {
    let integration = json!({
        "type": "object", "additionalProperties": true,
        "description": "What the client sent, and what the server knows of it.",
        "required": ["_id", "identifier", "installationId", "installationAppType", "config", "logAttributes",
            "metricAttributes", "createdAt", "createdBy", "updatedAt", "updatedBy"],
        "properties": {
            "_id": text(), "identifier": text(), "installationId": text(), "installationAppType": text(),
            "config": {"type": "object"}, "createdAt": instant(), "createdBy": text(), "updatedAt": instant(),
            "updatedBy": text(), "resyncState": {"type": "object"},
            "logAttributes": object(json!({"ingestId": text(), "ingestUrl": text()})),
            "metricAttributes": object(json!({"ingestUrl": text()})),
        },
    });
    let input = json!({
        "type": "object", "additionalProperties": true, "properties": {
            "installationId": {"type": "string", "maxLength": 100, "description": "A new one needs it."},
            "installationAppType": {"type": "string", "minLength": 1, "maxLength": 100,
                "description": "What kind of source it is; a new one needs it."},
            "config": {"type": ["object", "null"],
                "description": "Kept as it is. Where it is a mapping, runs of raw items use it."},
            "guard": {"type": ["object", "null"], "description": "`{share, atLeast}`: what such a run may delete unasked."},
        },
    });
    let example = object(json!({"_id": text(), "data": {}}));
    let of_kind = object(json!({"examples": {"type": "array", "items": example}}));
    let wanted = object(json!({"kind": text(), "selector": {"type": "object"}}));
    let requested = json!({"oneOf": [{"type": "null"}, object(json!({"updatedAt": instant()}))]});
    vec![
        ("Integration", integration),
        ("IntegrationInput", input),
        ("IntegrationAnswer", answer(json!({"integration": reference("Integration")}))),
        ("IntegrationsAnswer", answer(json!({"integrations": list("Integration")}))),
        ("IntegrationDeleted", answer(json!({"deletedEntities": {"type": "integer", "minimum": 0}}))),
        ("ProvisionedAnswer", answer(json!({"integrations": {"type": "array", "items": text()}}))),
        (
            "Configuration",
            json!({"type": "object", "properties": {"config": {"type": ["object", "null"]}},
                "description": "The configuration in `config`, or by itself."}),
        ),
        (
            "ResyncState",
            json!({"type": "object", "additionalProperties": true, "properties": {
                "status": {"type": "string", "description": "`running`, `completed`, `failed` or `aborted`."},
                "lastResyncStart": optional_text(), "lastResyncEnd": optional_text(), "nextResync": optional_text(),
            }}),
        ),
        ("ResyncRequestAnswer", answer(json!({"request": requested}))),
        ("Examples", object(json!({"examples": {"type": "array"}}))),
        ("ExamplesAnswer", answer(json!({"data": {"type": "object", "additionalProperties": of_kind}}))),
        (
            "RunInput",
            json!({"type": "object", "required": ["integration"], "additionalProperties": false, "properties": {
                "integration": text(),
                "plan": {"type": ["boolean", "null"], "default": false, "description": "Commit nothing."},
            }}),
        ),
        ("Run", run()),
        ("RunAnswer", answer(json!({"run": reference("Run")}))),
        (
            "OpenedRunAnswer",
            answer(json!({"run": reference("Run"), "wanted": {"type": "array", "items": wanted}})),
        ),
        ("RunClosing", closing()),
        ("Cursor", object(json!({"primary": {"type": "string", "maxLength": 4096}}))),
        ("CursorAnswer", answer(json!({"cursor": object(json!({"primary": text()}))}))),
    ]
}

fn run() -> Value {
    let problem = json!({"oneOf": [{"type": "null"}, object(json!({"code": text(), "message": text()}))]});
    let kind = object(json!({
        "kind": text(), "status": text(), "seen": count(), "mapped": count(), "created": count(), "updated": count(),
        "unchanged": count(), "deleted": count(), "failed": count(), "error": problem,
    }));
    let blocked = object(json!({
        "reason": text(), "deletions": count(), "share": {"type": "number"}, "threshold": {"type": "number"},
    }));
    object(json!({
        "id": text(),
        "status": {"enum": ["QUEUED", "RUNNING", "BLOCKED", "SUCCEEDED", "PARTIAL", "FAILED", "CANCELLED"]},
        "phase": {"enum": ["COLLECT", "PLAN", "COMMIT", "DELETE", "ENDED"],
            "description": "Items are taken while it is COLLECT."},
        "planOnly": {"type": "boolean"}, "cancelling": {"type": "boolean"}, "createdAt": instant(), "createdBy": text(),
        "startedAt": optional_text(), "endedAt": optional_text(), "error": problem,
        "blocked": {"oneOf": [{"type": "null"}, blocked]}, "kinds": {"type": "array", "items": kind},
    }))
}

fn closing() -> Value {
    let word = json!({"enum": ["COMPLETE", "FAILED"]});
    let end = json!({"type": "object", "required": ["status"], "additionalProperties": false, "properties": {
        "status": word,
        "items": {"type": ["integer", "null"], "minimum": 0,
            "description": "How many there were: where fewer came, the kind was not read to its end."},
        "message": optional_text(),
    }});
    json!({"type": "object", "additionalProperties": false, "properties": {
        "kinds": {"type": ["object", "null"], "additionalProperties": {"oneOf": [word, end]},
            "description": "How the reading of each kind ended. One that is not named was not read to its end."},
        "status": {"enum": ["READ", "FAILED", null], "default": "READ",
            "description": "`FAILED`: the source could not be read at all, and nothing is to be written."},
        "message": optional_text(),
    }})
}
