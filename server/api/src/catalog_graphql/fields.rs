//! What the fields of an entity's type stand for: made once with the schema, used by types, plans and answers.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::SelectionField;
use indexmap::IndexMap;
use portolan_schema::filter::{Direction, Meta};
use portolan_schema::model::PropertyModel;
use portolan_schema::names::{self, RootFields};
use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Field, PropertyNo, RelationNo};
use serde_json::Value;

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
    Computed,
}

impl BuiltIn {
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
        (Self::Computed, "computed"),
    ];

    /// What filters and orders see, where they can.
    fn meta(self) -> Option<Meta> {
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
            Self::Id
            | Self::Blueprint
            | Self::Revision
            | Self::Properties
            | Self::Relations
            | Self::Computed => None,
        }
    }
}

/// A relation as a field, seen from either end.
#[derive(Debug, Clone)]
pub struct RelationField {
    pub relation: RelationNo,
    pub direction: Direction,
    pub many: bool,
    /// The blueprint at the other end.
    pub other: BlueprintNo,
    /// The relation's identifier.
    pub identifier: String,
    pub required: bool,
}

/// A property as a field.
#[derive(Debug, Clone)]
pub struct PropertyField {
    pub no: PropertyNo,
    pub identifier: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub shape: ValueShape,
    pub required: bool,
    /// Where its values are computed: the number they are kept under.
    pub computed: Option<PropertyNo>,
}

#[derive(Debug, Clone)]
pub enum Member {
    BuiltIn(BuiltIn),
    Property(Arc<PropertyField>),
    Relation(RelationField),
}

/// Something that lists can be filtered, ordered or grouped by.
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
pub struct EntityFields {
    pub no: BlueprintNo,
    pub identifier: String,
    pub title: String,
    pub description: Option<String>,
    /// Its entities' teams are those of others, and kept with computed values.
    pub inherits_team: bool,
    pub type_name: String,
    pub roots: RootFields,
    pub members: IndexMap<String, Member>,
    /// By field name.
    pub keys: IndexMap<String, Key>,
    /// Values of the order enum, with the field they stand for.
    pub order_names: IndexMap<String, String>,
}

impl EntityFields {
    fn new(model: &CatalogModel, blueprint: &BlueprintModel) -> Self {
        let type_name = blueprint.names().type_name.clone();
        let mut members = IndexMap::new();
        let mut keys = IndexMap::new();
        for (built_in, name) in BuiltIn::ALL {
            members.insert((*name).to_owned(), Member::BuiltIn(*built_in));
            if let Some(meta) = built_in.meta() {
                let leaf = if meta.is_instant() { Leaf::DateTime } else { Leaf::Text };
                let key = Key {
                    field: Field::Meta(meta),
                    name: (*name).to_owned(),
                    leaf,
                    list: meta == Meta::Team,
                };
                keys.insert(key.name.clone(), key);
            }
        }
        let computed = blueprint.computed.iter().filter(|computed| !computed.is_owner);
        let computed = computed.map(|computed| (&computed.property, Some(computed.no())));
        let own = blueprint.properties.iter().map(|property| (property, None));
        for (property, computed) in own.chain(computed) {
            let field = property_field(&type_name, property, computed);
            if property.property.column().is_some() {
                let key = Key {
                    field: Field::Property(property.no),
                    name: property.field.clone(),
                    leaf: field.shape.leaf.clone(),
                    list: field.shape.list,
                };
                keys.insert(key.name.clone(), key);
            }
            members.insert(property.field.clone(), Member::Property(Arc::new(field)));
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
            members.insert(relation.field.clone(), Member::Relation(field));
        }
        for inverse in &blueprint.inverses {
            let identifier =
                model.relation(inverse.relation).map(|(_, found)| found.relation.identifier.clone());
            let field = RelationField {
                relation: inverse.relation,
                direction: Direction::Backward,
                many: true,
                other: inverse.source,
                identifier: identifier.unwrap_or_default(),
                required: false,
            };
            members.insert(inverse.field.clone(), Member::Relation(field));
        }
        let mut order_names = IndexMap::new();
        for name in keys.keys() {
            let mut shouted = names::enum_value_name(name).unwrap_or_else(|| name.clone());
            while order_names.contains_key(&shouted) {
                shouted.push('_');
            }
            order_names.insert(shouted, name.clone());
        }
        Self {
            no: blueprint.no(),
            identifier: blueprint.identifier().to_owned(),
            title: blueprint.blueprint().title.clone(),
            description: blueprint.blueprint().description.clone(),
            inherits_team: blueprint.owner().is_some(),
            roots: blueprint.names().roots(),
            type_name,
            members,
            keys,
            order_names,
        }
    }

    pub fn properties(&self) -> impl Iterator<Item = (&str, &Arc<PropertyField>)> {
        self.members.iter().filter_map(|(name, member)| match member {
            Member::Property(property) => Some((name.as_str(), property)),
            _ => None,
        })
    }

    /// Properties that can be written.
    pub fn own_properties(&self) -> impl Iterator<Item = (&str, &Arc<PropertyField>)> {
        self.properties().filter(|(_, property)| property.computed.is_none())
    }

    pub fn relations(&self) -> impl Iterator<Item = (&str, &RelationField)> {
        self.members.iter().filter_map(|(name, member)| match member {
            Member::Relation(relation) => Some((name.as_str(), relation)),
            _ => None,
        })
    }

    /// Enums of its properties.
    pub fn enums(&self) -> impl Iterator<Item = &Arc<EnumNames>> {
        self.properties().filter_map(|(_, property)| match &property.shape.leaf {
            Leaf::Enum(names) => Some(names),
            _ => None,
        })
    }
}

fn property_field(type_name: &str, model: &PropertyModel, computed: Option<PropertyNo>) -> PropertyField {
    let property = &model.property;
    let mut shape = ValueShape::of(&property.value_type);
    if ValueShape::takes_enum(property)
        && let Some(values) = property.enumeration.as_deref().and_then(names::enum_values)
    {
        let values = values.into_iter().map(|(name, original)| (name, Value::String(original))).collect();
        shape.leaf = Leaf::Enum(Arc::new(EnumNames::new(names::enum_type(type_name, &model.field), values)));
    }
    PropertyField {
        no: model.no,
        identifier: property.identifier.clone(),
        title: property.title.clone(),
        description: property.description.clone(),
        shape,
        required: model.required,
        computed,
    }
}

/// All blueprints of a model. Holds nothing of a tenant: tenants with equal models share it.
#[derive(Debug)]
pub struct Index {
    pub entities: IndexMap<BlueprintNo, Arc<EntityFields>>,
    pub by_root: HashMap<String, (BlueprintNo, Root)>,
}

/// What a root field answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    One,
    List,
    Aggregate,
    /// A mutation that answers a payload of one entity.
    Write,
    /// A mutation of a list of entities.
    Bulk,
    /// A subscription to changes.
    Changed,
}

impl Index {
    pub fn new(model: &CatalogModel) -> Self {
        let entities: IndexMap<_, _> = model
            .blueprints()
            .iter()
            .map(|blueprint| (blueprint.no(), Arc::new(EntityFields::new(model, blueprint))))
            .collect();
        let mut by_root = HashMap::new();
        for (no, fields) in &entities {
            let RootFields {
                one, list, aggregate, create, update, upsert, delete, bulk_upsert, changed, ..
            } = &fields.roots;
            by_root.insert(one.clone(), (*no, Root::One));
            by_root.insert(list.clone(), (*no, Root::List));
            by_root.insert(aggregate.clone(), (*no, Root::Aggregate));
            by_root.insert(bulk_upsert.clone(), (*no, Root::Bulk));
            by_root.insert(changed.clone(), (*no, Root::Changed));
            for written in [create, update, upsert, delete] {
                by_root.insert(written.clone(), (*no, Root::Write));
            }
        }
        Self { entities, by_root }
    }

    /// By the blueprint's identifier.
    pub fn named(&self, identifier: &str) -> Option<&Arc<EntityFields>> {
        self.entities.values().find(|fields| fields.identifier == identifier)
    }

    pub fn get(&self, no: BlueprintNo) -> Option<&Arc<EntityFields>> {
        self.entities.get(&no)
    }

    /// An estimate of the built schema's size in bytes: fields, input fields and enum values, about 700 bytes each.
    pub fn weight(&self) -> u32 {
        let members: usize = self
            .entities
            .values()
            .map(|fields| 95 + 5 * fields.members.len() + 5 * fields.keys.len() + 10 * fields.enums().count())
            .sum();
        u32::try_from(700 * (200 + members)).unwrap_or(u32::MAX)
    }
}

/// Whether any of these fields, which answer entities, asks for a computed value of theirs.
pub fn shows_computed(fields: &EntityFields, wanted: &[SelectionField<'_>]) -> bool {
    wanted.iter().flat_map(SelectionField::selection_set).any(|field| {
        fields.members.get(field.name()).is_some_and(|member| match member {
            Member::Property(property) => property.computed.is_some(),
            Member::BuiltIn(built_in) => matches!(built_in, BuiltIn::Computed | BuiltIn::Team),
            Member::Relation(_) => false,
        })
    })
}
