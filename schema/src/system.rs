//! System blueprints: those that every tenant has from the beginning, for its people and their teams (port-api.md 1.8).
//!
//! Admins extend them with properties and relations of their own. What they begin with can be neither changed nor removed.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::{Blueprint, Code, Pointer, Problems};

/// People: an entity for each member of the tenant, by e-mail, and for those whom only the catalog knows.
pub const USER: &str = "_user";
/// Teams of people.
pub const TEAM: &str = "_team";
/// The system blueprints, in the order in which they are made.
pub const ALL: [&str; 2] = [USER, TEAM];

/// Whether a person may enter: see [`PersonStatus`]. Kept by Portolan.
pub const STATUS: &str = "status";
/// The person's role in the tenant. Kept by Portolan.
pub const ROLE: &str = "port_role";
/// The people of a team: a relation of [`TEAM`] to many of [`USER`].
pub const MEMBERS: &str = "members";

/// Where a definition has parts that the base's parts are laid under.
const PARTS: [&[&str]; 2] = [&["schema", "properties"], &["relations"]];
/// Top-level texts that the base has; an author may choose others.
const TEXTS: [&str; 3] = ["title", "icon", "description"];

/// How a person stands to the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonStatus {
    /// Known to the catalog alone.
    Staged,
    /// Invited, and did not accept yet.
    Invited,
    /// A member.
    Active,
    /// A member in former times.
    Disabled,
}

impl PersonStatus {
    const ALL: [Self; 4] = [Self::Staged, Self::Invited, Self::Active, Self::Disabled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "Staged",
            Self::Invited => "Invited",
            Self::Active => "Active",
            Self::Disabled => "Disabled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the person has, or is offered, a role in the tenant: the entity stays for as long.
    pub const fn is_member(self) -> bool {
        matches!(self, Self::Invited | Self::Active)
    }
}

pub fn is_system(identifier: &str) -> bool {
    ALL.contains(&identifier)
}

/// Whether only a system blueprint may have the identifier.
pub fn is_reserved(identifier: &str) -> bool {
    identifier.starts_with('_')
}

/// What a system blueprint begins with.
pub fn definition(identifier: &str) -> Option<Value> {
    match identifier {
        USER => Some(user()),
        TEAM => Some(team()),
        _ => None,
    }
}

fn user() -> Value {
    let statuses = PersonStatus::ALL.map(PersonStatus::as_str);
    json!({
        "identifier": USER,
        "title": "User",
        "icon": "User",
        "description": "A person: a member of the tenant, or somebody whom the catalog names",
        "schema": {"properties": {
            STATUS: {
                "title": "Status", "type": "string", "enum": statuses, "default": PersonStatus::Staged.as_str(),
                "enumColors": {"Staged": "lightGray", "Invited": "yellow", "Active": "green", "Disabled": "red"},
                "description": "Kept by Portolan: follows invitations and memberships",
            },
            ROLE: {
                "title": "Role", "type": "string", "enum": ["Viewer", "Member", "Admin"],
                "description": "Kept by Portolan: the role in this tenant",
            },
        }},
    })
}

fn team() -> Value {
    json!({
        "identifier": TEAM,
        "title": "Team",
        "icon": "Team",
        "description": "People who own entities together",
        "schema": {"properties": {"description": {"title": "Description", "type": "string"}}},
        "relations": {
            MEMBERS: {"title": "Members", "target": USER, "required": false, "many": true, "inverse": "teams"},
        },
    })
}

/// The whole of a definition: that of a system blueprint gets what it begins with, unless its author named it already.
/// Others are answered as they are.
///
/// # Errors
/// `PROTECTED` for each part of the base that is given in another form.
pub fn complete(given: &Value) -> Result<Value, Problems> {
    let identifier = given.get("identifier").and_then(Value::as_str).unwrap_or_default();
    let Some(base) = definition(identifier) else { return Ok(given.clone()) };
    let mut whole = given.clone();
    let Some(object) = whole.as_object_mut() else { return Ok(whole) };
    for key in TEXTS {
        if object.get(key).is_none_or(Value::is_null) {
            object.insert(key.to_owned(), base[key].clone());
        }
    }
    let mut problems = Problems::default();
    for path in PARTS {
        let Some(parts) = base_parts(&base, path) else { continue };
        lay_under(object, path, parts, &Pointer::root(), &mut problems);
    }
    problems.extend(required_parts(&base, &whole));
    problems.into_result(whole)
}

/// What an author added to a system blueprint: the whole without what it begins with. [`complete`] turns it back. Others
/// are answered as they are.
pub fn extension(whole: &Value) -> Value {
    let identifier = whole.get("identifier").and_then(Value::as_str).unwrap_or_default();
    let Some(base) = definition(identifier) else { return whole.clone() };
    let mut rest = whole.clone();
    for path in PARTS {
        let Some(parts) = base_parts(&base, path) else { continue };
        let pointer = path.iter().fold(Pointer::root(), |pointer, key| pointer.key(key));
        if let Some(given) = rest.pointer_mut(pointer.as_str()).and_then(Value::as_object_mut) {
            given.retain(|name, _| !parts.contains_key(name));
        }
    }
    if let Some(object) = rest.as_object_mut() {
        object.retain(|key, value| !TEXTS.contains(&key.as_str()) || base.get(key) != Some(value));
    }
    rest
}

/// What of its base a system blueprint does not have any more, or in another form.
pub fn check(blueprint: &Blueprint) -> Problems {
    let mut problems = Problems::default();
    let Some(base) = definition(&blueprint.identifier) else { return problems };
    let given = Value::Object(blueprint.definition.clone());
    for path in PARTS {
        let Some(parts) = base_parts(&base, path) else { continue };
        let found = path.iter().try_fold(&given, |value, key| value.get(*key));
        let at = path.iter().fold(Pointer::root(), |pointer, key| pointer.key(key));
        for (name, part) in parts {
            if found.and_then(|found| found.get(name)) != Some(part) {
                problems.add(Code::Protected, at.key(name), protected(name));
            }
        }
    }
    problems.extend(required_parts(&base, &given));
    problems
}

fn base_parts<'b>(base: &'b Value, path: &[&str]) -> Option<&'b Map<String, Value>> {
    path.iter().try_fold(base, |value, key| value.get(*key))?.as_object()
}

/// Puts `base` before what `object` has at `path`. What has a wrong type there is told by whoever reads the whole.
fn lay_under(
    object: &mut Map<String, Value>,
    path: &[&str],
    base: &Map<String, Value>,
    at: &Pointer,
    problems: &mut Problems,
) {
    let Some((key, rest)) = path.split_first() else {
        let given: IndexMap<String, Value> = std::mem::take(object).into_iter().collect();
        object.extend(base.clone());
        for (name, part) in given {
            match base.get(&name) {
                Some(own) if *own != part => {
                    problems.add(Code::Protected, at.key(&name), protected(&name));
                }
                Some(_) => {}
                None => drop(object.insert(name, part)),
            }
        }
        return;
    };
    let inner = object.entry(*key).or_insert(Value::Null);
    if inner.is_null() {
        *inner = Value::Object(Map::new());
    }
    if let Some(inner) = inner.as_object_mut() {
        lay_under(inner, rest, base, &at.key(key), problems);
    }
}

/// Nobody but Portolan sets what the base has, so nobody can be asked for it.
fn required_parts(base: &Value, given: &Value) -> Problems {
    let mut problems = Problems::default();
    let required = given.pointer("/schema/required").and_then(Value::as_array);
    for (index, name) in required.into_iter().flatten().enumerate() {
        let Some(name) = name.as_str().filter(|name| base["schema"]["properties"].get(name).is_some()) else {
            continue;
        };
        let path = Pointer::root().key("schema").key("required").index(index);
        problems.add(Code::Protected, path, protected(name));
    }
    problems
}

fn protected(name: &str) -> String {
    format!("\"{name}\" belongs to what the system blueprint begins with, which stays as it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The properties and relations of the whole, or the path of the first problem.
    fn check_complete(given: Value, expected: Result<&str, &str>) {
        let found = complete(&given).map_err(|problems| {
            assert!(problems.0.iter().all(|problem| problem.code == Code::Protected), "{problems}");
            problems.0[0].path.to_string()
        });
        let found = found.map(|whole| {
            let blueprint = Blueprint::parse(&whole).unwrap();
            assert!(check(&blueprint).is_empty(), "{given}");
            assert_eq!(complete(&whole).unwrap(), whole, "once more changes nothing");
            let extension = extension(&whole);
            assert_eq!(complete(&extension).unwrap(), whole, "what was added says it all: {extension}");
            assert!(
                extension.pointer("/schema/properties/status").is_none() && extension.get("icon").is_none()
            );
            let names: Vec<&str> =
                blueprint.properties.keys().chain(blueprint.relations.keys()).map(String::as_str).collect();
            names.join(" ")
        });
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{given}");
    }

    #[test]
    fn a_definition_extends_its_base_and_leaves_it_as_it_is() {
        let status = &definition(USER).unwrap()["schema"]["properties"][STATUS];
        check_complete(json!({"identifier": "_user"}), Ok("status port_role"));
        check_complete(json!({"identifier": "_team", "relations": null}), Ok("description members"));
        check_complete(
            json!({"identifier": "_user", "title": "Person", "schema": {"properties": {"slack": {"type": "string"},
                "status": status}, "required": ["slack"]}, "relations": {"manager": {"target": "_user"}}}),
            Ok("status port_role slack manager"),
        );
        check_complete(
            json!({"identifier": "_user", "schema": {"properties": {"status": {"type": "string"}}}}),
            Err("/schema/properties/status"),
        );
        check_complete(
            json!({"identifier": "_user", "schema": {"properties": {}, "required": ["port_role"]}}),
            Err("/schema/required/0"),
        );
        check_complete(
            json!({"identifier": "_team", "relations": {"members": {"target": "service", "many": true}}}),
            Err("/relations/members"),
        );
        let other =
            json!({"identifier": "service", "schema": {"properties": {"status": {"type": "number"}}}});
        assert_eq!(complete(&other).unwrap(), other);
    }

    #[test]
    fn what_is_gone_is_told() {
        let blueprint =
            Blueprint::parse(&json!({"identifier": "_team", "title": "T", "schema": {"properties": {}}}));
        let paths: Vec<String> =
            check(&blueprint.unwrap()).into_iter().map(|problem| problem.path.to_string()).collect();
        assert_eq!(paths, ["/schema/properties/description", "/relations/members"]);
    }
}
