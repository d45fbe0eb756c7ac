//! Which values an export has of each entity, in which order and under which names.

use portolan_catalog::Entity;
use portolan_schema::{BlueprintModel, Code, Error, Meta, Pointer, Problem, Problems, Result, Targets};
use serde_json::{Map, Value};

/// Most columns that can be asked for.
const MAX: usize = 500;
/// Those of every entity, where none are asked for.
const EVERY: [&str; 8] =
    ["$identifier", "$title", "$icon", "$team", "$createdAt", "$createdBy", "$updatedAt", "$updatedBy"];

/// A value of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Meta(Meta),
    /// Own or computed.
    Property,
    Relation,
}

/// The columns of an export.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns(Vec<Column>);

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    kind: Kind,
    /// A property or relation.
    identifier: String,
    /// What it is called in the export: unlike all before it.
    name: String,
}

impl Columns {
    /// All: fields of every entity, then properties, computed ones, and relations.
    pub(super) fn all(blueprint: &BlueprintModel) -> Self {
        let mut columns = Self(Vec::new());
        EVERY.iter().filter_map(|name| Meta::parse(name)).for_each(|meta| columns.add(Kind::Meta(meta), ""));
        for property in &blueprint.properties {
            columns.add(Kind::Property, &property.property.identifier);
        }
        for computed in blueprint.computed.iter().filter(|computed| !computed.is_owner) {
            columns.add(Kind::Property, &computed.property.property.identifier);
        }
        for relation in &blueprint.relations {
            columns.add(Kind::Relation, &relation.relation.identifier);
        }
        columns
    }

    /// Those that a list of texts names: properties, meta-properties such as `$title`, relations.
    ///
    /// # Errors
    /// All problems, with paths below `/columns`.
    pub(super) fn chosen(blueprint: &BlueprintModel, wanted: &Value) -> Result<Self> {
        let path = Pointer::root().key("columns");
        let Some(items) = wanted.as_array().filter(|items| !items.is_empty()) else {
            return Err(Error::at(Code::WrongType, path, "the columns are a list of texts, and not empty"));
        };
        if items.len() > MAX {
            return Err(Problem::over(Code::TooManyItems, path, "number of columns", MAX, items.len()).into());
        }
        let (mut columns, mut problems) = (Self(Vec::new()), Problems::default());
        for (index, item) in items.iter().enumerate() {
            let at = path.index(index);
            let Some(name) = item.as_str() else {
                problems.add(Code::WrongType, at, "a column is named by a text");
                continue;
            };
            if let Some(meta) = Meta::parse(name) {
                columns.add(Kind::Meta(meta), "");
            } else if blueprint.property(name).is_some() {
                columns.add(Kind::Property, name);
            } else if blueprint.relation(name).is_some() {
                columns.add(Kind::Relation, name);
            } else {
                let message =
                    format!("the blueprint \"{}\" has no property \"{name}\"", blueprint.identifier());
                problems.add(Code::UnknownProperty, at, message);
            }
        }
        Ok(problems.into_result(columns)?)
    }

    /// A name that is taken by a column before it is written out as `properties.…` or `relations.…`.
    fn add(&mut self, kind: Kind, identifier: &str) {
        let (short, long) = match kind {
            Kind::Meta(meta) => {
                let name = Meta::ALL.iter().find(|(known, _)| *known == meta).map_or("", |(_, name)| *name);
                (name.trim_start_matches('$').to_owned(), name.to_owned())
            }
            Kind::Property => (identifier.to_owned(), format!("properties.{identifier}")),
            Kind::Relation => (identifier.to_owned(), format!("relations.{identifier}")),
        };
        let taken = |name: &str| self.0.iter().any(|column| column.name == name);
        let mut name = if taken(&short) { long } else { short };
        while taken(&name) {
            name.push('_');
        }
        self.0.push(Column { kind, identifier: identifier.to_owned(), name });
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| column.name.as_str())
    }

    /// An entity's values with their columns; null where there is none.
    pub(super) fn cells<'c>(
        &'c self,
        blueprint: &'c BlueprintModel,
        entity: &'c Entity,
    ) -> impl Iterator<Item = (&'c Column, Value)> {
        let all = entity.all_properties(blueprint);
        self.0.iter().map(move |column| (column, column.value(blueprint, entity, &all)))
    }
}

impl Column {
    /// Whether the blueprint's author says what the values are.
    pub(super) fn is_property(&self) -> bool {
        self.kind == Kind::Property
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn value(&self, blueprint: &BlueprintModel, entity: &Entity, all: &Map<String, Value>) -> Value {
        let state = &entity.state;
        match self.kind {
            Kind::Property => all.get(&self.identifier).cloned().unwrap_or_default(),
            Kind::Relation => match state.relations.get(&self.identifier) {
                Some(Targets::One(target)) => target.clone().into(),
                Some(Targets::Many(targets)) => targets.clone().into(),
                None => Value::Null,
            },
            Kind::Meta(meta) => match meta {
                Meta::Identifier => state.identifier.clone().into(),
                Meta::Title => state.title.clone().into(),
                Meta::Icon => state.icon.clone().into(),
                Meta::Team => entity.team(blueprint).into(),
                Meta::Blueprint => blueprint.identifier().into(),
                Meta::CreatedAt => entity.created_at.to_rfc3339().into(),
                Meta::CreatedBy => entity.created_by.clone().into(),
                Meta::UpdatedAt => entity.updated_at.to_rfc3339().into(),
                Meta::UpdatedBy => entity.updated_by.clone().into(),
                Meta::Datasource => entity.datasource.clone().into(),
            },
        }
    }
}
