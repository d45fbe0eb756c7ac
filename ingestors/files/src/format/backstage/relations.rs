//! The relations that Backstage's own processors make of an entity's `spec`, seen from the entity.

use serde_json::{Map, Value};

use super::reference::Reference;

/// A field of a `spec` that names other entities.
struct Field {
    name: &'static str,
    relation: &'static str,
    /// Of a reference that says no kind; none where it has to.
    kind: Option<&'static str>,
}

const fn field(name: &'static str, relation: &'static str, kind: Option<&'static str>) -> Field {
    Field { name, relation, kind }
}

const OWNER: Field = field("owner", "ownedBy", Some("Group"));
const SYSTEM: Field = field("system", "partOf", Some("System"));
const DEPENDS_ON: Field = field("dependsOn", "dependsOn", None);
const DEPENDENCY_OF: Field = field("dependencyOf", "dependencyOf", None);

/// By kind, in lower case.
const FIELDS: &[(&str, &[Field])] = &[
    (
        "component",
        &[
            OWNER,
            SYSTEM,
            field("subcomponentOf", "partOf", Some("Component")),
            field("providesApis", "providesApi", Some("API")),
            field("consumesApis", "consumesApi", Some("API")),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    ),
    ("api", &[OWNER, SYSTEM]),
    ("resource", &[OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF]),
    ("system", &[OWNER, field("domain", "partOf", Some("Domain"))]),
    ("domain", &[OWNER, field("subdomainOf", "partOf", Some("Domain"))]),
    (
        "group",
        &[
            field("parent", "childOf", Some("Group")),
            field("children", "parentOf", Some("Group")),
            field("members", "hasMember", Some("User")),
        ],
    ),
    ("user", &[field("memberOf", "memberOf", Some("Group"))]),
    ("template", &[OWNER]),
    ("location", &[]),
];

/// Every relation of an entity with the references it leads to, each once; all that its kind has, also those without any.
///
/// # Errors
/// What is no reference, for people.
pub(super) fn of(entity: &Reference, document: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let fields = FIELDS.iter().find(|(kind, _)| *kind == entity.kind).map_or(&[][..], |(_, fields)| fields);
    let spec = document.get("spec").unwrap_or(&Value::Null);
    let mut relations = Map::new();
    for Field { name, relation, kind } in fields {
        let targets = relations.entry(*relation).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(targets) = targets else { continue };
        let texts = match &spec[*name] {
            Value::Null => continue,
            Value::Array(many) => many.as_slice(),
            one => std::slice::from_ref(one),
        };
        for text in texts {
            let read = text.as_str().and_then(|text| Reference::parse(text, *kind, &entity.namespace));
            let target = read.ok_or_else(|| {
                let hint = if kind.is_none() { " with a kind, such as component:name" } else { "" };
                format!("has at spec.{name} something that is no reference to an entity{hint}")
            })?;
            let target = Value::from(target.to_string());
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(relations)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: &str, spec: Value, expected: Value) {
        let document = json!({ "spec": spec });
        let found = of(&Reference::new(kind, "Shop", "x"), document.as_object().expect("an object"));
        assert_eq!(found.map(Value::from).unwrap_or_else(Value::from), expected, "{document}");
    }

    #[test]
    fn fields_become_relations() {
        check(
            "Component",
            json!({"owner": "team-a", "system": "checkout", "subcomponentOf": "basket", "providesApis": ["pets", "PETS"],
                "consumesApis": ["default/other"], "dependsOn": ["resource:db", "Component:default/Auth"], "type": "service"}),
            json!({"ownedBy": ["group:shop/team-a"], "partOf": ["system:shop/checkout", "component:shop/basket"],
                "providesApi": ["api:shop/pets"], "consumesApi": ["api:default/other"],
                "dependsOn": ["resource:shop/db", "component:default/auth"], "dependencyOf": []}),
        );
        check("API", json!({"owner": "user:ada"}), json!({"ownedBy": ["user:shop/ada"], "partOf": []}));
        check(
            "Group",
            json!({"parent": "all", "children": ["a", "b"], "members": ["ada"]}),
            json!({"childOf": ["group:shop/all"], "parentOf": ["group:shop/a", "group:shop/b"], "hasMember": ["user:shop/ada"]}),
        );
        check("User", json!({"memberOf": []}), json!({"memberOf": []}));
        check("Location", json!({"targets": ["./a.yaml"]}), json!({}));
        check("System", Value::Null, json!({"ownedBy": [], "partOf": []}));
    }

    #[test]
    fn what_is_no_reference_is_told() {
        check(
            "Resource",
            json!({"dependsOn": ["db"]}),
            "has at spec.dependsOn something that is no reference to an entity with a kind, such as component:name".into(),
        );
        for odd in [json!({"name": "a"}), json!("a b"), json!(7), json!([["a"]])] {
            let expected = "has at spec.owner something that is no reference to an entity";
            check("Domain", json!({ "owner": odd }), expected.into());
        }
    }
}
