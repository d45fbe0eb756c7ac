//! Who names whom: every place of a tenant's definitions that names a blueprint, a property or a relation.
//!
//! Renames follow these places ([`rename`]), deletions and plans list them. What leads nowhere is not listed: compiling
//! the model says that.

mod calculations;
mod collect;
mod documents;
mod mappings;
mod queries;
mod rename;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use collect::references;
pub use documents::{Named, rename_named};
pub use mappings::{mapping_references, rename_in_mapping};
pub use rename::{Renamed, rename};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Blueprint, Pointer};

/// Something that definitions name by its identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Part {
    Blueprint(String),
    /// An own or computed property.
    Property {
        blueprint: String,
        property: String,
    },
    Relation {
        blueprint: String,
        relation: String,
    },
}

impl Part {
    pub fn blueprint(&self) -> &str {
        match self {
            Self::Blueprint(blueprint)
            | Self::Property { blueprint, .. }
            | Self::Relation { blueprint, .. } => blueprint,
        }
    }

    pub fn property(blueprint: &str, property: &str) -> Self {
        Self::Property { blueprint: blueprint.to_owned(), property: property.to_owned() }
    }

    pub fn relation(blueprint: &str, relation: &str) -> Self {
        Self::Relation { blueprint: blueprint.to_owned(), relation: relation.to_owned() }
    }
}

/// What kind of thing names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceKind {
    /// The target of a relation.
    Relation,
    Mirror,
    Calculation,
    Aggregation,
    /// A rule of an aggregation's query.
    Query,
    /// The path of inherited teams.
    Ownership,
    /// The list of required properties.
    Required,
    /// A name that its author chose for GraphQL.
    GraphqlName,
    /// An integration's mapping.
    Mapping,
    /// A page of the portal.
    Page,
    /// A widget of a dashboard.
    Widget,
    /// A saved view that is shared.
    View,
}

impl ReferenceKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relation => "RELATION",
            Self::Mirror => "MIRROR",
            Self::Calculation => "CALCULATION",
            Self::Aggregation => "AGGREGATION",
            Self::Query => "QUERY",
            Self::Ownership => "OWNERSHIP",
            Self::Required => "REQUIRED",
            Self::GraphqlName => "GRAPHQL_NAME",
            Self::Mapping => "MAPPING",
            Self::Page => "PAGE",
            Self::Widget => "WIDGET",
            Self::View => "VIEW",
        }
    }
}

/// One place that names a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: ReferenceKind,
    /// The blueprint whose definition it is in; of a mapping, the integration; of what is in the portal, the page or view.
    pub holder: String,
    /// The relation, property, … that names the part; empty for what belongs to the whole holder.
    pub identifier: String,
    /// Where it stands in the holder's definition.
    pub path: Pointer,
    pub place: Place,
    pub to: Part,
}

impl Reference {
    /// Its path with the holder before it.
    pub fn full_path(&self) -> Pointer {
        Pointer::root().key(&self.holder).join(&self.path)
    }

    /// Who names the part, for a person: `service.owner`.
    pub fn name(&self) -> String {
        match self.identifier.as_str() {
            "" => self.holder.clone(),
            identifier => format!("{}.{identifier}", self.holder),
        }
    }
}

/// Where exactly at its path a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The whole text.
    Text,
    /// A part between the dots of a text.
    Segment(usize),
    /// The key of the entry that the path leads to.
    Key,
    /// A mention in an expression.
    Mention,
}

/// Blueprints by their identifiers.
pub struct Definitions<'a>(HashMap<&'a str, &'a Blueprint>);

impl<'a> Definitions<'a> {
    pub fn new(blueprints: impl IntoIterator<Item = &'a Blueprint>) -> Self {
        Self(blueprints.into_iter().map(|blueprint| (blueprint.identifier.as_str(), blueprint)).collect())
    }

    pub fn get(&self, identifier: &str) -> Option<&'a Blueprint> {
        self.0.get(identifier).copied()
    }

    /// Whether there is such a part.
    pub fn has(&self, part: &Part) -> bool {
        let Some(holder) = self.get(part.blueprint()) else { return false };
        match part {
            Part::Blueprint(_) => true,
            Part::Property { property, .. } => has_property(holder, property),
            Part::Relation { relation, .. } => holder.relations.contains_key(relation),
        }
    }

    /// Every reference in every definition, in no particular order.
    pub fn references(&self) -> Vec<Reference> {
        self.0.values().flat_map(|holder| references(self, holder)).collect()
    }

    /// A property or, where there is none of that name, a relation of a blueprint.
    pub fn member(&self, blueprint: &str, name: &str) -> Option<Part> {
        let found = self.get(blueprint)?;
        if has_property(found, name) {
            return Some(Part::property(blueprint, name));
        }
        found.relations.contains_key(name).then(|| Part::relation(blueprint, name))
    }

    /// What the rules of a query `{combinator, rules}` name, which is at `path` and asks for entities of `blueprint`.
    pub fn named_in_query(&self, blueprint: &str, query: &Value, path: &Pointer) -> Vec<Named> {
        let mut found = Vec::new();
        queries::collect(self, blueprint, query, path, &mut found);
        found.into_iter().map(|(path, to)| Named { path, to }).collect()
    }

    /// Follows relations from a blueprint: the relation named by each segment, and the blueprint at the end where all
    /// segments lead somewhere.
    fn follow<'s>(
        &self,
        start: &str,
        path: impl IntoIterator<Item = &'s str>,
    ) -> (Vec<Part>, Option<&'a Blueprint>) {
        let mut at = self.get(start);
        let mut parts = Vec::new();
        for name in path {
            let Some(here) = at else { return (parts, None) };
            let Some(relation) = here.relations.get(name) else { return (parts, None) };
            parts.push(Part::relation(&here.identifier, name));
            at = self.get(&relation.target);
        }
        (parts, at)
    }
}

fn has_property(blueprint: &Blueprint, name: &str) -> bool {
    blueprint.properties.contains_key(name) || blueprint.computed.contains_key(name)
}
