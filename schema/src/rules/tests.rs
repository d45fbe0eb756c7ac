//! Every operator against a blueprint, and every mistake.

use serde_json::{Value, json};

use super::*;
use crate::model::{CatalogModel, Numbers, Stamps, StoredBlueprint};
use crate::names::GraphqlNames;
use crate::{Blueprint, BlueprintNo, Filter, Instant, PropertyNo, RelationNo};

fn model() -> CatalogModel {
    let definition = json!({"identifier": "service", "title": "S",
        "schema": {"properties": {
            "tier": {"type": "string"}, "issues": {"type": "number"}, "live": {"type": "boolean"},
            "since": {"type": "string", "format": "date-time"}, "tags": {"type": "array", "items": {"type": "string"}},
            "extra": {"type": "object"}}},
        "relations": {"next": {"target": "service"}, "deps": {"target": "service", "many": true}}});
    let blueprint = Blueprint::parse(&definition).unwrap();
    let numbers = Numbers {
        properties: (1..)
            .zip(blueprint.properties.keys())
            .map(|(no, key)| (key.clone(), PropertyNo(no)))
            .collect(),
        relations: (11..)
            .zip(blueprint.relations.keys())
            .map(|(no, key)| (key.clone(), RelationNo(no)))
            .collect(),
        ..Numbers::default()
    };
    let at = Instant(0);
    let stamps = Stamps { created_at: at, created_by: "t".into(), updated_at: at, updated_by: "t".into() };
    let no = BlueprintNo(1);
    let stored =
        StoredBlueprint { no, blueprint, numbers, names: GraphqlNames::default(), revision: 1, stamps };
    CatalogModel::compile(1, vec![stored]).unwrap()
}

fn resolve(query: &Value, unknown: Unknown) -> Result<Filter, Problems> {
    let model = model();
    parse(query, &Pointer::root())?.resolve(&model, model.get("service").unwrap(), unknown)
}

fn one(property: &str, operator: &str, value: Value) -> Value {
    json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]})
}

#[test]
fn mistakes_are_told_with_their_place() {
    let deep = (0..40).fold(
        json!({"combinator": "and", "rules": []}),
        |inner, _| json!({"combinator": "or", "rules": [inner]}),
    );
    for (query, expected) in [
        (json!([]), "WRONG_TYPE "),
        (json!({}), "REQUIRED /combinator"),
        (json!({"combinator": "xor", "rules": []}), "REQUIRED /combinator"),
        (json!({"combinator": "and", "rules": 1}), "REQUIRED /rules"),
        (deep, "TOO_DEEP"),
        (one("nope", "=", json!("x")), "UNKNOWN_PROPERTY /rules/0/property"),
        (one("tier", "~", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("tier", "=", json!(1)), "WRONG_TYPE /rules/0/value"),
        (one("tier", ">", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("tier", "in", json!("x")), "WRONG_TYPE /rules/0/value"),
        (one("tier", "in", json!(["x", 1])), "WRONG_TYPE /rules/0/value/1"),
        (one("issues", "contains", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("issues", "between", json!({"from": 1})), "INVALID_OPERATOR /rules/0/operator"),
        (one("since", "between", json!({})), "REQUIRED /rules/0/value"),
        (one("since", "between", json!({"preset": "today"})), "NOT_SUPPORTED /rules/0/value"),
        (one("since", ">", json!("soon")), "WRONG_TYPE /rules/0/value"),
        (one("extra", "=", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("next", ">", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("tier", "relatedTo", json!("x")), "NOT_SUPPORTED /rules/0/operator"),
        (
            json!({"combinator": "and", "rules": [{"property": {"context": "user"}, "operator": "="}]}),
            "NOT_SUPPORTED /rules/0/property",
        ),
        (
            json!({"combinator": "and", "rules": [{"scorecard": "x", "operator": "="}]}),
            "NOT_SUPPORTED /rules/0/scorecard",
        ),
    ] {
        let problems = resolve(&query, Unknown::Refuse).unwrap_err();
        let found = format!("{} {}", problems.0[0].code, problems.0[0].path);
        assert!(found.starts_with(expected), "{found} for {expected}");
    }
}

#[test]
fn every_operator_is_bound() {
    for (property, operator, value, expected) in [
        ("tier", "=", json!("a"), "Compare"),
        ("tier", "!=", json!("a"), "Not(Compare"),
        ("tier", "=", json!(null), "IsNull"),
        ("tier", "!=", json!(null), "Not(IsNull"),
        ("tier", "in", json!(["a"]), "In"),
        ("tier", "notIn", json!(["a"]), "Not(In"),
        ("tier", "contains", json!("a"), "Text"),
        ("tier", "doesNotContains", json!("a"), "Not(Text"),
        ("tier", "beginsWith", json!("a"), "Text"),
        ("tier", "doesNotEndsWith", json!("a"), "Not(Text"),
        ("issues", ">", json!(1), "Compare"),
        ("issues", "<=", json!(1.5), "Compare"),
        ("live", "=", json!(true), "Compare"),
        ("since", "between", json!({"from": "2026-01-01", "to": "2026-02-01T00:00:00Z"}), "All"),
        ("since", "notBetween", json!({"from": "2026-01-01"}), "Not(All"),
        ("since", "=", json!({"to": "2026-01-01"}), "All"),
        ("tags", "contains", json!("a"), "Compare"),
        ("tags", "containsAny", json!(["a", "b"]), "In"),
        ("tags", "isEmpty", json!(null), "IsEmpty"),
        ("extra", "isNotEmpty", json!(null), "Not(IsEmpty"),
        ("$title", "contains", json!("a"), "Text"),
        ("$team", "contains", json!("a"), "Compare"),
        ("$createdAt", ">=", json!("2026-01-01T00:00:00Z"), "Compare"),
        ("$blueprint", "=", json!("service"), "All([])"),
        ("$blueprint", "=", json!("other"), "Any([])"),
        ("$blueprint", "notIn", json!(["service"]), "Not(All([])"),
        ("next", "=", json!("a"), "RelatedIdentifiers"),
        ("next", "isEmpty", json!(null), "Not(Related"),
        ("deps", "containsAny", json!(["a"]), "RelatedIdentifiers"),
    ] {
        let filter = resolve(&one(property, operator, value.clone()), Unknown::Refuse).unwrap();
        let Filter::All(parts) = filter else { panic!("a group of and") };
        let shown = format!("{:?}", parts[0]);
        assert!(shown.starts_with(expected), "{property} {operator} {value}: {shown}");
    }
}

#[test]
fn an_unknown_property_can_count_as_absent() {
    for (operator, value, holds) in [
        ("=", json!("x"), false),
        ("!=", json!("x"), true),
        ("=", json!(null), true),
        ("isEmpty", json!(null), true),
        ("isNotEmpty", json!(null), false),
        ("notIn", json!(["x"]), true),
    ] {
        let filter = resolve(&one("nope", operator, value), Unknown::TreatAsAbsent).unwrap();
        let Filter::All(parts) = filter else { panic!("a group of and") };
        let always = [Filter::always(), Filter::never().negate()].contains(&parts[0]);
        assert_eq!(always, holds, "{operator}");
    }
    assert_eq!(
        resolve(&json!({"combinator": "or", "rules": []}), Unknown::Refuse).unwrap(),
        Filter::always()
    );
}
