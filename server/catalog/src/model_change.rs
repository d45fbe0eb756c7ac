//! A change of a tenant's model in the making: blueprints put, renamed or removed, and what that means for rows.

use indexmap::IndexMap;
use portolan_schema::model::computed::OWNER;
use portolan_schema::model::{Numbers, PropertyNo, RelationNo, Stamps, StoredBlueprint};
use portolan_schema::names::{self, GraphqlNames, NamedBlueprint};
use portolan_schema::{
    Blueprint, BlueprintNo, CatalogModel, Code, Error, Instant, Ownership, Pointer, Problem, Problems, Result,
};
use serde_json::{Map, Value};

/// All blueprints of a tenant while they are changed.
pub(crate) struct ModelChange {
    pub stored: Vec<StoredBlueprint>,
    pub next_no: i32,
    at: Instant,
    actor: String,
    /// What has to be done to rows, in order.
    pub effects: Vec<Effect>,
}

/// What a change of the model means for stored rows of one blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A property went away: its values are dropped.
    DropProperty {
        blueprint: BlueprintNo,
        identifier: String,
        no: PropertyNo,
    },
    RenameProperty {
        blueprint: BlueprintNo,
        from: String,
        to: String,
    },
    /// A property is stored in another column, or begins or ceases to be indexed.
    Reindex {
        blueprint: BlueprintNo,
        no: PropertyNo,
    },
    /// The value rows of a computed property are void: it went away or is computed in another way.
    DropComputed {
        blueprint: BlueprintNo,
        no: PropertyNo,
    },
    /// Teams are inherited from now on, or (`own`) not any more.
    ReindexTeams {
        blueprint: BlueprintNo,
        own: bool,
    },
    DropRelation {
        blueprint: BlueprintNo,
        no: RelationNo,
    },
    /// The blueprint must have no entities: a property's type changed.
    NeedsNoEntities {
        blueprint: BlueprintNo,
        path: Pointer,
    },
    /// The relation must have no edges: its target or cardinality changed.
    NeedsNoEdges {
        blueprint: BlueprintNo,
        no: RelationNo,
        path: Pointer,
    },
}

impl ModelChange {
    pub(crate) fn new(stored: Vec<StoredBlueprint>, next_no: i32, at: Instant, actor: String) -> Self {
        Self { stored, next_no, at, actor, effects: Vec::new() }
    }

    fn take_no(&mut self) -> i32 {
        let no = self.next_no;
        self.next_no += 1;
        no
    }

    pub(crate) fn find(&self, identifier: &str) -> Result<usize> {
        self.stored
            .iter()
            .position(|stored| stored.blueprint.identifier == identifier)
            .ok_or_else(|| Error::not_found(format!("the blueprint \"{identifier}\"")))
    }

    /// Adds a blueprint.
    pub(crate) fn create(&mut self, blueprint: Blueprint) {
        let no = BlueprintNo(self.take_no());
        let numbers = self.number(&blueprint, &Numbers::default());
        let stamps = Stamps {
            created_at: self.at,
            created_by: self.actor.clone(),
            updated_at: self.at,
            updated_by: self.actor.clone(),
        };
        self.stored.push(StoredBlueprint {
            no,
            blueprint,
            numbers,
            names: GraphqlNames::default(),
            revision: 1,
            stamps,
        });
    }

    /// Replaces a blueprint's definition. Answers false where nothing changes.
    pub(crate) fn replace(&mut self, at: usize, mut blueprint: Blueprint) -> bool {
        let old = self.stored[at].clone();
        if blueprint.graphql.is_none() {
            blueprint.graphql.clone_from(&old.blueprint.graphql);
        }
        if old.blueprint == blueprint {
            return false;
        }
        self.compare(&old, &blueprint);
        let numbers = self.number(&blueprint, &old.numbers);
        self.stored[at] = StoredBlueprint { numbers, ..self.changed(&old, blueprint) };
        true
    }

    fn changed(&self, old: &StoredBlueprint, blueprint: Blueprint) -> StoredBlueprint {
        StoredBlueprint {
            blueprint,
            revision: old.revision + 1,
            stamps: Stamps { updated_at: self.at, updated_by: self.actor.clone(), ..old.stamps.clone() },
            ..old.clone()
        }
    }

    /// Numbers for every part: what was there keeps its own.
    fn number(&mut self, blueprint: &Blueprint, old: &Numbers) -> Numbers {
        let mut numbers = Numbers::default();
        for identifier in blueprint.properties.keys() {
            let no = old.properties.get(identifier).copied().unwrap_or_else(|| PropertyNo(self.take_no()));
            numbers.properties.insert(identifier.clone(), no);
        }
        let owner =
            matches!(blueprint.ownership, Some(Ownership::Inherited { .. })).then(|| OWNER.to_owned());
        for identifier in blueprint.computed.keys().chain(&owner) {
            let no = old.properties.get(identifier).copied().unwrap_or_else(|| PropertyNo(self.take_no()));
            numbers.properties.insert(identifier.clone(), no);
        }
        for identifier in blueprint.relations.keys() {
            let no = old.relations.get(identifier).copied().unwrap_or_else(|| RelationNo(self.take_no()));
            numbers.relations.insert(identifier.clone(), no);
        }
        numbers
    }

    fn compare(&mut self, old: &StoredBlueprint, new: &Blueprint) {
        let blueprint = old.no;
        let path = Pointer::root().key("schema").key("properties");
        for (identifier, before) in &old.blueprint.properties {
            let Some(no) = old.numbers.properties.get(identifier).copied() else { continue };
            match new.properties.get(identifier) {
                None => {
                    let identifier = identifier.clone();
                    self.effects.push(Effect::DropProperty { blueprint, identifier, no });
                }
                Some(after) if before.value_type.json_type() != after.value_type.json_type() => {
                    let path = path.key(identifier).key("type");
                    self.effects.push(Effect::NeedsNoEntities { blueprint, path });
                }
                Some(after) if before.column() != after.column() => {
                    self.effects.push(Effect::Reindex { blueprint, no });
                }
                Some(_) => {}
            }
        }
        for (identifier, before) in &old.blueprint.computed {
            let Some(no) = old.numbers.properties.get(identifier).copied() else { continue };
            if new.computed.get(identifier).map(|after| &after.kind) != Some(&before.kind) {
                self.effects.push(Effect::DropComputed { blueprint, no });
            }
        }
        let inherits = |ownership: &Option<Ownership>| matches!(ownership, Some(Ownership::Inherited { .. }));
        if old.blueprint.ownership != new.ownership
            && (inherits(&old.blueprint.ownership) || inherits(&new.ownership))
        {
            self.effects.push(Effect::ReindexTeams { blueprint, own: !inherits(&new.ownership) });
        }
        let path = Pointer::root().key("relations");
        for (identifier, before) in &old.blueprint.relations {
            let Some(no) = old.numbers.relations.get(identifier).copied() else { continue };
            match new.relations.get(identifier) {
                None => self.effects.push(Effect::DropRelation { blueprint, no }),
                Some(after) if after.target != before.target || after.many != before.many => {
                    self.effects.push(Effect::NeedsNoEdges { blueprint, no, path: path.key(identifier) });
                }
                Some(_) => {}
            }
        }
    }

    pub(crate) fn rename_property(&mut self, at: usize, from: &str, to: &str) -> Result<()> {
        let old = self.stored[at].clone();
        if !old.blueprint.properties.contains_key(from) {
            return Err(Error::not_found(format!("the property \"{from}\"")));
        }
        refuse_taken(&old.blueprint, to)?;
        let mut definition = old.blueprint.definition.clone();
        if let Some(schema) = definition.get_mut("schema").and_then(Value::as_object_mut) {
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                rename_key(properties, from, to);
            }
            if let Some(Value::Array(required)) = schema.get_mut("required") {
                for name in required.iter_mut().filter(|name| name.as_str() == Some(from)) {
                    *name = Value::String(to.to_owned());
                }
            }
        }
        let mut stored = self.changed(&old, reparse(&old, definition)?);
        rename_index(&mut stored.numbers.properties, from, to);
        rename_index(&mut stored.names.fields, from, to);
        self.stored[at] = stored;
        self.effects.push(Effect::RenameProperty {
            blueprint: old.no,
            from: from.to_owned(),
            to: to.to_owned(),
        });
        Ok(())
    }

    /// A mirror's values are kept by its number, so they stay.
    pub(crate) fn rename_mirror(&mut self, at: usize, from: &str, to: &str) -> Result<()> {
        let old = self.stored[at].clone();
        let mut definition = old.blueprint.definition.clone();
        let mirrors = definition.get_mut("mirrorProperties").and_then(Value::as_object_mut);
        let mirrors = mirrors.filter(|mirrors| mirrors.contains_key(from));
        let mirrors = mirrors.ok_or_else(|| Error::not_found(format!("the mirror property \"{from}\"")))?;
        refuse_taken(&old.blueprint, to)?;
        rename_key(mirrors, from, to);
        let mut stored = self.changed(&old, reparse(&old, definition)?);
        rename_index(&mut stored.numbers.properties, from, to);
        rename_index(&mut stored.names.fields, from, to);
        self.stored[at] = stored;
        Ok(())
    }

    pub(crate) fn rename_relation(&mut self, at: usize, from: &str, to: &str) -> Result<()> {
        let old = self.stored[at].clone();
        if !old.blueprint.relations.contains_key(from) {
            return Err(Error::not_found(format!("the relation \"{from}\"")));
        }
        refuse_taken(&old.blueprint, to)?;
        let mut definition = old.blueprint.definition.clone();
        if let Some(relations) = definition.get_mut("relations").and_then(Value::as_object_mut) {
            rename_key(relations, from, to);
        }
        let mut stored = self.changed(&old, reparse(&old, definition)?);
        rename_index(&mut stored.numbers.relations, from, to);
        rename_index(&mut stored.names.fields, from, to);
        self.stored[at] = stored;
        let identifier = &old.blueprint.identifier;
        self.rename_inverses(
            &GraphqlNames::inverse_key(identifier, from),
            &GraphqlNames::inverse_key(identifier, to),
        );
        Ok(())
    }

    pub(crate) fn rename_blueprint(&mut self, at: usize, to: &str) -> Result<()> {
        if self.find(to).is_ok() {
            return Err(Error::problem(
                Code::AlreadyExists,
                format!("there is a blueprint \"{to}\" already"),
            ));
        }
        let old = self.stored[at].clone();
        let from = old.blueprint.identifier.clone();
        let mut definition = old.blueprint.definition.clone();
        definition.insert("identifier".into(), to.into());
        self.stored[at] = self.changed(&old, reparse(&old, definition)?);
        for relation in old.blueprint.relations.keys() {
            self.rename_inverses(
                &GraphqlNames::inverse_key(&from, relation),
                &GraphqlNames::inverse_key(to, relation),
            );
        }
        for other in 0..self.stored.len() {
            let stored = self.stored[other].clone();
            let mut definition = stored.blueprint.definition.clone();
            let relations = definition.get_mut("relations").and_then(Value::as_object_mut);
            let mut touched = false;
            for relation in relations.into_iter().flat_map(Map::values_mut) {
                if relation["target"].as_str() == Some(from.as_str()) {
                    relation["target"] = to.into();
                    touched = true;
                }
            }
            if touched {
                self.stored[other] = self.changed(&stored, reparse(&stored, definition)?);
            }
        }
        Ok(())
    }

    fn rename_inverses(&mut self, from: &str, to: &str) {
        for stored in &mut self.stored {
            rename_index(&mut stored.names.inverses, from, to);
        }
    }

    /// Removes a blueprint.
    ///
    /// # Errors
    /// [`Code::InUse`] while relations of others point at it. Entities are the caller's to check.
    pub(crate) fn remove(&mut self, at: usize) -> Result<StoredBlueprint> {
        let identifier = self.stored[at].blueprint.identifier.clone();
        let mut problems = Problems::default();
        for other in self.stored.iter().filter(|other| other.blueprint.identifier != identifier) {
            for relation in
                other.blueprint.relations.values().filter(|relation| relation.target == identifier)
            {
                let message = format!(
                    "the relation \"{}\" of the blueprint \"{}\" points at \"{identifier}\"",
                    relation.identifier, other.blueprint.identifier
                );
                problems.0.push(Problem::new(Code::InUse, Pointer::root(), message));
            }
        }
        problems.into_result(())?;
        Ok(self.stored.remove(at))
    }

    /// Chooses names that are missing and compiles the whole.
    ///
    /// # Errors
    /// All problems of the model. Paths begin with the blueprint's identifier, but for the one in `focus`.
    pub(crate) fn compile(&mut self, revision: i64, focus: Option<&str>) -> Result<CatalogModel> {
        self.compile_whole(revision).map_err(|problems| {
            let Some(focus) = focus else { return problems.into() };
            let prefix = Pointer::root().key(focus);
            let inner = |mut problem: Problem| {
                if let Some(rest) = problem.path.as_str().strip_prefix(prefix.as_str()) {
                    problem.path = Pointer::from_text(rest);
                }
                problem
            };
            Problems(problems.into_iter().map(inner).collect()).into()
        })
    }

    fn compile_whole(&mut self, revision: i64) -> Result<CatalogModel, Problems> {
        let named: Vec<NamedBlueprint<'_>> = self
            .stored
            .iter()
            .map(|stored| NamedBlueprint {
                blueprint: &stored.blueprint,
                stored: (!stored.names.type_name.is_empty()).then_some(&stored.names),
            })
            .collect();
        // Relations without a target make no inverse names; compiling reports them, so compile problems come first.
        let names = names::assign(&named);
        if let Ok(names) = &names {
            for (stored, names) in self.stored.iter_mut().zip(names) {
                stored.names.clone_from(names);
            }
        }
        let model = CatalogModel::compile(revision, self.stored.clone());
        match (model, names) {
            (Ok(model), Ok(_)) => Ok(model),
            (Ok(_), Err(problems)) | (Err(problems), Ok(_)) => Err(problems),
            (Err(mut problems), Err(more)) => {
                problems.extend(more);
                Err(problems)
            }
        }
    }
}

fn refuse_taken(blueprint: &Blueprint, name: &str) -> Result<()> {
    let Blueprint { properties, computed, relations, .. } = blueprint;
    if properties.contains_key(name) || computed.contains_key(name) || relations.contains_key(name) {
        return Err(Error::problem(Code::AlreadyExists, format!("\"{name}\" exists already")));
    }
    Ok(())
}

fn reparse(old: &StoredBlueprint, definition: Map<String, Value>) -> Result<Blueprint> {
    let mut blueprint = Blueprint::parse(&Value::Object(definition))?;
    blueprint.graphql.clone_from(&old.blueprint.graphql);
    Ok(blueprint)
}

/// Renames a key in its place.
fn rename_key(map: &mut Map<String, Value>, from: &str, to: &str) {
    let entries = std::mem::take(map);
    map.extend(
        entries
            .into_iter()
            .map(|(key, value)| if key == from { (to.to_owned(), value) } else { (key, value) }),
    );
}

fn rename_index<T>(map: &mut IndexMap<String, T>, from: &str, to: &str) {
    if let Some((at, _, value)) = map.shift_remove_full(from) {
        map.shift_insert(at, to.to_owned(), value);
    }
}
