//! Renames carry along everything that names the part.

use serde_json::{Value, json};

use super::*;
use crate::Blueprint;

fn catalog() -> Vec<Blueprint> {
    let count = json!({"calculationBy": "entities", "func": "count"});
    let definitions = [
        json!({"identifier": "team", "title": "Team", "schema": {"properties": {"size": {"type": "number"}}}}),
        json!({"identifier": "system", "title": "System", "schema": {"properties": {"kind": {"type": "string"}}},
            "relations": {"owner": {"target": "team"}},
            "aggregationProperties": {
                "open": {"target": "incident",
                    "calculationSpec": {"calculationBy": "property", "func": "average", "averageOf": "day",
                        "property": "cost", "measureTimeBy": "at"},
                    "query": {"combinator": "and", "rules": [
                        {"property": "state", "operator": "=", "value": "open"},
                        {"combinator": "or", "rules": [
                            {"property": "service", "operator": "isNotEmpty"},
                            {"property": "$blueprint", "operator": "in", "value": ["incident", "other"]}]}]},
                    "pathFilter": [{"path": ["service", "system"], "fromBlueprint": "incident"}]},
                "all": {"target": "incident", "calculationSpec": count,
                    "pathFilter": [{"path": ["service", "system"], "fromBlueprint": "incident"}]}}}),
        json!({"identifier": "service", "title": "Service",
            "schema": {"properties": {"tier": {"type": "string"}, "slo": {"type": "number"}}, "required": ["tier"]},
            "relations": {"system": {"target": "system"}, "deps": {"target": "service", "many": true}},
            "mirrorProperties": {"kind": {"path": "system.kind"}, "size": {"path": "system.owner.size"}},
            "calculationProperties": {
                "shown": {"calculation": ".properties.tier", "type": "string"},
                "kinds": {"calculation": "[.properties.kind]", "type": "array"},
                "parts": {"calculation": ".relations.deps", "type": "array"}},
            "ownership": {"type": "Inherited", "path": "system.owner"},
            "graphql": {"fields": {"tier": "level", "deps": "needs"}, "inverses": {"incident.service": "troubles"}}}),
        json!({"identifier": "incident", "title": "Incident",
            "schema": {"properties": {"state": {"type": "string"}, "cost": {"type": "number"},
                "at": {"type": "string", "format": "date-time"}}},
            "relations": {"service": {"target": "service"}},
            "mirrorProperties": {"tier": {"path": "service.tier"}, "kind": {"path": "service.kind"}}}),
    ];
    definitions.iter().map(|definition| Blueprint::parse(definition).unwrap()).collect()
}

/// Places whose values differ after a rename, with the new value; keys are shown by the value that they lead to.
fn renamed(part: &Part, to: &str) -> Result<Vec<String>, Vec<String>> {
    let blueprints = catalog();
    let all: Vec<&Blueprint> = blueprints.iter().collect();
    let changed = rename(&all, part, to).map_err(|problems| -> Vec<String> {
        problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect()
    })?;
    let mut places = Vec::new();
    for one in changed {
        let before = all.iter().find(|before| before.identifier == one.was).unwrap();
        let whole = |blueprint: &Blueprint| {
            let mut whole = blueprint.definition.clone();
            whole.insert("graphql".into(), blueprint.graphql.clone().unwrap_or_default());
            Value::Object(whole)
        };
        let mut here = Vec::new();
        compare(&whole(before), &whole(&one.blueprint), &Pointer::root().key(&one.was), &mut here);
        places.extend(here);
    }
    places.sort();
    Ok(places)
}

fn compare(before: &Value, after: &Value, path: &Pointer, places: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for ((was, before), (is, after)) in a.iter().zip(b) {
                if was != is {
                    places.push(format!("{path} {was}→{is}"));
                }
                compare(before, after, &path.key(is), places);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for (index, (before, after)) in a.iter().zip(b).enumerate() {
                compare(before, after, &path.index(index), places);
            }
        }
        _ if before != after => places.push(format!("{path} = {}", after.as_str().unwrap_or("?"))),
        _ => {}
    }
}

#[test]
fn renames_carry_along_what_names_the_part() {
    let cases = [
        (
            Part::property("service", "tier"),
            "tier-2",
            vec![
                "/incident/mirrorProperties/tier/path = service.tier-2",
                "/service/calculationProperties/shown/calculation = .properties[\"tier-2\"]",
                "/service/graphql/fields tier→tier-2",
                "/service/schema/properties tier→tier-2",
                "/service/schema/required/0 = tier-2",
            ],
        ),
        (
            Part::property("incident", "cost"),
            "price",
            vec![
                "/incident/schema/properties cost→price",
                "/system/aggregationProperties/open/calculationSpec/property = price",
            ],
        ),
        (
            Part::property("incident", "at"),
            "when",
            vec![
                "/incident/schema/properties at→when",
                "/system/aggregationProperties/open/calculationSpec/measureTimeBy = when",
            ],
        ),
        (
            Part::property("incident", "state"),
            "status",
            vec![
                "/incident/schema/properties state→status",
                "/system/aggregationProperties/open/query/rules/0/property = status",
            ],
        ),
        (
            Part::relation("service", "system"),
            "part_of",
            vec![
                "/service/mirrorProperties/kind/path = part_of.kind",
                "/service/mirrorProperties/size/path = part_of.owner.size",
                "/service/ownership/path = part_of.owner",
                "/service/relations system→part_of",
                "/system/aggregationProperties/all/pathFilter/0/path/1 = part_of",
                "/system/aggregationProperties/open/pathFilter/0/path/1 = part_of",
            ],
        ),
        (
            Part::relation("service", "deps"),
            "needs",
            vec![
                "/service/calculationProperties/parts/calculation = .relations.needs",
                "/service/graphql/fields deps→needs",
                "/service/relations deps→needs",
            ],
        ),
        (
            Part::relation("incident", "service"),
            "of",
            vec![
                "/incident/mirrorProperties/kind/path = of.kind",
                "/incident/mirrorProperties/tier/path = of.tier",
                "/incident/relations service→of",
                "/service/graphql/inverses incident.service→incident.of",
                "/system/aggregationProperties/all/pathFilter/0/path/0 = of",
                "/system/aggregationProperties/open/pathFilter/0/path/0 = of",
                "/system/aggregationProperties/open/query/rules/1/rules/0/property = of",
            ],
        ),
        (
            Part::Blueprint("incident".into()),
            "fault",
            vec![
                "/incident/identifier = fault",
                "/service/graphql/inverses incident.service→fault.service",
                "/system/aggregationProperties/all/pathFilter/0/fromBlueprint = fault",
                "/system/aggregationProperties/all/target = fault",
                "/system/aggregationProperties/open/pathFilter/0/fromBlueprint = fault",
                "/system/aggregationProperties/open/query/rules/1/rules/1/value/0 = fault",
                "/system/aggregationProperties/open/target = fault",
            ],
        ),
        (
            Part::Blueprint("team".into()),
            "squad",
            vec!["/system/relations/owner/target = squad", "/team/identifier = squad"],
        ),
    ];
    for (part, to, expected) in cases {
        assert_eq!(renamed(&part, to).unwrap(), expected, "{part:?}");
    }
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    let cases = [
        (
            Part::property("service", "kind"),
            "sort",
            "IN_USE /service/calculationProperties/kinds/calculation",
        ),
        (Part::property("service", "nope"), "x", "NOT_FOUND "),
        (Part::property("service", "slo"), "tier", "ALREADY_EXISTS "),
        (Part::property("service", "slo"), "deps", "ALREADY_EXISTS "),
        (Part::property("service", "slo"), "kind", "ALREADY_EXISTS "),
        (Part::property("service", "slo"), "a b", "INVALID_IDENTIFIER "),
        (Part::relation("service", "slo"), "x", "NOT_FOUND "),
        (Part::Blueprint("service".into()), "team", "ALREADY_EXISTS "),
        (Part::Blueprint("nope".into()), "x", "NOT_FOUND "),
    ];
    for (part, to, expected) in cases {
        assert_eq!(renamed(&part, to).unwrap_err(), [expected], "{part:?}");
    }
}

#[test]
fn mentions_in_expressions_are_found() {
    for (expression, property, relation) in [
        (".properties.a", true, false),
        (".properties.ab + .properties[\"a\"]", true, false),
        (".properties.ab", false, false),
        (".properties | .a", true, true),
        (".relations.a + .properties.b", false, true),
        (".relations | keys", false, false),
        ("\"a\"", true, true),
    ] {
        assert_eq!(calculations::mentions_property(expression, "a"), property, "{expression}");
        assert_eq!(calculations::mentions_relation(expression, "a"), relation, "{expression}");
    }
}

#[test]
fn rules_name_relations_and_blueprints() {
    let query = json!({"combinator": "and", "rules": [
        {"property": {"path": ["service", {"relation": "deps", "maxHops": 3}]}, "operator": "matchAny", "value": "x"},
        {"property": {"path": ["deps", "system"], "fromBlueprint": "service"}, "operator": "matchAny", "value": "x"},
        {"operator": "relatedTo", "blueprint": "team", "value": "a"},
        {"relation": "service", "targetProperty": "$title", "operator": "=", "value": "a"}]});
    let blueprints = catalog();
    let mut found = Vec::new();
    queries::collect(&Definitions::new(&blueprints), "incident", &query, &Pointer::root(), &mut found);
    let found: Vec<(&str, &Part)> = found.iter().map(|(path, part)| (path.as_str(), part)).collect();
    let expected = [
        ("/rules/0/property/path/0", &Part::relation("incident", "service")),
        ("/rules/0/property/path/1/relation", &Part::relation("service", "deps")),
        ("/rules/1/property/fromBlueprint", &Part::Blueprint("service".into())),
        ("/rules/1/property/path/0", &Part::relation("service", "deps")),
        ("/rules/1/property/path/1", &Part::relation("service", "system")),
        ("/rules/2/blueprint", &Part::Blueprint("team".into())),
        ("/rules/3/relation", &Part::relation("incident", "service")),
    ];
    assert_eq!(found, expected);
}

#[test]
fn mappings_follow_renames() {
    let mapping = json!({"resources": [
        {"kind": "a", "port": {"entity": {"mappings": [
            {"identifier": ".id", "blueprint": "\"service\"", "properties": {"tier": ".t", "x": ".x"}, "relations": {"system": ".s"}},
            {"identifier": ".id", "blueprint": ".kind", "properties": {"tier": ".t"}}]}}},
        {"kind": "b", "port": {"entity": {"mappings":
            {"identifier": ".id", "blueprint": "\"service\"", "properties": {"tier": ".t"}}}}}]});
    let places: Vec<String> = mapping_references("i", &mapping)
        .iter()
        .map(|found| format!("{} {:?}", found.path, found.to))
        .collect();
    assert_eq!(places.len(), 6, "{places:?}");
    let entry = "/resources/0/port/entity/mappings/0";
    for (part, to, at, expected) in [
        (Part::property("service", "tier"), "level", "/properties/level", json!(".t")),
        (Part::relation("service", "system"), "part", "/relations/part", json!(".s")),
        (Part::Blueprint("service".into()), "app", "/blueprint", json!("\"app\"")),
    ] {
        let mut renamed = mapping.clone();
        assert!(rename_in_mapping(&mut renamed, &part, to));
        assert_eq!(renamed.pointer(&format!("{entry}{at}")), Some(&expected), "{renamed}");
        assert_eq!(
            renamed["resources"][0]["port"]["entity"]["mappings"][1],
            mapping["resources"][0]["port"]["entity"]["mappings"][1]
        );
    }
    assert!(!rename_in_mapping(&mut mapping.clone(), &Part::property("other", "tier"), "x"));
}
