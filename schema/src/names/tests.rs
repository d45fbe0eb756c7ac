//! The cases of `docs/graphql-names.md`, and laws.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Blueprint;

const CASES: &str = include_str!("../../../docs/graphql-names.md");

fn blueprint(text: &str) -> Blueprint {
    let value: Value = serde_json::from_str(text).unwrap();
    parse(value)
}

/// Reads `{identifier, properties: [..], relations: {name: target}, graphql}`.
fn parse(short: Value) -> Blueprint {
    let mut properties = serde_json::Map::new();
    for property in short["properties"].as_array().into_iter().flatten() {
        properties.insert(property.as_str().unwrap().to_owned(), json!({"type": "string"}));
    }
    let mut relations = serde_json::Map::new();
    for (name, target) in short["relations"].as_object().into_iter().flatten() {
        let definition = match target {
            Value::String(target) => json!({"target": target}),
            other => other.clone(),
        };
        relations.insert(name.clone(), definition);
    }
    let mut definition = json!({
        "identifier": short["identifier"], "title": "T", "schema": {"properties": properties}, "relations": relations,
    });
    if let Some(graphql) = short.get("graphql") {
        definition["graphql"] = graphql.clone();
    }
    Blueprint::parse(&definition).unwrap()
}

fn names_of(
    blueprints: &[Blueprint],
    stored: Option<&[GraphqlNames]>,
) -> Result<Vec<GraphqlNames>, crate::Problems> {
    let named: Vec<_> = blueprints
        .iter()
        .enumerate()
        .map(|(at, blueprint)| NamedBlueprint { blueprint, stored: stored.and_then(|stored| stored.get(at)) })
        .collect();
    assign(&named)
}

/// What a case's kind and input give, in the notation of the table.
fn outcome(kind: &str, input: &str) -> String {
    match kind {
        "type" => type_name(input),
        "field" => field_name(input),
        "list" => names_of(&[parse(json!({"identifier": input}))], None).unwrap()[0].plural.clone(),
        "enum" => {
            let values: Vec<Value> = input.split(", ").map(Value::from).collect();
            match enum_values(&values) {
                Some(names) => names.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
                None => "String".to_owned(),
            }
        }
        "types" => {
            let blueprints: Vec<_> =
                input.split(", ").map(|identifier| parse(json!({"identifier": identifier}))).collect();
            let names = names_of(&blueprints, None).unwrap();
            names
                .iter()
                .map(|names| format!("{} {}", names.type_name, names.plural))
                .collect::<Vec<_>>()
                .join(", ")
        }
        "fields" => {
            let properties: Vec<_> = input.split(", ").collect();
            let names =
                names_of(&[parse(json!({"identifier": "b", "properties": properties}))], None).unwrap();
            names[0].fields.values().cloned().collect::<Vec<_>>().join(", ")
        }
        "inverses" => {
            let blueprints: Vec<_> = serde_json::from_str::<Vec<Value>>(input)
                .unwrap()
                .iter()
                .map(|one| blueprint(&one.to_string()))
                .collect();
            match names_of(&blueprints, None) {
                Ok(names) => names[0].inverses.values().cloned().collect::<Vec<_>>().join(", "),
                Err(problems) => problems
                    .0
                    .iter()
                    .map(|problem| format!("{} {}", problem.code, problem.path))
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        }
        "wishes" => {
            let blueprints: Vec<_> = serde_json::from_str::<Vec<Value>>(input)
                .unwrap()
                .iter()
                .map(|one| blueprint(&one.to_string()))
                .collect();
            match names_of(&blueprints, None) {
                Ok(names) => names
                    .iter()
                    .map(|names| format!("{} {}", names.type_name, names.plural))
                    .collect::<Vec<_>>()
                    .join(", "),
                Err(problems) => problems
                    .0
                    .iter()
                    .map(|problem| format!("{} {}", problem.code, problem.path))
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        }
        other => panic!("the kind {other} is not known"),
    }
}

#[test]
fn the_documented_cases_hold() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in CASES.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let cells: Vec<&str> =
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
        let [kind, input, expected] = cells[..] else { panic!("three cells: {line}") };
        let actual = outcome(kind, input);
        if actual != expected {
            wrong.push(format!("{kind} {input}: {actual}, documented {expected}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 40, "{count} cases");
}

#[test]
fn stored_names_stay_when_others_come() {
    let service = parse(json!({"identifier": "service", "properties": ["open_issues"]}));
    let before = names_of(std::slice::from_ref(&service), None).unwrap();
    let rival = parse(json!({"identifier": "Service", "relations": {"of": "service"}}));
    let richer = parse(json!({"identifier": "service", "properties": ["openIssues", "open_issues"]}));
    let named = [
        NamedBlueprint { blueprint: &rival, stored: None },
        NamedBlueprint { blueprint: &richer, stored: Some(&before[0]) },
    ];
    let after = assign(&named).unwrap();
    assert_eq!((after[1].type_name.as_str(), after[1].plural.as_str()), ("Service", "services"));
    assert_eq!(after[1].fields["open_issues"], "openIssues");
    assert_eq!(after[1].fields["openIssues"], "openIssues_2");
    assert_eq!(after[0].type_name, "Service_2");
}

fn identifiers() -> impl Strategy<Value = Vec<String>> {
    let identifier = prop_oneof![
        "[A-Za-z_][A-Za-z0-9_-]{0,6}",
        "[a-c]{1,2}s?",
        Just("entity".to_owned()),
        Just("query".to_owned())
    ];
    proptest::collection::hash_set(identifier, 1..8).prop_map(|set| set.into_iter().collect())
}

proptest! {
    #[test]
    fn names_are_unique_valid_and_stable(blueprints in identifiers(), properties in identifiers()) {
        let target = blueprints[0].clone();
        let blueprints: Vec<_> = blueprints.iter().map(|identifier| {
            let own: Vec<_> = properties.iter().map(|property| format!("p{property}")).collect();
            parse(json!({"identifier": identifier, "properties": own, "relations": {"rel": target, "relB": target}}))
        }).collect();
        let names = names_of(&blueprints, None).unwrap();
        let (mut types, mut roots) = (HashSet::new(), HashSet::new());
        for names in &names {
            for name in type_names(&names.type_name) {
                prop_assert!(is_name(&name) && !is_reserved_type(&name), "{}", name);
                prop_assert!(types.insert(name));
            }
            for name in names.roots().all() {
                prop_assert!(is_name(name) && !RESERVED_ROOTS.contains(&name), "{}", name);
                prop_assert!(roots.insert(name.to_owned()));
            }
            let mut fields: HashSet<&str> = RESERVED_FIELDS.iter().copied().collect();
            for name in names.fields.values().chain(names.inverses.values()) {
                prop_assert!(is_name(name), "{}", name);
                prop_assert!(fields.insert(name.as_str()), "{}", name);
            }
        }
        prop_assert_eq!(&names_of(&blueprints, Some(&names)).unwrap(), &names);
        let mut more = blueprints.clone();
        more.push(parse(json!({"identifier": "zzz", "relations": {"rel": target}})));
        let after = names_of(&more, Some(&names)).unwrap();
        for (before, after) in names.iter().zip(&after) {
            prop_assert_eq!((&before.type_name, &before.plural, &before.fields), (&after.type_name, &after.plural, &after.fields));
            for (key, name) in &before.inverses {
                prop_assert_eq!(after.inverses.get(key), Some(name));
            }
        }
    }
}
