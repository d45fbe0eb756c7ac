//! Mappings of plain paths and literals, which need no jq; what jq does is tested where it is.

use serde_json::{Value, json};

use super::*;
use crate::{Code, Pointer};

/// Knows no expression: what reaches it is not plain.
struct NoJq;

impl Jq for NoJq {
    type Filter = ();

    fn compile(&self, _: &str) -> Result<(), JqProblem> {
        Err(JqProblem::new(Code::InvalidJq, "not plain"))
    }

    fn first(&self, (): &(), _: &Value) -> Result<Option<Value>, JqProblem> {
        Ok(None)
    }
}

#[test]
fn plain_expressions_are_recognised() {
    let item = json!({"a": {"b": 1, "x-y": "z", "ä": 2}, "t": "text", "n": null});
    for (text, expected) in [
        (".", Ok(item.clone())),
        (".a.b", Ok(json!(1))),
        (" .a.b ", Ok(json!(1))),
        (".a.\"x-y\"", Ok(json!("z"))),
        (".a[\"x-y\"]", Ok(json!("z"))),
        (".[\"a\"].b", Ok(json!(1))),
        (".a.\"ä\"", Ok(json!(2))),
        (".nope.more", Ok(json!(null))),
        (".n.more", Ok(json!(null))),
        (".t.more", Err(Code::JqFailed)),
        ("\"s3Bucket\"", Ok(json!("s3Bucket"))),
        ("\"a \\\" b\"", Ok(json!("a \" b"))),
        ("true", Ok(json!(true))),
        ("1.5", Ok(json!(1.5))),
        ("null", Ok(json!(null))),
        ("\"\\(.a)\"", Err(Code::InvalidJq)),
        (".a | .b", Err(Code::InvalidJq)),
        (".a[]", Err(Code::InvalidJq)),
        (".a[0]", Err(Code::InvalidJq)),
        (".a.", Err(Code::InvalidJq)),
        (".1a", Err(Code::InvalidJq)),
        ("..", Err(Code::InvalidJq)),
        (".a?", Err(Code::InvalidJq)),
        ("a", Err(Code::InvalidJq)),
        ("", Err(Code::InvalidJq)),
    ] {
        let found = Expression::compile(&NoJq, text).evaluate(&NoJq, &item).map_err(|problem| problem.code);
        assert_eq!(found, expected, "{text}");
    }
}

fn map(resource: Value, item: &Value) -> Mapped {
    let config = MappingConfig::parse(&json!({"resources": [resource]}), &Pointer::root()).unwrap();
    CompiledResource::compile(&NoJq, &config.resources[0]).map(&NoJq, item)
}

fn resource(mappings: Value) -> Value {
    json!({"kind": "k", "selector": {"query": "true"}, "port": {"entity": {"mappings": mappings}}})
}

#[test]
fn items_become_entities() {
    let mappings = json!({"identifier": ".id", "blueprint": "\"b\"", "title": ".name", "team": "\"t\"",
        "properties": {"size": ".size", "nested": {"a": ".size"}, "bad": ".name.x"},
        "relations": {"one": ".parent", "query": {"combinator": "and", "rules": [
            {"property": "\"$title\"", "operator": "\"=\"", "value": ".parent"}]}}});
    let mapped = map(resource(mappings), &json!({"id": 7, "name": "N", "size": 3, "parent": "p"}));
    assert_eq!(mapped.entities[0].blueprint, "b");
    assert_eq!(
        mapped.entities[0].body,
        json!({"identifier": "7", "title": "N", "team": "t",
            "properties": {"size": 3, "nested": {"a": 3}, "bad": null},
            "relations": {"one": "p", "query": {"combinator": "and", "rules": [
                {"property": "$title", "operator": "=", "value": "p"}]}}})
    );
    let problems: Vec<_> =
        mapped.problems.iter().map(|problem| (problem.path.as_str(), problem.code.as_str())).collect();
    assert_eq!(problems, [("/port/entity/mappings/0/properties/bad", "JQ_FAILED")]);
}

#[test]
fn items_that_make_no_entity_are_told() {
    let good = json!({"identifier": ".id", "blueprint": "\"b\""});
    let mapped = map(resource(good.clone()), &json!({"id": null}));
    assert_eq!((mapped.entities.len(), mapped.problems.len()), (0, 1));
    for (query, entities, problems) in [("true", 1, 0), ("false", 0, 0), (".id", 0, 1), (".a | .b", 0, 1)] {
        let mut resource = resource(good.clone());
        resource["selector"]["query"] = query.into();
        let mapped = map(resource, &json!({"id": "x"}));
        assert_eq!((mapped.entities.len(), mapped.problems.len()), (entities, problems), "{query}");
    }
}

#[test]
fn lists_in_items_are_taken_apart() {
    let mut resource = resource(
        json!({"identifier": ".part.id", "blueprint": "\"b\"", "properties": {"left": ".parts", "up": ".name"}}),
    );
    resource["port"]["itemsToParse"] = ".parts".into();
    resource["port"]["itemsToParseName"] = "part".into();
    let mapped = map(resource, &json!({"name": "N", "parts": [{"id": "1"}, {"id": "2"}]}));
    let found: Vec<_> = mapped.entities.iter().map(|entity| entity.body.clone()).collect();
    assert_eq!(
        found[1],
        json!({"identifier": "2", "properties": {"left": null, "up": "N"}, "relations": {}})
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn configurations_are_checked() {
    let error = MappingConfig::parse(
        &json!({"entityDeletionThreshold": 2, "deleteDependentEntities": "no", "resources": [
            {"kind": 1}, resource(json!([{"identifier": 1}])), resource(json!({"identifier": ".a", "blueprint": ".b", "properties": []}))]}),
        &Pointer::root(),
    )
    .unwrap_err();
    let paths: Vec<_> = error.0.iter().map(|problem| problem.path.as_str().to_owned()).collect();
    assert_eq!(
        paths,
        [
            "/entityDeletionThreshold",
            "/deleteDependentEntities",
            "/resources/0/kind",
            "/resources/0/selector/query",
            "/resources/0/port/entity/mappings",
            "/resources/1/port/entity/mappings/0/identifier",
            "/resources/1/port/entity/mappings/0/blueprint",
            "/resources/2/port/entity/mappings/properties",
        ]
    );
}

#[test]
fn files_are_asked_for() {
    let mappings = json!([
        {"identifier": ".id", "blueprint": "\"b\"", "properties": {
            "readme": "file://README.md", "docs": {"owners": "file://docs/a \"b\".txt"}, "plain": ".file", "no": "file://"}},
        {"identifier": ".id", "blueprint": "\"b\"", "title": "\"file://x\"", "properties": {"readme": " file://README.md "}},
    ]);
    let mut value = resource(mappings);
    value["selector"]["includedFiles"] = json!(["CODEOWNERS", "README.md"]);
    let config = MappingConfig::parse(&json!({"resources": [value]}), &Pointer::root()).unwrap();
    let found = &config.resources[0];
    assert_eq!(found.selector["includedFiles"], json!(["CODEOWNERS", "README.md", "docs/a \"b\".txt"]));
    let item =
        json!({"id": 1, "file": "p", "__includedFiles": {"README.md": "Hello", "docs/a \"b\".txt": "mona"}});
    let mapped = CompiledResource::compile(&NoJq, found).map(&NoJq, &item);
    let properties = &mapped.entities[0].body["properties"];
    assert_eq!(*properties, json!({"readme": "Hello", "docs": {"owners": "mona"}, "plain": "p", "no": null}));
    assert_eq!(mapped.entities[1].body["title"], "file://x");
    assert_eq!(mapped.entities[1].body["properties"]["readme"], "Hello");

    let mut first = json!({"states": ["open"]});
    share_files(first.as_object_mut().unwrap(), &found.selector);
    share_files(
        first.as_object_mut().unwrap(),
        json!({"includedFiles": ["a", "CODEOWNERS"]}).as_object().unwrap(),
    );
    assert_eq!(
        first,
        json!({"states": ["open"], "includedFiles": ["CODEOWNERS", "README.md", "docs/a \"b\".txt", "a"]})
    );
}
