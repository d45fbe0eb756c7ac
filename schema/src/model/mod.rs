//! The compiled model of a tenant: all its blueprints, checked as a whole, immutable, with a revision.

mod bind;
pub mod computed;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use self::computed::ComputedModel;
use crate::names::GraphqlNames;
use crate::validation::EntityValidator;
use crate::{Blueprint, Code, EntityState, Instant, Pointer, Problem, Problems, Property, Relation, Targets};

/// Number of a blueprint, unique in its tenant and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlueprintNo(pub i32);

/// Number of a property, unique in its tenant and never reused; a rename keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyNo(pub i32);

/// Number of a relation, unique in its tenant and never reused; a rename keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelationNo(pub i32);

/// The numbers under which a blueprint's parts are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Own and computed properties.
    pub properties: IndexMap<String, PropertyNo>,
    pub relations: IndexMap<String, RelationNo>,
    /// Numbers that own properties had before they were stored in another column: entities that were not written since
    /// hold their values under these.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub former: IndexMap<PropertyNo, String>,
    /// The number of the set of entities that do not fit the blueprint; 0 before there was one.
    #[serde(default)]
    pub invalid: i32,
}

/// When and by whom something was made and last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
}

/// A blueprint as it is stored: the definition, its numbers, its GraphQL names and stamps.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBlueprint {
    pub no: BlueprintNo,
    pub blueprint: Blueprint,
    pub numbers: Numbers,
    pub names: GraphqlNames,
    /// Counts the blueprint's changes, from 1; what `ifRevision` is compared with.
    pub revision: i64,
    pub stamps: Stamps,
}

/// A property with the number it is stored under.
#[derive(Debug, Clone)]
pub struct PropertyModel {
    pub no: PropertyNo,
    pub property: Property,
    pub required: bool,
    /// Field name in GraphQL.
    pub field: String,
}

/// A relation with its number and resolved target.
#[derive(Debug, Clone)]
pub struct RelationModel {
    pub no: RelationNo,
    pub relation: Relation,
    pub target: BlueprintNo,
    /// Field name in GraphQL.
    pub field: String,
}

/// A relation seen from its target.
#[derive(Debug, Clone)]
pub struct InverseModel {
    pub relation: RelationNo,
    pub source: BlueprintNo,
    /// Field name in GraphQL, on the target's type.
    pub field: String,
}

/// One compiled blueprint.
pub struct BlueprintModel {
    pub stored: StoredBlueprint,
    pub properties: Vec<PropertyModel>,
    pub relations: Vec<RelationModel>,
    pub inverses: Vec<InverseModel>,
    /// Mirrors, calculations, aggregations, and the inherited owner under [`computed::OWNER`].
    pub computed: Vec<ComputedModel>,
    property_index: HashMap<String, usize>,
    relation_index: HashMap<String, usize>,
    computed_index: HashMap<String, usize>,
    /// Places of own properties by their numbers, former ones included.
    number_index: HashMap<PropertyNo, usize>,
    validator: OnceLock<EntityValidator>,
}

impl BlueprintModel {
    pub fn no(&self) -> BlueprintNo {
        self.stored.no
    }

    pub fn identifier(&self) -> &str {
        &self.stored.blueprint.identifier
    }

    pub fn blueprint(&self) -> &Blueprint {
        &self.stored.blueprint
    }

    pub fn names(&self) -> &GraphqlNames {
        &self.stored.names
    }

    /// A property, own or computed.
    pub fn property(&self, identifier: &str) -> Option<&PropertyModel> {
        let own = self.property_index.get(identifier).map(|at| &self.properties[*at]);
        own.or_else(|| self.computed_index.get(identifier).map(|at| &self.computed[*at].property))
    }

    /// A property, own or computed.
    pub fn property_by_no(&self, no: PropertyNo) -> Option<&PropertyModel> {
        let own = self.own_by_no(no).filter(|property| property.no == no);
        own.or_else(|| self.computed_by_no(no).map(|computed| &computed.property))
    }

    /// The own property whose values are stored under this number, which may be a former one.
    pub fn own_by_no(&self, no: PropertyNo) -> Option<&PropertyModel> {
        self.number_index.get(&no).map(|at| &self.properties[*at])
    }

    /// The numbers under which an entity may hold the property's value: the present one first.
    pub fn stored_under(&self, property: &PropertyModel) -> impl Iterator<Item = PropertyNo> {
        let name = &property.property.identifier;
        let former = self.stored.numbers.former.iter().rev().filter(move |(_, of)| *of == name);
        std::iter::once(property.no).chain(former.map(|(no, _)| *no))
    }

    pub fn computed_by_no(&self, no: PropertyNo) -> Option<&ComputedModel> {
        self.computed.iter().find(|computed| computed.no() == no)
    }

    /// Where teams are inherited: how.
    pub fn owner(&self) -> Option<&ComputedModel> {
        self.computed.iter().find(|computed| computed.is_owner)
    }

    pub fn relation(&self, identifier: &str) -> Option<&RelationModel> {
        self.relation_index.get(identifier).map(|at| &self.relations[*at])
    }

    pub fn relation_by_no(&self, no: RelationNo) -> Option<&RelationModel> {
        self.relations.iter().find(|relation| relation.no == no)
    }

    /// Checks own properties against the blueprint's JSON Schema; compiled at first use.
    ///
    /// Paths are below `/properties`. Nulls of optional properties pass. Unknown properties are problems.
    pub fn check_properties(&self, properties: &serde_json::Map<String, serde_json::Value>) -> Problems {
        self.validator.get_or_init(|| EntityValidator::compile(self.blueprint())).check(properties)
    }

    /// All that keeps a stored entity from fitting its blueprint.
    pub fn check_entity(&self, state: &EntityState) -> Problems {
        let mut problems = self.check_properties(&state.properties);
        problems.extend(self.missing_relations(state));
        problems
    }

    /// Required relations that point nowhere.
    pub fn missing_relations<'m>(&'m self, state: &'m EntityState) -> impl Iterator<Item = Problem> + 'm {
        let required = self.relations.iter().filter(|relation| relation.relation.required);
        let names = required.map(|relation| &relation.relation.identifier);
        let missing = names.filter(|name| state.relations.get(*name).is_none_or(Targets::is_empty));
        missing.map(|name| {
            let message = format!("the relation \"{name}\" is required");
            Problem::new(Code::Required, Pointer::root().key("relations").key(name), message)
        })
    }
}

impl std::fmt::Debug for BlueprintModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlueprintModel").field("identifier", &self.identifier()).finish_non_exhaustive()
    }
}

/// All blueprints of a tenant. Immutable: a change makes a new one with a higher revision.
#[derive(Debug)]
pub struct CatalogModel {
    revision: i64,
    /// In the order of their numbers, which is the order of creation.
    blueprints: Vec<Arc<BlueprintModel>>,
    by_identifier: HashMap<String, usize>,
    by_no: HashMap<BlueprintNo, usize>,
    /// Every computed property; what one depends on comes before it.
    computed_order: Vec<(BlueprintNo, PropertyNo)>,
    content_hash: [u8; 32],
}

impl CatalogModel {
    /// Compiles blueprints into a model.
    ///
    /// # Errors
    /// All problems that show only among blueprints: duplicate identifiers, relation targets that do not exist,
    /// patterns and schemas that do not compile, remote references, paths of computed properties that lead nowhere, are
    /// ambiguous or go in a circle. Paths start with `/<blueprint identifier>`.
    pub fn compile(revision: i64, mut stored: Vec<StoredBlueprint>) -> Result<Self, Problems> {
        stored.sort_by_key(|blueprint| blueprint.no);
        let mut problems = Problems::default();
        let mut by_identifier = HashMap::new();
        let mut by_no = HashMap::new();
        for (at, entry) in stored.iter().enumerate() {
            let identifier = &entry.blueprint.identifier;
            if by_identifier.insert(identifier.clone(), at).is_some() {
                let message = format!("there are two blueprints \"{identifier}\"");
                problems.add(Code::DuplicateName, Pointer::root().key(identifier), message);
            }
            by_no.insert(entry.no, at);
        }
        for entry in &stored {
            let path = Pointer::root().key(&entry.blueprint.identifier);
            for (name, relation) in &entry.blueprint.relations {
                if !by_identifier.contains_key(&relation.target) {
                    let message = format!("there is no blueprint \"{}\"", relation.target);
                    let at = path.key("relations").key(name).key("target");
                    problems.add(Code::TargetBlueprintNotFound, at, message);
                }
            }
            problems.extend(
                crate::validation::check_definition(&entry.blueprint).into_iter().map(|p| p.under(&path)),
            );
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let content_hash = content_hash(&stored);
        let mut blueprints: Vec<BlueprintModel> =
            stored.iter().map(|entry| Self::build(entry.clone(), &stored, &by_identifier)).collect();
        for at in 0..blueprints.len() {
            let inverses = Self::inverses(&blueprints, at);
            blueprints[at].inverses = inverses;
        }
        bind::add_computed(&mut blueprints, &mut problems);
        let blueprints = blueprints.into_iter().map(Arc::new).collect();
        let computed_order = Vec::new();
        let mut model = Self { revision, blueprints, by_identifier, by_no, computed_order, content_hash };
        bind::bind_aggregations(&mut model, &mut problems);
        match computed::order(&model.blueprints) {
            Ok(order) => model.computed_order = order,
            Err(found) => problems.extend(found),
        }
        problems.into_result(model)
    }

    fn build(
        entry: StoredBlueprint,
        all: &[StoredBlueprint],
        by_identifier: &HashMap<String, usize>,
    ) -> BlueprintModel {
        let field = |identifier: &str| {
            entry.names.fields.get(identifier).cloned().unwrap_or_else(|| identifier.to_owned())
        };
        let properties: Vec<_> = entry
            .blueprint
            .properties
            .values()
            .map(|property| PropertyModel {
                no: entry.numbers.properties.get(&property.identifier).copied().unwrap_or(PropertyNo(0)),
                required: entry.blueprint.required.contains(&property.identifier),
                field: field(&property.identifier),
                property: property.clone(),
            })
            .collect();
        let relations: Vec<_> = entry
            .blueprint
            .relations
            .values()
            .map(|relation| RelationModel {
                no: entry.numbers.relations.get(&relation.identifier).copied().unwrap_or(RelationNo(0)),
                target: all[by_identifier[&relation.target]].no,
                field: field(&relation.identifier),
                relation: relation.clone(),
            })
            .collect();
        let property_index: HashMap<String, usize> =
            properties.iter().enumerate().map(|(at, p)| (p.property.identifier.clone(), at)).collect();
        let former = entry.numbers.former.iter();
        let former = former.filter_map(|(no, name)| Some((*no, *property_index.get(name)?)));
        let number_index =
            former.chain(properties.iter().enumerate().map(|(at, found)| (found.no, at))).collect();
        let relation_index =
            relations.iter().enumerate().map(|(at, r)| (r.relation.identifier.clone(), at)).collect();
        BlueprintModel {
            stored: entry,
            properties,
            relations,
            inverses: Vec::new(),
            computed: Vec::new(),
            property_index,
            relation_index,
            computed_index: HashMap::new(),
            number_index,
            validator: OnceLock::new(),
        }
    }

    fn inverses(blueprints: &[BlueprintModel], at: usize) -> Vec<InverseModel> {
        let target = &blueprints[at];
        let mut inverses = Vec::new();
        for source in blueprints {
            for relation in source.relations.iter().filter(|relation| relation.target == target.no()) {
                let key = GraphqlNames::inverse_key(source.identifier(), &relation.relation.identifier);
                let field = target.names().inverses.get(&key).cloned().unwrap_or(key);
                inverses.push(InverseModel { relation: relation.no, source: source.no(), field });
            }
        }
        inverses
    }

    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Equal for models with equal blueprints, numbers and names, whatever their tenant and revision.
    pub fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// Every computed property in the order of computing: what one depends on comes before it.
    pub fn computed_order(&self) -> &[(BlueprintNo, PropertyNo)] {
        &self.computed_order
    }

    pub fn blueprints(&self) -> &[Arc<BlueprintModel>] {
        &self.blueprints
    }

    pub fn get(&self, identifier: &str) -> Option<&Arc<BlueprintModel>> {
        self.by_identifier.get(identifier).map(|at| &self.blueprints[*at])
    }

    pub fn by_no(&self, no: BlueprintNo) -> Option<&Arc<BlueprintModel>> {
        self.by_no.get(&no).map(|at| &self.blueprints[*at])
    }

    /// The blueprint that holds a relation, and the relation.
    pub fn relation(&self, no: RelationNo) -> Option<(&Arc<BlueprintModel>, &RelationModel)> {
        self.blueprints.iter().find_map(|holder| holder.relation_by_no(no).map(|relation| (holder, relation)))
    }
}

fn content_hash(stored: &[StoredBlueprint]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for entry in stored {
        let parts = serde_json::json!([entry.no, entry.blueprint.definition, entry.numbers, entry.names]);
        hasher.update(parts.to_string().as_bytes());
        hasher.update(&[0]);
    }
    *hasher.finalize().as_bytes()
}
