//! What the names of a schema stand for in the model: made once with the schema, used by planning and by bounds.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use portolan_schema::filter::{Direction, Meta};
use portolan_schema::model::{BlueprintModel, PropertyModel};
use portolan_schema::property::Column;
use portolan_schema::{BlueprintNo, CatalogModel, Field, PropertyNo, RelationNo};

use super::enum_names::enum_names;
use super::taken_names::TakenNames;
use super::type_names::{BUILT_IN_ROOTS, BUILT_IN_TYPES, TypeNames, shouting, upper_first};
use super::value_shape::{EnumNames, Leaf, ValueShape};

/// Fields that every entity has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    Id,
    Identifier,
    Title,
    Icon,
    Blueprint,
    Team,
    CreatedAt,
    UpdatedAt,
    CreatedBy,
    UpdatedBy,
    Revision,
    Source,
    Properties,
    Relations,
}

impl BuiltIn {
    /// Every built-in field with its name.
    pub const ALL: &'static [(BuiltIn, &'static str)] = &[
        (Self::Id, "id"),
        (Self::Identifier, "identifier"),
        (Self::Title, "title"),
        (Self::Icon, "icon"),
        (Self::Blueprint, "blueprint"),
        (Self::Team, "team"),
        (Self::CreatedAt, "createdAt"),
        (Self::UpdatedAt, "updatedAt"),
        (Self::CreatedBy, "createdBy"),
        (Self::UpdatedBy, "updatedBy"),
        (Self::Revision, "revision"),
        (Self::Source, "source"),
        (Self::Properties, "properties"),
        (Self::Relations, "relations"),
    ];

    /// What filters, orders and groups see, where they can.
    pub fn meta(self) -> Option<Meta> {
        match self {
            Self::Identifier => Some(Meta::Identifier),
            Self::Title => Some(Meta::Title),
            Self::Icon => Some(Meta::Icon),
            Self::Team => Some(Meta::Team),
            Self::CreatedAt => Some(Meta::CreatedAt),
            Self::UpdatedAt => Some(Meta::UpdatedAt),
            Self::CreatedBy => Some(Meta::CreatedBy),
            Self::UpdatedBy => Some(Meta::UpdatedBy),
            Self::Source => Some(Meta::Datasource),
            Self::Id | Self::Blueprint | Self::Revision | Self::Properties | Self::Relations => None,
        }
    }
}

/// A property as a field.
#[derive(Debug, Clone)]
pub struct PropertyField {
    pub no: PropertyNo,
    pub identifier: String,
    pub shape: ValueShape,
    /// Where filters and orders find it; none: only `isNull`.
    pub column: Option<Column>,
    pub required: bool,
}

/// A relation as a field, seen from either end.
#[derive(Debug, Clone)]
pub struct RelationField {
    pub relation: RelationNo,
    pub direction: Direction,
    pub many: bool,
    /// The blueprint at the other end.
    pub other: BlueprintNo,
    /// Forward only.
    pub identifier: String,
    pub required: bool,
}

/// What a field of an entity type is.
#[derive(Debug, Clone)]
pub enum Member {
    BuiltIn(BuiltIn),
    Property(Arc<PropertyField>),
    Relation(RelationField),
}

/// Something that lists can be ordered or grouped by.
#[derive(Debug, Clone)]
pub struct Key {
    pub field: Field,
    /// The entity's field of the same meaning.
    pub name: String,
    pub leaf: Leaf,
    pub list: bool,
}

/// One blueprint's part of the schema.
#[derive(Debug)]
pub struct EntityIndex {
    pub blueprint: BlueprintNo,
    pub names: TypeNames,
    /// Fields of the object type, by name.
    pub members: IndexMap<String, Member>,
    /// Values of the order and group enums.
    pub keys: IndexMap<String, Key>,
    /// Enums of its properties, by property.
    pub enums: HashMap<PropertyNo, Arc<EnumNames>>,
}

impl EntityIndex {
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Arc<PropertyField>)> {
        self.members.iter().filter_map(|(name, member)| match member {
            Member::Property(property) => Some((name.as_str(), property)),
            _ => None,
        })
    }

    pub fn relations(&self) -> impl Iterator<Item = (&str, &RelationField)> {
        self.members.iter().filter_map(|(name, member)| match member {
            Member::Relation(relation) => Some((name.as_str(), relation)),
            _ => None,
        })
    }

    /// The field of a property or forward relation.
    pub fn field_of(&self, identifier: &str) -> Option<&str> {
        self.members.iter().find_map(|(name, member)| {
            let found = match member {
                Member::Property(property) => property.identifier == identifier,
                Member::Relation(relation) => {
                    relation.direction == Direction::Forward && relation.identifier == identifier
                }
                Member::BuiltIn(_) => false,
            };
            found.then_some(name.as_str())
        })
    }
}

/// What a field of a root type does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    Node,
    One(BlueprintNo),
    List(BlueprintNo),
    Aggregate(BlueprintNo),
    Write(BlueprintNo),
    Delete(BlueprintNo),
}

/// The place of a selection: the kind of type it is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Query,
    Mutation,
    Node,
    Entity(BlueprintNo),
    Connection(BlueprintNo),
    Edge(BlueprintNo),
    Payload(BlueprintNo),
    /// Anything without entities below: page information, aggregates, errors.
    Plain,
}

/// The meaning of every name of one schema.
#[derive(Debug)]
pub struct TypeIndex {
    pub entities: IndexMap<BlueprintNo, EntityIndex>,
    pub queries: HashMap<String, Root>,
    pub mutations: HashMap<String, Root>,
    places: HashMap<String, Place>,
}

impl TypeIndex {
    pub fn new(model: &CatalogModel) -> Self {
        let mut types = TakenNames::with(BUILT_IN_TYPES);
        let mut queries = TakenNames::with(BUILT_IN_ROOTS);
        let mut mutations = TakenNames::default();
        let objects: Vec<String> =
            model.blueprints().iter().map(|blueprint| types.take(&blueprint.names().type_name)).collect();
        let names: Vec<TypeNames> = model
            .blueprints()
            .iter()
            .zip(objects)
            .map(|(blueprint, object)| {
                let plural = &blueprint.names().plural;
                TypeNames::take(object, plural, &mut types, &mut queries, &mut mutations)
            })
            .collect();
        let entities: IndexMap<_, _> = model
            .blueprints()
            .iter()
            .zip(names)
            .map(|(blueprint, names)| (blueprint.no(), entity(model, blueprint, names, &mut types)))
            .collect();
        let mut index = Self {
            queries: HashMap::from([("node".to_owned(), Root::Node)]),
            mutations: HashMap::new(),
            places: HashMap::from([
                ("Query".to_owned(), Place::Query),
                ("Mutation".to_owned(), Place::Mutation),
                ("Node".to_owned(), Place::Node),
            ]),
            entities,
        };
        for (no, entity) in &index.entities {
            let names = &entity.names;
            index.queries.insert(names.single.clone(), Root::One(*no));
            index.queries.insert(names.plural.clone(), Root::List(*no));
            index.queries.insert(names.aggregate_root.clone(), Root::Aggregate(*no));
            for write in [&names.create, &names.update, &names.upsert] {
                index.mutations.insert(write.clone(), Root::Write(*no));
            }
            index.mutations.insert(names.delete.clone(), Root::Delete(*no));
            for (name, place) in [
                (&names.object, Place::Entity(*no)),
                (&names.connection, Place::Connection(*no)),
                (&names.edge, Place::Edge(*no)),
                (&names.payload, Place::Payload(*no)),
                (&names.delete_payload, Place::Payload(*no)),
            ] {
                index.places.insert(name.clone(), place);
            }
        }
        index
    }

    /// The place of a selection on the type `name`.
    pub fn place(&self, name: &str) -> Place {
        self.places.get(name).copied().unwrap_or(Place::Plain)
    }

    pub fn entity(&self, no: BlueprintNo) -> Option<&EntityIndex> {
        self.entities.get(&no)
    }

    /// Fields, input fields and enum values, roughly: what the weight of a schema goes by.
    pub fn members(&self) -> usize {
        let weigh = |entity: &EntityIndex| {
            let enums: usize = entity.enums.values().map(|names| names.by_name.len() + 5).sum();
            80 + 6 * entity.members.len() + 3 * entity.keys.len() + enums
        };
        200 + self.entities.values().map(weigh).sum::<usize>()
    }
}

fn entity(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    names: TypeNames,
    types: &mut TakenNames,
) -> EntityIndex {
    let mut fields = TakenNames::default();
    let mut members = IndexMap::new();
    for (built_in, name) in BuiltIn::ALL {
        members.insert(fields.take(name), Member::BuiltIn(*built_in));
    }
    let mut enums = HashMap::new();
    for property in &blueprint.properties {
        let name = fields.take(&property.field);
        let found = property_field(property, || types.take(&format!("{}{}", names.object, upper_first(&name))));
        if let Leaf::Enum(values) = &found.shape.leaf {
            enums.insert(property.no, values.clone());
        }
        members.insert(name, Member::Property(Arc::new(found)));
    }
    for relation in &blueprint.relations {
        let field = RelationField {
            relation: relation.no,
            direction: Direction::Forward,
            many: relation.relation.many,
            other: relation.target,
            identifier: relation.relation.identifier.clone(),
            required: relation.relation.required,
        };
        members.insert(fields.take(&relation.field), Member::Relation(field));
    }
    for inverse in &blueprint.inverses {
        let identifier = model
            .relation(inverse.relation)
            .map_or_else(String::new, |(_, relation)| relation.relation.identifier.clone());
        let field = RelationField {
            relation: inverse.relation,
            direction: Direction::Backward,
            many: true,
            other: inverse.source,
            identifier,
            required: false,
        };
        members.insert(fields.take(&inverse.field), Member::Relation(field));
    }
    let keys = keys(&members);
    EntityIndex { blueprint: blueprint.no(), names, members, keys, enums }
}

fn property_field(model: &PropertyModel, take_type: impl FnOnce() -> String) -> PropertyField {
    let property = &model.property;
    let mut shape = ValueShape::of(&property.value_type);
    if ValueShape::takes_enum(property)
        && let Some(values) = property.enumeration.as_deref().and_then(enum_names)
    {
        shape.leaf = Leaf::Enum(Arc::new(EnumNames::new(take_type(), values)));
    }
    PropertyField {
        no: model.no,
        identifier: property.identifier.clone(),
        shape,
        column: property.column(),
        required: model.required,
    }
}

fn keys(members: &IndexMap<String, Member>) -> IndexMap<String, Key> {
    let mut taken = TakenNames::default();
    let mut keys = IndexMap::new();
    for (name, member) in members {
        let key = match member {
            Member::BuiltIn(built_in) => built_in.meta().map(|meta| Key {
                field: Field::Meta(meta),
                name: name.clone(),
                leaf: if meta.is_instant() { Leaf::DateTime } else { Leaf::Text },
                list: meta == Meta::Team,
            }),
            Member::Property(property) => property.column.map(|_| Key {
                field: Field::Property(property.no),
                name: name.clone(),
                leaf: property.shape.leaf.clone(),
                list: property.shape.list,
            }),
            Member::Relation(_) => None,
        };
        if let Some(key) = key {
            keys.insert(taken.take(&shouting(name)), key);
        }
    }
    keys
}
