//! Choosing names: the author's wishes first, then what is stored, then what is new (api.md 2, names 2 to 5).

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::sets::{RESERVED_FIELDS, RESERVED_ROOTS, RootFields, is_reserved_type, type_names};
use super::words::{field_name, is_name, lower_first, type_name};
use super::{GraphqlNames, NamedBlueprint};
use crate::{Blueprint, Code, Pointer, Problems};

/// Chooses the names of all blueprints of a tenant; stored ones stay.
///
/// # Errors
/// Author's wishes that are not GraphQL names, reserved or taken. Paths start with `/<blueprint identifier>/graphql`.
pub fn assign(blueprints: &[NamedBlueprint<'_>]) -> Result<Vec<GraphqlNames>, Problems> {
    let mut problems = Problems::default();
    let wishes: Vec<Wishes> =
        blueprints.iter().map(|named| Wishes::read(named.blueprint, &mut problems)).collect();
    let mut taken = Taken::default();
    let mut chosen: Vec<Option<(String, String)>> = vec![None; blueprints.len()];
    for round in [Round::Wished, Round::Stored, Round::New] {
        for (at, named) in blueprints.iter().enumerate() {
            let wish = &wishes[at];
            if chosen[at].is_some() || round != wish.round(named) {
                continue;
            }
            let (names, clash) = taken.choose(named, wish);
            if clash && round == Round::Wished {
                let path = Pointer::root().key(&named.blueprint.identifier).key("graphql");
                let message =
                    format!("the names of \"{}\" and \"{}\" are taken or reserved", names.0, names.1);
                problems.add(Code::InvalidGraphqlName, path, message);
            }
            chosen[at] = Some(names);
        }
    }
    let mut names: Vec<GraphqlNames> = Vec::with_capacity(blueprints.len());
    for (at, named) in blueprints.iter().enumerate() {
        let (type_name, plural) = chosen[at].take().unwrap_or_default();
        let fields = assign_fields(named, &wishes[at], &mut problems);
        names.push(GraphqlNames { type_name, plural, fields, inverses: IndexMap::new() });
    }
    for at in 0..blueprints.len() {
        names[at].inverses = assign_inverses(blueprints, &names, &wishes, at, &mut problems);
    }
    problems.into_result(names)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Wished,
    Stored,
    New,
}

/// What an author wrote under `graphql`.
#[derive(Default)]
struct Wishes {
    type_name: Option<String>,
    plural: Option<String>,
    fields: IndexMap<String, String>,
    inverses: IndexMap<String, String>,
}

impl Wishes {
    fn read(blueprint: &Blueprint, problems: &mut Problems) -> Self {
        let Some(wishes) = &blueprint.graphql else { return Self::default() };
        let path = Pointer::root().key(&blueprint.identifier).key("graphql");
        let Some(object) = wishes.as_object() else {
            problems.add(Code::WrongType, path, "\"graphql\" is an object");
            return Self::default();
        };
        let mut read = Self::default();
        for (key, value) in object {
            let at = path.key(key);
            match key.as_str() {
                "type" => read.type_name = name(value, &at, problems),
                "plural" => read.plural = name(value, &at, problems),
                "fields" => read.fields = name_map(value, &at, problems),
                "inverses" => read.inverses = name_map(value, &at, problems),
                _ => problems.add(Code::UnknownField, at, "known are type, plural, fields and inverses"),
            }
        }
        for key in read.fields.keys() {
            if !blueprint.properties.contains_key(key)
                && !blueprint.relations.contains_key(key)
                && !blueprint.computed.contains_key(key)
            {
                let message = format!("there is no property or relation \"{key}\"");
                problems.add(Code::UnknownProperty, path.key("fields").key(key), message);
            }
        }
        read
    }

    fn round(&self, named: &NamedBlueprint<'_>) -> Round {
        let stored = |name: fn(&GraphqlNames) -> &String| named.stored.map(name);
        let differs =
            |wish: &Option<String>, stored: Option<&String>| wish.is_some() && wish.as_ref() != stored;
        if differs(&self.type_name, stored(|names| &names.type_name))
            || differs(&self.plural, stored(|names| &names.plural))
        {
            Round::Wished
        } else if named.stored.is_some() {
            Round::Stored
        } else {
            Round::New
        }
    }
}

fn name(value: &Value, path: &Pointer, problems: &mut Problems) -> Option<String> {
    match value.as_str() {
        Some(name) if is_name(name) => return Some(name.to_owned()),
        Some(name) => {
            let message = format!(
                "\"{name}\" is not a GraphQL name: letters, digits and _, not beginning with a digit or __"
            );
            problems.add(Code::InvalidGraphqlName, path.clone(), message);
        }
        None if value.is_null() => {}
        None => problems.add(Code::WrongType, path.clone(), "a name is a string"),
    }
    None
}

fn name_map(value: &Value, path: &Pointer, problems: &mut Problems) -> IndexMap<String, String> {
    let Some(object) = value.as_object() else {
        if !value.is_null() {
            problems.add(Code::WrongType, path.clone(), "names by identifier are an object");
        }
        return IndexMap::new();
    };
    object
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), name(value, &path.key(key), problems)?)))
        .collect()
}

/// Types and root fields in use.
#[derive(Default)]
struct Taken {
    types: HashSet<String>,
    roots: HashSet<String>,
}

impl Taken {
    /// Takes a type name and a plural. The flag says that a wish had to give way.
    fn choose(&mut self, named: &NamedBlueprint<'_>, wish: &Wishes) -> ((String, String), bool) {
        let stored = named.stored;
        let wanted_type = wish.type_name.clone().or_else(|| stored.map(|names| names.type_name.clone()));
        let wanted_plural = wish.plural.clone().or_else(|| {
            // A new type name brings a new plural.
            let kept = stored.filter(|names| wanted_type.as_ref() == Some(&names.type_name));
            kept.map(|names| names.plural.clone())
        });
        let base = wanted_type.unwrap_or_else(|| type_name(&named.blueprint.identifier));
        for number in 1_usize.. {
            let suffix = if number == 1 { String::new() } else { format!("_{number}") };
            let candidate = format!("{base}{suffix}");
            let plurals = match &wanted_plural {
                Some(plural) if number == 1 => vec![plural.clone()],
                _ => plurals(&base, &suffix),
            };
            for plural in plurals {
                if self.is_free(&candidate, &plural) {
                    self.take(&candidate, &plural);
                    return ((candidate, plural), number > 1);
                }
            }
        }
        unreachable!("some number is free")
    }

    fn is_free(&self, type_name: &str, plural: &str) -> bool {
        let roots = RootFields::new(type_name, plural);
        let mut distinct = HashSet::new();
        type_names(type_name).all(|name| !is_reserved_type(&name) && !self.types.contains(&name))
            && roots.all().into_iter().all(|name| {
                distinct.insert(name) && !RESERVED_ROOTS.contains(&name) && !self.roots.contains(name)
            })
    }

    fn take(&mut self, type_name: &str, plural: &str) {
        self.types.extend(type_names(type_name));
        self.roots.extend(RootFields::new(type_name, plural).all().map(str::to_owned));
    }
}

/// The English plural, and what is tried where that is no other word or taken.
fn plurals(type_name: &str, suffix: &str) -> Vec<String> {
    let one = lower_first(type_name);
    let list = format!("{one}List{suffix}");
    let plural = pluralizer::pluralize(&one, 2, false);
    if plural == one || !is_name(&plural) { vec![list] } else { vec![format!("{plural}{suffix}"), list] }
}

/// Names of one place, given out once.
struct Fields(HashSet<String>);

impl Fields {
    fn new() -> Self {
        Self(RESERVED_FIELDS.iter().map(|name| (*name).to_owned()).collect())
    }

    fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        for number in 2.. {
            if self.0.insert(name.clone()) {
                break;
            }
            name = format!("{wanted}_{number}");
        }
        name
    }
}

fn assign_fields(
    named: &NamedBlueprint<'_>,
    wishes: &Wishes,
    problems: &mut Problems,
) -> IndexMap<String, String> {
    let blueprint = named.blueprint;
    let identifiers: Vec<&String> = blueprint
        .properties
        .keys()
        .chain(blueprint.relations.keys())
        .chain(blueprint.computed.keys())
        .collect();
    let path = Pointer::root().key(&blueprint.identifier).key("graphql").key("fields");
    let mut fields = Fields::new();
    // What stays on the other side of a relation is taken too.
    fields.0.extend(named.stored.iter().flat_map(|names| names.inverses.values().cloned()));
    let mut chosen: IndexMap<&str, String> = IndexMap::new();
    for identifier in &identifiers {
        let Some(wish) = wishes.fields.get(*identifier) else { continue };
        if !fields.0.insert(wish.clone()) {
            let message = format!("\"{wish}\" is taken or reserved");
            problems.add(Code::InvalidGraphqlName, path.key(identifier), message);
        }
        chosen.insert(identifier, wish.clone());
    }
    let stored = named.stored.map(|names| &names.fields);
    for identifier in &identifiers {
        if let Some(name) = stored.and_then(|fields| fields.get(*identifier))
            && !chosen.contains_key(identifier.as_str())
            && fields.0.insert(name.clone())
        {
            chosen.insert(identifier, name.clone());
        }
    }
    for identifier in &identifiers {
        if !chosen.contains_key(identifier.as_str()) {
            let name = fields.take(&field_name(identifier));
            chosen.insert(identifier, name);
        }
    }
    identifiers
        .into_iter()
        .filter_map(|identifier| Some((identifier.clone(), chosen.swap_remove(identifier.as_str())?)))
        .collect()
}

fn assign_inverses(
    blueprints: &[NamedBlueprint<'_>],
    names: &[GraphqlNames],
    wishes: &[Wishes],
    target: usize,
    problems: &mut Problems,
) -> IndexMap<String, String> {
    let target_identifier = &blueprints[target].blueprint.identifier;
    let mut fields = Fields::new();
    fields.0.extend(names[target].fields.values().cloned());
    let stored = blueprints[target].stored.map(|names| &names.inverses);
    let mut found: Vec<Inverse> = Vec::new();
    for (at, source) in blueprints.iter().enumerate() {
        for relation in
            source.blueprint.relations.values().filter(|relation| relation.target == *target_identifier)
        {
            let source_identifier = &source.blueprint.identifier;
            let key = GraphqlNames::inverse_key(source_identifier, &relation.identifier);
            let here = Pointer::root().key(target_identifier).key("graphql").key("inverses").key(&key);
            let there = Pointer::root()
                .key(source_identifier)
                .key("relations")
                .key(&relation.identifier)
                .key("inverse");
            let wish = match (&relation.inverse, wishes[target].inverses.get(&key)) {
                (_, Some(wish)) => Some((wish.clone(), here)),
                (Some(wish), None) => Some((wish.clone(), there)),
                (None, None) => None,
            };
            let plural = &names[at].plural;
            let by = format!("{plural}By{}", type_name(&relation.identifier));
            let wanted = if at == target { vec![by] } else { vec![plural.clone(), by] };
            found.push(Inverse {
                stored: stored.and_then(|inverses| inverses.get(&key)).cloned(),
                key,
                wish,
                wanted,
            });
        }
    }
    let mut chosen: IndexMap<String, String> = IndexMap::new();
    for inverse in &found {
        let Some((wish, path)) = &inverse.wish else { continue };
        if !is_name(wish) || !fields.0.insert(wish.clone()) {
            let message = format!("\"{wish}\" is not a GraphQL name, taken or reserved");
            problems.add(Code::InvalidGraphqlName, path.clone(), message);
        }
        chosen.insert(inverse.key.clone(), wish.clone());
    }
    for inverse in &found {
        if let Some(name) = &inverse.stored
            && !chosen.contains_key(&inverse.key)
            && fields.0.insert(name.clone())
        {
            chosen.insert(inverse.key.clone(), name.clone());
        }
    }
    for inverse in &found {
        if !chosen.contains_key(&inverse.key) {
            let free = inverse.wanted.iter().find(|name| !fields.0.contains(*name));
            let last = inverse.wanted.last().map_or("", String::as_str);
            let name = fields.take(free.map_or(last, String::as_str));
            chosen.insert(inverse.key.clone(), name);
        }
    }
    found
        .into_iter()
        .filter_map(|inverse| {
            let name = chosen.swap_remove(&inverse.key)?;
            Some((inverse.key, name))
        })
        .collect()
}

/// A backward relation in want of a name.
struct Inverse {
    key: String,
    wish: Option<(String, Pointer)>,
    stored: Option<String>,
    /// In the order of preference.
    wanted: Vec<String>,
}
