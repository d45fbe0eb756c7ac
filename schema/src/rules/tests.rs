//! Every operator against a blueprint, and every mistake.

use serde_json::{Value, json};

use super::*;
use crate::model::{Numbers, Stamps, StoredBlueprint};
use crate::names::GraphqlNames;
use crate::{Blueprint, BlueprintNo, CatalogModel, Filter, Instant, Problems, PropertyNo, RelationNo};

fn model() -> CatalogModel {
    let text = || json!({"type": "string"});
    let definitions = [
        json!({"identifier": "service", "title": "S",
            "schema": {"properties": {
                "tier": text(), "issues": {"type": "number"}, "live": {"type": "boolean"},
                "since": {"type": "string", "format": "date-time"}, "tags": {"type": "array", "items": text()},
                "until": {"type": "string", "format": "timer"}, "home": {"type": "string", "format": "url"},
                "labels": {"type": "array"}, "extra": {"type": "object"}}},
            "relations": {"next": {"target": "service"}, "deps": {"target": "service", "many": true},
                "system": {"target": "system", "required": true}}}),
        json!({"identifier": "system", "title": "S", "schema": {"properties": {}},
            "relations": {"domain": {"target": "domain"}}}),
        json!({"identifier": "domain", "title": "D", "schema": {"properties": {}}}),
        json!({"identifier": "_user", "title": "U", "schema": {"properties": {
            "department": text(), "level": {"type": "number"}, "skills": {"type": "array", "items": text()},
            "until": {"type": "string", "format": "timer"}}}}),
        json!({"identifier": "_team", "title": "T", "schema": {"properties": {"region": text()}}}),
    ];
    let mut numbers = 1..;
    let mut number = || numbers.next().unwrap();
    let at = Instant(0);
    let stored = definitions.iter().map(|definition| {
        let blueprint = Blueprint::parse(definition).unwrap();
        let numbers = Numbers {
            properties: blueprint.properties.keys().map(|key| (key.clone(), PropertyNo(number()))).collect(),
            relations: blueprint.relations.keys().map(|key| (key.clone(), RelationNo(number()))).collect(),
            ..Numbers::default()
        };
        let stamps =
            Stamps { created_at: at, created_by: "t".into(), updated_at: at, updated_by: "t".into() };
        let (no, names) = (BlueprintNo(number()), GraphqlNames::default());
        StoredBlueprint { no, blueprint, numbers, names, revision: 1, stamps }
    });
    CatalogModel::compile(1, stored.collect()).unwrap()
}

fn resolve(query: &Value, unknown: Unknown) -> Result<Filter, Problems> {
    let model = model();
    parse(query, &Pointer::root())?.resolve(&model, model.get("service").unwrap(), unknown)
}

fn one(property: &str, operator: &str, value: Value) -> Value {
    json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]})
}

fn rule(rule: Value) -> Value {
    json!({"combinator": "and", "rules": [rule]})
}

fn related(with: Value) -> Value {
    let mut one = json!({"operator": "relatedTo", "blueprint": "service", "value": "x"});
    one.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    rule(one)
}

fn path(path: Value) -> Value {
    rule(json!({"property": path, "operator": "matchAny", "value": "x"}))
}

fn shape(shape: Value, operator: &str, value: Value) -> Value {
    rule(json!({"propertySchema": shape, "operator": operator, "value": value}))
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
        (one("since", "between", json!({"preset": "lastDecade"})), "INVALID_VALUE /rules/0/value/preset"),
        (one("since", "<", json!({"relative": 7})), "INVALID_VALUE /rules/0/value/relative"),
        (
            one("since", "between", json!({"preset": "today", "to": "2026-01-01"})),
            "INVALID_VALUE /rules/0/value/to",
        ),
        (
            one("since", "between", json!({"preset": "today", "timeZone": "Asia/Tokyo"})),
            "NOT_SUPPORTED /rules/0/value/timeZone",
        ),
        (one("tier", "=", json!({"preset": "today"})), "INVALID_OPERATOR /rules/0/operator"),
        (one("issues", "<", json!({"preset": "today"})), "WRONG_TYPE /rules/0/value"),
        (one("since", "isExpired", json!(null)), "INVALID_OPERATOR /rules/0/operator"),
        (one("tier", "=", json!({"jqQuery": ".form.x"})), "NOT_SUPPORTED /rules/0/value"),
        (one("labels", "beginsWith", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("labels", "in", json!(["x", {}])), "WRONG_TYPE /rules/0/value/1"),
        (one("tier", "matchAny", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("since", ">", json!("soon")), "WRONG_TYPE /rules/0/value"),
        (one("extra", "=", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("next", ">", json!("x")), "INVALID_OPERATOR /rules/0/operator"),
        (one("tier", "relatedTo", json!("x")), "INVALID_VALUE /rules/0/property"),
        (rule(json!({"operator": "relatedTo", "value": "x"})), "REQUIRED /rules/0/blueprint"),
        (related(json!({"blueprint": "nope"})), "TARGET_BLUEPRINT_NOT_FOUND /rules/0/blueprint"),
        (related(json!({"value": 1})), "WRONG_TYPE /rules/0/value"),
        (related(json!({"direction": "sideways"})), "INVALID_VALUE /rules/0/direction"),
        (related(json!({"required": "yes"})), "WRONG_TYPE /rules/0/required"),
        (path(json!({"path": []})), "REQUIRED /rules/0/property/path"),
        (path(json!({"path": ["system", "nope"]})), "UNKNOWN_PROPERTY /rules/0/property/path/1"),
        (path(json!({"path": vec!["next"; 16]})), "TOO_MANY_ITEMS /rules/0/property/path"),
        (
            path(json!({"path": [{"relation": "next", "maxHops": 16}]})),
            "INVALID_VALUE /rules/0/property/path/0/maxHops",
        ),
        (
            path(json!({"path": [{"relation": "system", "maxHops": 2}]})),
            "INVALID_PATH /rules/0/property/path/0/maxHops",
        ),
        (
            path(json!({"path": [{"relation": "next", "maxHops": 2}, {"relation": "deps", "maxHops": 2}]})),
            "INVALID_PATH /rules/0/property/path/1/maxHops",
        ),
        (path(json!({"path": ["domain"], "fromBlueprint": "system"})), "INVALID_PATH /rules/0/property/path"),
        (
            path(json!({"path": ["next"], "fromBlueprint": "nope"})),
            "TARGET_BLUEPRINT_NOT_FOUND /rules/0/property/fromBlueprint",
        ),
        (
            rule(json!({"property": {"path": ["next"]}, "operator": "=", "value": "x"})),
            "INVALID_OPERATOR /rules/0/operator",
        ),
        (
            rule(json!({"relation": "nope", "operator": "=", "value": "x"})),
            "UNKNOWN_PROPERTY /rules/0/relation",
        ),
        (
            rule(json!({"relation": "next", "targetProperty": "tier", "operator": "=", "value": "x"})),
            "INVALID_VALUE /rules/0/targetProperty",
        ),
        (
            rule(json!({"relation": "next", "property": "tier", "operator": "=", "value": "x"})),
            "INVALID_VALUE /rules/0/relation",
        ),
        (shape(json!({"format": "url"}), "=", json!("x")), "REQUIRED /rules/0/propertySchema/type"),
        (
            shape(json!({"type": "text"}), "=", json!("x")),
            "UNKNOWN_PROPERTY_TYPE /rules/0/propertySchema/type",
        ),
        (shape(json!({"type": "number"}), "=", json!("x")), "WRONG_TYPE /rules/0/value"),
        (
            rule(json!({"property": {"context": "entity", "property": "x"}, "operator": "="})),
            "NOT_SUPPORTED /rules/0/property/context",
        ),
        (
            rule(json!({"property": {"context": "user"}, "operator": "="})),
            "REQUIRED /rules/0/property/property",
        ),
        (
            one("tier", "=", json!({"context": "user", "property": "nope"})),
            "UNKNOWN_PROPERTY /rules/0/value/property",
        ),
        (rule(json!({"scorecard": "x", "operator": "="})), "NOT_SUPPORTED /rules/0/scorecard"),
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
        ("since", "between", json!({"from": "2026-01-01", "to": "2026-02-01T00:00:00Z"}), "Range"),
        ("since", "notBetween", json!({"from": "2026-01-01"}), "Not(Compare"),
        ("since", "=", json!({"to": "2026-01-01"}), "Compare"),
        ("since", "between", json!({"preset": "lastWeek"}), "Compare"),
        ("since", "!=", json!({"preset": "lastWeek"}), "Not(Compare"),
        ("since", ">=", json!({"relative": "last7Days"}), "Compare"),
        ("since", "between", json!({"from": {"relative": "lastDay"}, "to": "2026-01-01"}), "Range"),
        ("since", "in", json!([{"preset": "today"}, "2026-01-01"]), "In"),
        ("until", "isExpired", json!(null), "Compare"),
        ("until", "isNotExpired", json!(null), "Not(Compare"),
        ("tags", "contains", json!(["a", "b"]), "All"),
        ("labels", "contains", json!("a"), "Item"),
        ("labels", "doesNotContains", json!(["a", 1]), "Not(All([Item"),
        ("labels", "containsAny", json!(["a", true]), "Item"),
        ("labels", "isEmpty", json!(null), "IsEmpty"),
        ("deps", "contains", json!(["a", "b"]), "All"),
        ("$team", "in", json!(["My Teams"]), "Contextual"),
        ("tier", "=", json!({"context": "user", "property": "department"}), "Contextual"),
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

/// The filter of one rule, shown.
fn shown(query: &Value, unknown: Unknown) -> String {
    let Filter::All(mut parts) = resolve(query, unknown).unwrap() else { panic!("a group of and") };
    format!("{:?}", parts.remove(0))
}

#[test]
fn rules_that_lead_elsewhere_are_bound() {
    for (query, expected) in [
        (rule(json!({"relation": "system", "operator": "=", "value": "x"})), "RelatedIdentifiers"),
        (
            rule(
                json!({"relation": "system", "targetProperty": "$identifier", "operator": "in", "value": ["x"]}),
            ),
            "RelatedIdentifiers",
        ),
        (
            rule(
                json!({"relation": "system", "targetProperty": "$title", "operator": "contains", "value": "x"}),
            ),
            "Related {",
        ),
        (
            rule(json!({"relation": "system", "targetProperty": "$title", "operator": "isEmpty"})),
            "Not(Related {",
        ),
        (shape(json!({"type": "string"}), "=", json!("x")), "Any([Compare"),
        (shape(json!({"type": "string", "format": "team"}), "=", json!("x")), "Any([])"),
        (shape(json!({"type": "string"}), "isEmpty", json!(null)), "All([IsEmpty"),
        (
            shape(json!({"type": "array", "items": {"type": "string"}}), "contains", json!("x")),
            "Any([Compare",
        ),
        (path(json!({"path": ["system", "domain"]})), "Related {"),
        (path(json!({"path": ["next"], "fromBlueprint": "service"})), "Related {"),
        (path(json!({"path": [{"relation": "next", "maxHops": 3}]})), "Chain {"),
        (path(json!({"path": ["deps", {"relation": "next", "maxHops": 3}]})), "Related {"),
        (related(json!({})), "Any([Chain { relations: None, direction: Forward"),
        (related(json!({"direction": "upstream"})), "Any([Chain { relations: None, direction: Backward"),
        // No relation leads from a domain to a service, so none depends on one that way.
        (related(json!({"direction": "upstream", "blueprint": "domain"})), "Any([])"),
        (related(json!({"direction": "downstream", "blueprint": "domain", "required": true})), "Any([])"),
    ] {
        let shown = shown(&query, Unknown::Refuse);
        assert!(shown.starts_with(expected), "{query}: {shown}");
    }
    let elsewhere = path(json!({"path": ["domain"], "fromBlueprint": "system"}));
    assert_eq!(shown(&elsewhere, Unknown::TreatAsAbsent), "Any([])");
}

#[test]
fn a_shape_takes_what_fits_of_it() {
    let contains = shown(&shape(json!({"type": "string"}), "contains", json!("x")), Unknown::Refuse);
    // The tier and the address; dates contain nothing.
    assert_eq!(contains.matches("Text {").count(), 2, "{contains}");
    let urls = shown(&shape(json!({"type": "string", "format": "url"}), "=", json!("x")), Unknown::Refuse);
    assert_eq!(urls.matches("Compare {").count(), 1, "{urls}");
}

#[test]
fn who_asks_is_put_in() {
    let map = |value: Value| value.as_object().unwrap().clone();
    let ana = Caller {
        user: map(
            json!({"$identifier": "ana@x.io", "department": "pay", "level": 3, "skills": ["rust", "sql"],
            "until": "2026-01-01T00:00:00Z"}),
        ),
        teams: vec![
            map(json!({"$identifier": "red", "region": "eu"})),
            map(json!({"$identifier": "blue", "region": null})),
        ],
    };
    let context = |who: &str, property: &str| json!({"context": who, "property": property});
    let about = |who: &str, property: &str, operator: &str, value: Value| {
        rule(json!({"property": context(who, property), "operator": operator, "value": value}))
    };
    let model = model();
    for (query, expected, nobody) in [
        (one("tier", "=", context("user", "department")), "Any([Compare", "Any([])"),
        (one("tier", "!=", context("user", "department")), "Not(Any([Compare", "Not(Any([]))"),
        (one("issues", ">", context("user", "level")), "Any([Compare", "Any([])"),
        (one("tags", "containsAny", context("user", "skills")), "In {", "In {"),
        (one("tags", "contains", context("user", "skills")), "Any([Compare", "Any([])"),
        (one("$team", "containsAny", context("userTeams", "$identifier")), "In {", "In {"),
        (one("$team", "in", json!(["myTeamsDynamicFilter", "x"])), "In {", "In {"),
        (one("deps", "=", context("user", "$identifier")), "Any([RelatedIdentifiers", "Any([])"),
        (about("user", "department", "=", json!("pay")), "All([])", "Any([])"),
        (about("user", "department", "!=", json!("pay")), "Any([])", "All([])"),
        (about("user", "department", "beginsWith", json!("PA")), "All([])", "Any([])"),
        (about("user", "level", ">=", json!(4)), "Any([])", "Any([])"),
        (about("user", "skills", "contains", json!(["rust", "sql"])), "All([])", "Any([])"),
        (about("user", "until", "isExpired", json!(null)), "All([])", "Any([])"),
        (about("user", "until", "between", json!({"preset": "lastWeek"})), "All([])", "Any([])"),
        (about("userTeams", "$identifier", "containsAny", json!(["blue", "x"])), "All([])", "Any([])"),
        (about("userTeams", "region", "=", json!("us")), "Any([])", "Any([])"),
        (about("userTeams", "region", "isEmpty", json!(null)), "Any([])", "All([])"),
        (about("user", "department", "=", context("userTeams", "region")), "Any([Any([])])", "Any([])"),
    ] {
        let now = Instant::parse("2026-01-02").unwrap();
        let open = resolve(&query, Unknown::Refuse).unwrap();
        assert!(open.is_contextual(), "{query}");
        for (caller, expected) in [(&ana, expected), (&Caller::default(), nobody)] {
            let Filter::All(parts) = open.for_caller(&model, caller, now).unwrap() else { panic!("and") };
            // What is decided is negated by turning it round.
            let shown = format!("{:?}", parts[0])
                .replace("Not(All([]))", "Any([])")
                .replace("Not(Any([]))", "All([])");
            let expected = expected.replace("Not(Any([]))", "All([])");
            assert!(shown.starts_with(&expected), "{query}: {shown}, not {expected}");
        }
    }
    let wrong = resolve(&one("issues", "=", context("user", "department")), Unknown::Refuse).unwrap();
    let problems = wrong.for_caller(&model, &ana, Instant(0)).unwrap_err();
    assert_eq!(format!("{} {}", problems.0[0].code, problems.0[0].path), "WRONG_TYPE /rules/0/value");
}

#[test]
fn kept_rules_have_to_hold_for_everybody() {
    let model = model();
    for (query, expected) in [
        (one("$team", "in", json!(["My Teams"])), "NOT_SUPPORTED /rules/0/value"),
        (
            rule(json!({"property": {"context": "user", "property": "level"}, "operator": "=", "value": 1})),
            "NOT_SUPPORTED /rules/0/property",
        ),
        (related(json!({})), "NOT_SUPPORTED /rules/0/operator"),
        (
            path(json!({"path": [{"relation": "next", "maxHops": 2}]})),
            "NOT_SUPPORTED /rules/0/property/path/0/maxHops",
        ),
    ] {
        let group = parse(&query, &Pointer::root()).unwrap();
        let problems = group.resolve_kept(&model, model.get("service").unwrap()).unwrap_err();
        assert_eq!(format!("{} {}", problems.0[0].code, problems.0[0].path), expected, "{query}");
    }
    let clocked = parse(&one("since", "between", json!({"preset": "lastWeek"})), &Pointer::root()).unwrap();
    assert!(clocked.resolve_kept(&model, model.get("service").unwrap()).unwrap().follows_clock());
}
