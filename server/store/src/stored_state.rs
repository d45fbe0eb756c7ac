//! The stored form of entities: properties and relations stand under their numbers, not their identifiers.
//!
//! So a rename touches no row, and what a blueprint does not have any more is simply not read (docs/decisions/006). Whoever
//! reads does so through a model, old or new, and sees all rows by that model's names.

use std::collections::HashMap;
use std::{fmt, io};

use indexmap::IndexMap;
use portolan_schema::model::PropertyNo;
use portolan_schema::{BlueprintModel, EntityState, Error, RelationNo, Result, Targets};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::query::Properties;

/// The JSON of an entity's own properties. What the blueprint does not have is left out.
pub(crate) fn write_properties(
    blueprint: &BlueprintModel,
    properties: &Map<String, Value>,
) -> Result<String> {
    serde_json::to_string(&Numbered { blueprint, properties }).map_err(Error::internal)
}

/// Whether [`write_properties`] makes exactly this text of properties, all of which the blueprint has as its own.
pub(crate) fn is_written_as(blueprint: &BlueprintModel, properties: &Map<String, Value>, text: &str) -> bool {
    let is_own = |name| blueprint.property(name).is_some_and(|found| blueprint.own_by_no(found.no).is_some());
    let mut rest = Expected(text.as_bytes());
    properties.keys().all(|name| is_own(name))
        && serde_json::to_writer(&mut rest, &Numbered { blueprint, properties }).is_ok()
        && rest.0.is_empty()
}

/// Fails at the first byte that is written other than this.
struct Expected<'t>(&'t [u8]);

impl io::Write for Expected<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads those own properties that are wanted by the blueprint's names.
pub(crate) fn read_properties(
    blueprint: &BlueprintModel,
    text: &str,
    wanted: &Properties,
) -> Result<Map<String, Value>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Named { blueprint, wanted }.deserialize(&mut deserializer).map_err(Error::internal)
}

/// The JSON of a whole state, for a version.
pub(crate) fn write_state(blueprint: &BlueprintModel, state: &EntityState) -> Result<String> {
    #[derive(Serialize)]
    struct Stored<'a> {
        identifier: &'a str,
        title: Option<&'a str>,
        icon: Option<&'a str>,
        team: &'a [String],
        properties: Numbered<'a>,
        relations: IndexMap<RelationNo, &'a Targets>,
    }
    let relations = state.relations.iter();
    let relations = relations.filter_map(|(name, targets)| Some((blueprint.relation(name)?.no, targets)));
    let stored = Stored {
        identifier: &state.identifier,
        title: state.title.as_deref(),
        icon: state.icon.as_deref(),
        team: &state.team,
        properties: Numbered { blueprint, properties: &state.properties },
        relations: relations.collect(),
    };
    serde_json::to_string(&stored).map_err(Error::internal)
}

/// A state out of a version, its parts still under their numbers.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StoredState {
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    #[serde(default)]
    team: Vec<String>,
    #[serde(default)]
    properties: IndexMap<PropertyNo, Value>,
    #[serde(default)]
    relations: IndexMap<RelationNo, Targets>,
}

impl StoredState {
    pub(crate) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(Error::internal)
    }

    /// Whether the blueprint, None where it is gone, has names for everything.
    pub(crate) fn is_known(&self, blueprint: Option<&BlueprintModel>) -> bool {
        let properties = self.properties.keys();
        let relations = self.relations.keys();
        blueprint.is_some_and(|blueprint| {
            properties.copied().all(|no| blueprint.own_by_no(no).is_some())
                && relations.copied().all(|no| blueprint.relation_by_no(no).is_some())
        })
    }

    /// The state by the blueprint's names; what it does not have any more by the name it had last.
    pub(crate) fn named(
        self,
        blueprint: Option<&BlueprintModel>,
        gone: &HashMap<i32, String>,
    ) -> EntityState {
        let Self { identifier, title, icon, team, .. } = self;
        let property = |no| Some(blueprint?.own_by_no(no)?.property.identifier.clone());
        let relation = |no| Some(blueprint?.relation_by_no(no)?.relation.identifier.clone());
        let mut properties = Map::new();
        let mut lost = Vec::new();
        for (no, value) in self.properties {
            match property(no) {
                Some(name) => drop(properties.insert(name, value)),
                None => lost.push((no, value)),
            }
        }
        for (no, value) in lost {
            let name = last_name(gone, no.0, |name| properties.contains_key(name));
            properties.extend(name.map(|name| (name, value)));
        }
        let mut relations = IndexMap::new();
        let mut lost = Vec::new();
        for (no, targets) in self.relations {
            match relation(no) {
                Some(name) => drop(relations.insert(name, targets)),
                None => lost.push((no, targets)),
            }
        }
        for (no, targets) in lost {
            let name = last_name(gone, no.0, |name| relations.contains_key(name));
            relations.extend(name.map(|name| (name, targets)));
        }
        EntityState { identifier, title, icon, team, properties, relations }
    }
}

/// The name that a part had last; with its number where another part has that name by now.
fn last_name(gone: &HashMap<i32, String>, no: i32, is_taken: impl Fn(&str) -> bool) -> Option<String> {
    let name = gone.get(&no)?;
    Some(if is_taken(name) { format!("{name}#{no}") } else { name.clone() })
}

/// Properties to be written under their numbers.
struct Numbered<'a> {
    blueprint: &'a BlueprintModel,
    properties: &'a Map<String, Value>,
}

impl Serialize for Numbered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.properties {
            if let Some(property) = self.blueprint.property(name) {
                map.serialize_entry(&property.no, value)?;
            }
        }
        map.end()
    }
}

/// Reads properties by their names.
struct Named<'a> {
    blueprint: &'a BlueprintModel,
    wanted: &'a Properties,
}

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Named<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by the numbers of their properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut properties = Map::new();
        while let Some(no) = entries.next_key::<PropertyNo>()? {
            match self.blueprint.own_by_no(no).filter(|property| self.wanted.has(property.no)) {
                Some(property) => {
                    properties.insert(property.property.identifier.clone(), entries.next_value()?);
                }
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(properties)
    }
}
