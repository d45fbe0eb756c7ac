//! Renames: the part keeps its number, what is stored under it and its name in GraphQL; everything that names it follows.

use indexmap::IndexMap;
use portolan_schema::names::GraphqlNames;
use portolan_schema::references::{self, Part};
use portolan_schema::{Blueprint, Result, StoredBlueprint};

use super::change::ModelChange;
use super::follower::Rename;

impl ModelChange {
    /// Renames a part of the model in all definitions.
    ///
    /// # Errors
    /// As [`references::rename`].
    pub(crate) fn rename(&mut self, part: Part, to: &str) -> Result<()> {
        let all: Vec<&Blueprint> = self.stored.iter().map(|stored| &stored.blueprint).collect();
        for renamed in references::rename(&all, &part, to)? {
            let at = self.find(&renamed.was)?;
            self.stored[at] = self.changed(&self.stored[at], renamed.blueprint);
        }
        for stored in &mut self.stored {
            follow(stored, &part, to);
        }
        self.renames.push(Rename { part, to: to.to_owned() });
        Ok(())
    }
}

/// Numbers and chosen names are kept by identifier.
fn follow(stored: &mut StoredBlueprint, part: &Part, to: &str) {
    let is_own = match part {
        // It has its new identifier by now.
        Part::Blueprint(_) => stored.blueprint.identifier == to,
        _ => stored.blueprint.identifier == part.blueprint(),
    };
    let inverses: Vec<String> = stored.names.inverses.keys().cloned().collect();
    for key in inverses {
        let Some((source, relation)) = key.rsplit_once('.') else { continue };
        let renamed = match part {
            Part::Blueprint(blueprint) if blueprint == source => GraphqlNames::inverse_key(to, relation),
            Part::Relation { blueprint, relation: name } if blueprint == source && name == relation => {
                GraphqlNames::inverse_key(source, to)
            }
            _ => continue,
        };
        rename_index(&mut stored.names.inverses, &key, renamed);
    }
    match part {
        Part::Property { property, .. } if is_own => {
            rename_index(&mut stored.numbers.properties, property, to.to_owned());
            rename_index(&mut stored.names.fields, property, to.to_owned());
            for name in stored.numbers.former.values_mut().filter(|name| *name == property) {
                to.clone_into(name);
            }
        }
        Part::Relation { relation, .. } if is_own => {
            rename_index(&mut stored.numbers.relations, relation, to.to_owned());
            rename_index(&mut stored.names.fields, relation, to.to_owned());
        }
        _ => {}
    }
}

fn rename_index<T>(map: &mut IndexMap<String, T>, from: &str, to: String) {
    if let Some((at, _, value)) = map.shift_remove_full(from) {
        map.shift_insert(at, to, value);
    }
}
