//! Computed properties in the model.

use serde_json::{Value, json};

use super::computed::{Formula, OWNER, reads};
use super::*;
use crate::ValueType;

/// Blueprints with numbers for all their parts.
fn compile(definitions: &[Value]) -> Result<CatalogModel, Vec<String>> {
    let mut next = 1;
    let stored = definitions
        .iter()
        .enumerate()
        .map(|(at, definition)| {
            let blueprint = Blueprint::parse(definition).unwrap_or_else(|problems| panic!("{problems}"));
            let mut take = |name: &String| {
                next += 1;
                (name.clone(), next)
            };
            let mut names: Vec<String> = blueprint.properties.keys().cloned().collect();
            names.extend(blueprint.computed.keys().cloned());
            names.push(OWNER.to_owned());
            let properties = names.iter().map(&mut take).map(|(name, no)| (name, PropertyNo(no))).collect();
            let relations =
                blueprint.relations.keys().map(&mut take).map(|(name, no)| (name, RelationNo(no))).collect();
            let at_time = Instant(0);
            StoredBlueprint {
                no: BlueprintNo(i32::try_from(at).unwrap() + 1),
                blueprint,
                numbers: Numbers { properties, relations, ..Numbers::default() },
                names: GraphqlNames::default(),
                revision: 1,
                stamps: Stamps {
                    created_at: at_time,
                    created_by: String::new(),
                    updated_at: at_time,
                    updated_by: String::new(),
                },
            }
        })
        .collect();
    CatalogModel::compile(1, stored)
        .map_err(|problems| problems.0.iter().map(|found| format!("{} {}", found.code, found.path)).collect())
}

fn blueprint(identifier: &str, rest: Value) -> Value {
    let mut definition = json!({"identifier": identifier, "title": identifier, "schema": {"properties": {
        "n": {"type": "number"}, "t": {"type": "string"}, "d": {"type": "string", "format": "date-time"}}}});
    definition.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    definition
}

fn catalog(service: Value, deployment: Value) -> Vec<Value> {
    let mut service = service;
    service["relations"] =
        json!({"system": {"target": "system"}, "deps": {"target": "service", "many": true}});
    let mut deployment = deployment;
    if deployment["relations"].is_null() {
        deployment["relations"] = json!({"service": {"target": "service"}});
    }
    vec![
        blueprint("system", json!({"mirrorProperties": {}})),
        blueprint("service", service),
        blueprint("deployment", deployment),
    ]
}

#[test]
fn computed_properties_are_bound_with_their_types() {
    let model = compile(&catalog(
        json!({
            "mirrorProperties": {"systemTitle": {"path": "system.$title"}, "depNumbers": {"path": "deps.n"}},
            "calculationProperties": {"twice": {"calculation": ".properties.n * 2", "type": "number"}},
            "aggregationProperties": {"deployments": {"target": "deployment",
                "calculationSpec": {"calculationBy": "entities", "func": "count"},
                "query": {"combinator": "and", "rules": [{"property": "t", "operator": "=", "value": "prod"}]}}},
        }),
        json!({
            "mirrorProperties": {"again": {"path": "service.systemTitle"}, "count": {"path": "service.deployments"}},
            "ownership": {"type": "Inherited", "path": "service"},
        }),
    ))
    .unwrap();
    let service = model.get("service").unwrap();
    let types: Vec<(&str, &ValueType)> = service
        .computed
        .iter()
        .map(|one| (one.property.property.identifier.as_str(), &one.property.property.value_type))
        .collect();
    let text = ValueType::String(None);
    let numbers = ValueType::Array(Some(Box::new(ValueType::Number)));
    assert_eq!(
        types,
        [
            ("systemTitle", &text),
            ("depNumbers", &numbers),
            ("twice", &ValueType::Number),
            ("deployments", &ValueType::Number)
        ]
    );
    let deployment = model.get("deployment").unwrap();
    assert!(deployment.owner().is_some());
    assert_eq!(deployment.property("count").unwrap().property.value_type, ValueType::Number);
    let Formula::Aggregation { hops, filter, .. } = &service.computed[3].formula else {
        panic!("no aggregation")
    };
    assert_eq!((hops.len(), hops[0].to), (1, deployment.no()));
    assert_ne!(*filter, crate::Filter::always());
    // What one depends on comes before it.
    let place = |blueprint: &BlueprintModel, name: &str| {
        let no = blueprint.property(name).unwrap().no;
        model.computed_order().iter().position(|(_, found)| *found == no).unwrap()
    };
    assert_eq!(model.computed_order().len(), 7);
    assert!(place(service, "systemTitle") < place(deployment, "again"));
    assert!(place(service, "deployments") < place(deployment, "count"));
}

#[test]
fn what_cannot_be_computed_is_refused_with_its_path() {
    let count = json!({"calculationBy": "entities", "func": "count"});
    let cases = [
        (
            json!({"mirrorProperties": {"m": {"path": "nope.t"}}}),
            json!({}),
            "INVALID_PATH /service/mirrorProperties/m/path",
        ),
        (
            json!({"mirrorProperties": {"m": {"path": "system.nope"}}}),
            json!({}),
            "UNKNOWN_PROPERTY /service/mirrorProperties/m/path",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "nope", "calculationSpec": count}}}),
            json!({}),
            "TARGET_BLUEPRINT_NOT_FOUND /service/aggregationProperties/a/target",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "deployment", "calculationSpec": count}}}),
            json!({"relations": {"service": {"target": "service"}, "other": {"target": "service"}}}),
            "AMBIGUOUS_PATH /service/aggregationProperties/a/pathFilter",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "service", "calculationSpec": count,
                "pathFilter": [{"path": ["nope"]}]}}}),
            json!({}),
            "INVALID_PATH /service/aggregationProperties/a/pathFilter/0/path/0",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "deployment",
                "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "t"}}}}),
            json!({}),
            "WRONG_TYPE /service/aggregationProperties/a/calculationSpec/property",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "deployment", "calculationSpec": count,
                "query": {"combinator": "and", "rules": [{"property": "x", "operator": "=", "value": 1}]}}}}),
            json!({}),
            "UNKNOWN_PROPERTY /service/aggregationProperties/a/query/rules/0/property",
        ),
        (
            json!({"mirrorProperties": {"m": {"path": "deps.m"}}}),
            json!({}),
            "CYCLIC_COMPUTATION /service/mirrorProperties/m/path",
        ),
        (
            json!({"aggregationProperties": {"a": {"target": "deployment",
                "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "c"}}}}),
            json!({"calculationProperties": {"c": {"calculation": ".properties.m + 1", "type": "number"}},
                "mirrorProperties": {"m": {"path": "service.a"}}}),
            "CYCLIC_COMPUTATION /service/aggregationProperties/a",
        ),
        (
            json!({"ownership": {"type": "Inherited", "path": "x"}}),
            json!({}),
            "INVALID_PATH /service/ownership/path",
        ),
    ];
    for (service, deployment, expected) in cases {
        let found = compile(&catalog(service.clone(), deployment)).unwrap_err();
        assert_eq!(found, [expected], "{service}");
    }
    // A path that is named is not ambiguous.
    let named = json!({"aggregationProperties": {"a": {"target": "deployment", "calculationSpec": count,
        "pathFilter": [{"path": ["other"], "fromBlueprint": "deployment"}]}}});
    let two = json!({"relations": {"service": {"target": "service"}, "other": {"target": "service"}}});
    compile(&catalog(named, two)).unwrap();
}

#[test]
fn what_an_expression_reads_is_told_from_its_text_or_not_at_all() {
    let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    for (expression, expected) in [
        (".properties.a + .properties.b", names(&["a", "b"])),
        (".properties[\"a-b\"] // .properties.\"c d\"", names(&["a-b", "c d"])),
        ("\"x\" + .properties . a", names(&["a"])),
        (".properties | keys", None),
        (".identifier", None),
        (". as $e | $e.properties[\"a\" + \"b\"]", None),
    ] {
        assert_eq!(reads(expression), expected, "{expression}");
    }
}
