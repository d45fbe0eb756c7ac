//! The schemas of bodies.

use portolan_schema::Code;
use serde_json::{Map, Value, json};

use super::integrations;

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn list(name: &str) -> Value {
    json!({"type": "array", "items": reference(name)})
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn optional_text() -> Value {
    json!({"type": ["string", "null"]})
}

pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

pub(super) fn instant() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// An object in which every property is present; more may come.
pub(super) fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// An answer of `/v1`, which says that all went well.
pub(super) fn answer(mut properties: Value) -> Value {
    properties["ok"] = json!({"const": true});
    object(properties)
}

pub(super) fn all() -> Map<String, Value> {
    let named = refusals().into_iter().chain(organization()).chain(blueprints()).chain(entities());
    let named = named.chain(written()).chain(people()).chain(rest()).chain(integrations::schemas());
    let mut all: Map<String, Value> = named.map(|(name, schema)| (name.to_owned(), schema)).collect();
    for (name, example) in examples().into_iter().chain(integrations::examples()) {
        all[name]["examples"] = json!([example]);
    }
    all
}

/// Bodies that do something useful.
fn examples() -> Named {
    let entity = json!({"identifier": "checkout", "title": "Checkout", "properties": {"tier": "gold"}});
    let rules =
        json!({"combinator": "and", "rules": [{"property": "tier", "operator": "=", "value": "gold"}]});
    let schema = json!({"properties": {"tier": {"type": "string"}}, "required": []});
    vec![
        ("BlueprintInput", json!({"identifier": "product", "title": "Product", "schema": schema.clone()})),
        ("BlueprintChange", json!({"description": "Something that runs."})),
        (
            "BlueprintReplacement",
            json!({
                "title": "Service", "schema": schema, "relations": {"system": {"target": "system"}},
                "mirrorProperties": {"systemTitle": {"path": "system.$title"}},
            }),
        ),
        ("PropertyRename", json!({"newPropertyName": "grade"})),
        ("MirrorRename", json!({"newMirrorName": "systemName"})),
        ("RelationRename", json!({"newRelationIdentifier": "partOf"})),
        ("EntityInput", entity.clone()),
        ("EntitiesInput", json!({"entities": [entity]})),
        ("Identifiers", json!({"entities": ["basket"]})),
        ("CountInput", json!({"query": rules.clone()})),
        ("PageInput", json!({"query": rules.clone(), "limit": 10})),
        ("AggregateInput", json!({"func": "count", "query": rules.clone()})),
        (
            "DatasourceInput",
            json!({"datasource_prefix": "port-ocean/aws/", "datasource_suffix": "/main/exporter"}),
        ),
        ("Rules", rules),
        (
            "Documents",
            json!({"entities": [{"blueprint": "service", "identifier": "checkout", "title": "Checkout"}], "dryRun": true}),
        ),
        (
            "SignUp",
            json!({"tenant": "newcomers", "email": "first@newcomers.example", "password": "long enough for all"}),
        ),
        ("TenantInput", json!({"slug": "another", "adminEmail": "admin@another.example"})),
        ("TenantChange", json!({"title": "Another", "limits": {"requestsPerMinute": 600}})),
        ("GraphqlRequest", json!({"query": "{ __typename }"})),
    ]
}

pub(super) type Named = Vec<(&'static str, Value)>;

fn refusals() -> Named {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    vec![
        (
            "Code",
            json!({"type": "string", "enum": codes, "description": "A stable code; docs/errors.md explains each."}),
        ),
        (
            "Problem",
            object(json!({
                "code": reference("Code"), "message": text(),
                "path": {"type": "string", "description": "A JSON Pointer to the value that is wrong."},
            })),
        ),
        (
            "Refusal",
            object(json!({
                "ok": {"const": false},
                "error": {"type": "string", "description": "A word for machines, such as `not_found`."},
                "message": text(),
                "details": object(json!({"code": reference("Code"), "path": optional_text(), "errors": list("Problem")})),
            })),
        ),
    ]
}

fn organization() -> Named {
    let organization = object(json!({
        "id": text(), "name": text(), "slug": text(), "featureFlags": {"type": "array", "items": text()},
    }));
    vec![
        ("Credential", object(json!({"clientId": text(), "clientSecret": text()}))),
        (
            "TokenAnswer",
            answer(json!({
                "accessToken": text(), "tokenType": {"const": "Bearer"},
                "expiresIn": {"type": "integer", "minimum": 1, "description": "Seconds."},
            })),
        ),
        ("OrganizationAnswer", answer(json!({"organization": organization}))),
    ]
}

fn blueprints() -> Named {
    let parts = json!({
        "identifier": {"type": "string", "pattern": "^[A-Za-z0-9@_.+:\\\\/=-]+$", "maxLength": 100},
        "title": {"type": "string", "maxLength": 100},
        "description": {"type": ["string", "null"], "maxLength": 200},
        "icon": optional_text(),
        "schema": {"type": ["object", "null"], "properties": {
            "properties": {"type": ["object", "null"], "additionalProperties": {"type": "object"},
                "description": "A JSON Schema for each property, by identifier."},
            "required": {"type": ["array", "null"], "items": text()},
        }},
        "relations": {"type": ["object", "null"], "additionalProperties": reference("Relation")},
        "mirrorProperties": {"type": ["object", "null"], "additionalProperties": {"type": "object"}},
        "calculationProperties": {"type": ["object", "null"], "additionalProperties": {"type": "object"}},
        "aggregationProperties": {"type": ["object", "null"], "additionalProperties": {"type": "object"}},
        "ownership": {"type": ["object", "null"]},
    });
    let input = |required: &[&str]| json!({"type": "object", "properties": parts, "required": required});
    let mut stored = input(&["identifier", "title", "createdAt", "createdBy", "updatedAt", "updatedBy"]);
    for (name, schema) in
        [("createdAt", instant()), ("updatedAt", instant()), ("createdBy", text()), ("updatedBy", text())]
    {
        stored["properties"][name] = schema;
    }
    let rename = |key: &str| json!({"type": "object", "required": [key], "properties": {key: text()}});
    vec![
        (
            "Relation",
            json!({"type": "object", "required": ["target"], "properties": {
                "target": text(), "title": optional_text(), "description": optional_text(),
                "many": {"type": ["boolean", "null"], "default": false},
                "required": {"type": ["boolean", "null"], "default": false},
            }}),
        ),
        ("Blueprint", stored),
        ("BlueprintInput", input(&["identifier", "title", "schema"])),
        ("BlueprintReplacement", input(&["title", "schema"])),
        ("BlueprintChange", input(&[])),
        ("PropertyRename", rename("newPropertyName")),
        ("MirrorRename", rename("newMirrorName")),
        ("RelationRename", rename("newRelationIdentifier")),
        ("MigrationBegun", answer(json!({"migrationId": text()}))),
        (
            "MigrationAnswer",
            answer(json!({"migration": object(json!({
                "id": text(), "sourceBlueprint": text(), "mapping": {"type": "object"}, "status": text(),
                "deleteBlueprint": {"type": "boolean"}, "deleteEntities": {"type": "boolean"}, "successCount": count(),
                "failureCount": count(), "error": {}, "createdAt": instant(), "updatedAt": instant(),
            }))})),
        ),
        ("BlueprintAnswer", answer(json!({"blueprint": reference("Blueprint")}))),
        ("BlueprintsAnswer", answer(json!({"blueprints": list("Blueprint")}))),
    ]
}

fn entities() -> Named {
    let titled = object(json!({"identifier": text(), "title": optional_text()}));
    let target = json!({"oneOf": [text(), titled]});
    let targets = json!({"oneOf": [text(), {"type": "null"}, titled, {"type": "array", "items": target}]});
    let fields = json!({
        "identifier": text(),
        "title": optional_text(),
        "icon": optional_text(),
        "blueprint": text(),
        "team": {"type": "array", "items": text()},
        "properties": {"type": "object"},
        "relations": {"type": "object", "additionalProperties": targets},
        "createdAt": instant(),
        "createdBy": text(),
        "updatedAt": instant(),
        "updatedBy": text(),
        "scorecards": {"type": "object"},
    });
    let entity = json!({
        "type": "object", "properties": fields, "additionalProperties": false,
        "description": "All of these, unless `include` or `exclude` say otherwise.",
    });
    let relation = json!({"oneOf": [
        {"type": ["string", "null"]}, {"type": "array", "items": text()},
        {"type": "object", "description": "A search query that finds the target."},
    ]});
    vec![
        ("Entity", entity),
        (
            "EntityInput",
            json!({"type": "object", "additionalProperties": true, "properties": {
                "identifier": {
                    "description": "Made up where it is missing; in a change, the new one. Or a query that finds the entity.",
                    "oneOf": [{"type": ["string", "null"], "maxLength": 1_000}, {"type": "object"}],
                },
                "title": optional_text(),
                "icon": optional_text(),
                "team": {"oneOf": [{"type": ["string", "null"]}, {"type": "array", "items": text()}]},
                "properties": {"type": ["object", "null"]},
                "relations": {"type": ["object", "null"], "additionalProperties": relation},
            }}),
        ),
        (
            "EntitiesInput",
            object(
                json!({"entities": {"type": "array", "minItems": 1, "maxItems": 20, "items": reference("EntityInput")}}),
            ),
        ),
        (
            "Identifiers",
            object(json!({"entities": {"type": "array", "minItems": 1, "maxItems": 100, "items": text()}})),
        ),
        (
            "Rules",
            json!({"type": "object", "required": ["combinator", "rules"], "properties": {
                "combinator": {"enum": ["and", "or"]},
                "rules": {"type": "array", "items": {"type": "object"}},
            }}),
        ),
        (
            "CountInput",
            json!({"type": "object", "properties": {"query": {"oneOf": [reference("Rules"), {"type": "null"}]}}}),
        ),
        (
            "PageInput",
            json!({"type": "object", "properties": {
                "query": {"oneOf": [reference("Rules"), {"type": "null"}]},
                "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000, "default": 200},
                "from": {"type": ["string", "null"], "description": "The `next` of the page before."},
                "include": {"type": ["array", "null"], "items": text()},
                "exclude": {"type": ["array", "null"], "items": text()},
            }}),
        ),
        (
            "AggregateInput",
            json!({"type": "object", "required": ["func", "query"], "properties": {
                "func": {"enum": ["count", "average", "sum", "min", "max", "median", "countValues"]},
                "calculationBy": {"enum": ["entities", "property", null],
                    "description": "By `property` where one is named."},
                "property": optional_text(),
                "averageOf": {"enum": ["hour", "day", "week", "month", "total", null], "default": "total"},
                "measureTimeBy": {"type": ["string", "null"], "default": "$createdAt",
                    "description": "The date since which periods are counted."},
                "query": reference("Rules"),
            }}),
        ),
        (
            "AggregateAnswer",
            answer(json!({"result": {
                "description": "A number, null where nothing has one; of `countValues` the values, most frequent first.",
                "oneOf": [{"type": ["number", "null"]},
                    {"type": "array", "items": object(json!({"value": {}, "count": count()}))}],
            }})),
        ),
        (
            "DatasourceInput",
            json!({"type": "object", "properties": {
                "datasource_prefix": optional_text(),
                "datasource_suffix": {"type": ["string", "null"], "description": "This or the prefix is needed."},
                "before": {"type": ["string", "null"],
                    "description": "An ISO date: only entities that were last changed before it."},
                "limit": {"type": ["integer", "null"], "minimum": 1, "description": "Without it, all are answered."},
                "from": {"type": ["string", "null"], "description": "The `next` of the page before."},
            }}),
        ),
        (
            "DatasourceAnswer",
            json!({"type": "object", "required": ["ok", "entities"], "properties": {
                "ok": {"const": true}, "next": text(), "entities": {"type": "array", "items": object(json!({
                    "identifier": text(), "blueprint": text(), "updatedAt": instant(),
                }))},
            }}),
        ),
        ("EntityAnswer", answer(json!({"entity": reference("Entity")}))),
        ("EntitiesAnswer", answer(json!({"entities": list("Entity")}))),
        ("CountAnswer", answer(json!({"count": count()}))),
        ("DeletedAnswer", answer(json!({"deletedEntities": {"type": "array", "items": text()}}))),
        (
            "SearchAnswer",
            answer(
                json!({"entities": list("Entity"), "matchingBlueprints": {"type": "array", "items": text()}}),
            ),
        ),
        (
            "PageAnswer",
            json!({"type": "object", "required": ["ok", "entities"], "properties": {
                "ok": {"const": true}, "entities": list("Entity"), "next": text(),
            }}),
        ),
    ]
}

fn written() -> Named {
    let done = object(json!({
        "created": {"type": "boolean"}, "identifier": text(), "index": count(), "additionalData": {"type": "object"},
    }));
    let failed = object(json!({
        "identifier": text(), "index": count(), "statusCode": {"type": "integer"}, "error": text(), "message": text(),
        "details": {"type": "object"},
    }));
    vec![
        (
            "BulkAnswer",
            answer(
                json!({"entities": {"type": "array", "items": done}, "errors": {"type": "array", "items": failed}}),
            ),
        ),
        (
            "Documents",
            json!({"type": "object", "properties": {
                "blueprints": {"type": ["array", "null"], "items": {"type": "object"}},
                "entities": {"type": ["array", "null"], "items": {"type": "object"},
                    "description": "Each names its `blueprint`."},
                "dryRun": {"type": "boolean", "default": false},
            }}),
        ),
        ("ApplyAnswer", answer(json!({"created": count(), "updated": count(), "unchanged": count()}))),
        ("Done", answer(json!({}))),
    ]
}

fn rest() -> Named {
    vec![
        (
            "GraphqlRequest",
            json!({"type": "object", "required": ["query"], "properties": {
                "query": text(), "variables": {"type": ["object", "null"]}, "operationName": optional_text(),
            }}),
        ),
        (
            "GraphqlAnswer",
            json!({"type": "object", "properties": {
                "data": {"type": ["object", "null"]}, "errors": {"type": "array", "items": {"type": "object"}},
                "extensions": {"type": "object"},
            }}),
        ),
        ("Keys", object(json!({"keys": {"type": "array", "items": {"type": "object"}}}))),
        (
            "ChangesAnswer",
            object(json!({"next": count(), "changes": {"type": "array", "items": object(json!({
                "seq": count(), "at": instant(), "kind": {"enum": ["CREATED", "UPDATED", "DELETED"]},
                "blueprint": optional_text(), "identifier": text(), "before": {"type": ["object", "null"]},
                "after": {"type": ["object", "null"]}, "actor": text(), "origin": optional_text(),
                "run": optional_text(),
            }))}})),
        ),
        ("Anything", json!({"type": "object"})),
        ("DeliveryAnswer", answer(json!({"delivery": text()}))),
        ("Text", text()),
    ]
}

fn people() -> Named {
    let password = json!({"type": "string", "minLength": 10, "maxLength": 256});
    let name = optional_text();
    let role = json!({"enum": ["VIEWER", "MEMBER", "ADMIN"]});
    let status = json!({"enum": ["ACTIVE", "SUSPENDED"]});
    let membership = object(json!({"slug": text(), "title": text(), "status": text(), "role": role}));
    let body = |required: &[&str], properties: Value| json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false});
    vec![
        ("SignIn", body(&["email", "password"], json!({"email": text(), "password": text()}))),
        (
            "SignUp",
            body(
                &["tenant", "email", "password"],
                json!({"tenant": text(), "title": name, "email": text(), "password": password, "name": name}),
            ),
        ),
        (
            "PasswordChange",
            body(
                &["currentPassword", "newPassword"],
                json!({"currentPassword": text(), "newPassword": password}),
            ),
        ),
        (
            "Acceptance",
            body(&["token", "password"], json!({"token": text(), "password": password, "name": name})),
        ),
        ("Reset", body(&["token", "password"], json!({"token": text(), "password": password}))),
        (
            "SessionAnswer",
            answer(json!({
                "account": object(json!({"email": text(), "name": optional_text()})),
                "tenants": {"type": "array", "items": membership}, "csrfToken": text(), "endsAt": instant(),
            })),
        ),
        (
            "InvitationAnswer",
            answer(json!({
                "email": text(), "role": role, "hasAccount": {"type": "boolean"},
                "tenant": object(json!({"slug": text(), "title": text()})),
            })),
        ),
        ("ResetAnswer", answer(json!({"email": text()}))),
        (
            "Tenant",
            object(json!({
                "slug": text(), "title": text(), "status": text(), "createdAt": {}, "limits": {"type": "object"},
            })),
        ),
        (
            "TenantInput",
            body(&["slug", "adminEmail"], json!({"slug": text(), "title": name, "adminEmail": text()})),
        ),
        (
            "TenantChange",
            body(
                &[],
                json!({
                    "title": name, "status": {"oneOf": [status, {"type": "null"}]},
                    "limits": {"type": ["object", "null"], "description": "Null for a limit goes back to the server's default."},
                }),
            ),
        ),
        ("TenantsAnswer", answer(json!({"tenants": list("Tenant")}))),
        ("TenantAnswer", answer(json!({"tenant": reference("Tenant")}))),
        (
            "NewTenantAnswer",
            answer(json!({
                "tenant": reference("Tenant"), "adminEmail": text(), "adminPassword": optional_text(), "clientId": text(),
                "clientSecret": text(),
            })),
        ),
        ("DeletionAnswer", answer(json!({"deleted": {"type": "boolean"}}))),
    ]
}
