//! Blueprints: create, read, replace, merge, rename, delete. Each change makes a new model, checked as a whole.

use std::collections::HashMap;

use portolan_schema::model::StoredBlueprint;
use portolan_schema::{Blueprint, BlueprintNo, CatalogModel, Code, Error, Pointer, PropertyNo, Result};
use portolan_store::TEAM;
use portolan_store::entity::Entity;
use portolan_store::entity_write::{Cause, EntityChange};
use portolan_store::{Role, TenantScope};
use serde_json::Value;

use crate::model_change::{Effect, ModelChange};
use crate::{Catalog, OpContext, now};

/// Entities that are rewritten at a time when a blueprint changes.
const PAGE: u64 = 1_000;

impl Catalog {
    /// Needs Admin.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`, or all problems of the definition and of the model it would make.
    pub async fn create_blueprint(&self, ctx: &OpContext, definition: &Value) -> Result<StoredBlueprint> {
        let blueprint = Blueprint::parse(definition)?;
        ctx.require(Role::Admin)?;
        self.computing.check(&blueprint, &Pointer::root()).await?;
        let identifier = blueprint.identifier.clone();
        let change = |model: &mut ModelChange| {
            if model.find(&identifier).is_ok() {
                let message = format!("there is a blueprint \"{identifier}\" already");
                return Err(Error::at(Code::AlreadyExists, Pointer::root().key("identifier"), message));
            }
            model.create(blueprint);
            Ok(vec![identifier.clone()])
        };
        single(self.change_model(ctx, Some(&identifier), false, change).await?)
    }

    /// Needs Admin. Creates or replaces several blueprints in one step, in any order; one new model revision.
    /// Existing ones are replaced, those that are equal are left alone.
    ///
    /// # Errors
    /// All problems of all definitions; paths begin with the place in `definitions` or the blueprint's identifier.
    pub async fn apply_blueprints(
        &self,
        ctx: &OpContext,
        definitions: &[Value],
        dry_run: bool,
    ) -> Result<Vec<StoredBlueprint>> {
        let mut problems = portolan_schema::Problems::default();
        let mut blueprints = Vec::new();
        for (index, definition) in definitions.iter().enumerate() {
            match Blueprint::parse(definition) {
                Ok(blueprint) => blueprints.push(blueprint),
                Err(found) => {
                    let outer = Pointer::root().index(index);
                    problems.extend(found.into_iter().map(|problem| problem.under(&outer)));
                }
            }
        }
        let blueprints = problems.into_result(blueprints)?;
        ctx.require(Role::Admin)?;
        for (index, blueprint) in blueprints.iter().enumerate() {
            self.computing.check(blueprint, &Pointer::root().index(index)).await?;
        }
        self.change_model(ctx, None, dry_run, |model: &mut ModelChange| {
            let identifiers = blueprints.iter().map(|blueprint| blueprint.identifier.clone()).collect();
            for blueprint in blueprints {
                match model.find(&blueprint.identifier) {
                    Ok(at) => drop(model.replace(at, blueprint)),
                    Err(_) => model.create(blueprint),
                }
            }
            Ok(identifiers)
        })
        .await
    }

    /// Needs Admin. Replaces (PUT) the definition; `merge` (PATCH) keeps what is not named. A definition with another
    /// identifier renames the blueprint.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT` where `if_revision` is not the present one; `PROPERTY_TYPE_CHANGED`; all problems.
    pub async fn update_blueprint(
        &self,
        ctx: &OpContext,
        identifier: &str,
        definition: &Value,
        merge: bool,
        if_revision: Option<i64>,
    ) -> Result<StoredBlueprint> {
        ctx.require(Role::Admin)?;
        self.check_calculations(definition).await?;
        let change = |model: &mut ModelChange| {
            let at = model.find(identifier)?;
            let present = model.stored[at].clone();
            if let Some(wanted) = if_revision.filter(|wanted| *wanted != present.revision) {
                let message = format!("the blueprint is at revision {}, not {wanted}", present.revision);
                return Err(Error::problem(Code::Conflict, message));
            }
            let mut wanted = definition.clone();
            if let Some(wanted) = wanted.as_object_mut() {
                if merge {
                    let mut merged = present.blueprint.definition.clone();
                    merged.extend(std::mem::take(wanted));
                    *wanted = merged;
                }
                wanted.entry("identifier").or_insert_with(|| identifier.into());
            }
            let blueprint = Blueprint::parse(&wanted)?;
            let name = blueprint.identifier.clone();
            if name != identifier {
                model.rename_blueprint(at, &name)?;
            }
            model.replace(at, blueprint);
            Ok(vec![name])
        };
        single(self.change_model(ctx, Some(identifier), false, change).await?)
    }

    /// Tries the calculations that a definition names, which may be a part of one.
    async fn check_calculations(&self, definition: &Value) -> Result<()> {
        let calculations = definition.get("calculationProperties").cloned().unwrap_or_default();
        let alone = serde_json::json!({"identifier": "x", "title": "x", "schema": {"properties": {}},
            "calculationProperties": calculations});
        // What is wrong with the definition itself is told where the whole of it is known.
        match Blueprint::parse(&alone) {
            Ok(blueprint) => self.computing.check(&blueprint, &Pointer::root()).await,
            Err(_) => Ok(()),
        }
    }

    /// Needs Admin. The property keeps its number and values.
    pub async fn rename_property(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        let change = |model: &mut ModelChange| {
            let at = model.find(blueprint)?;
            model.rename_property(at, from, to)?;
            Ok(vec![blueprint.to_owned()])
        };
        single(self.change_model(ctx, None, false, change).await?)
    }

    /// Needs Admin. The mirror property keeps its number and values.
    pub async fn rename_mirror(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        let change = |model: &mut ModelChange| {
            let at = model.find(blueprint)?;
            model.rename_mirror(at, from, to)?;
            Ok(vec![blueprint.to_owned()])
        };
        single(self.change_model(ctx, None, false, change).await?)
    }

    /// Needs Admin. The relation keeps its number and edges.
    pub async fn rename_relation(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        let change = |model: &mut ModelChange| {
            let at = model.find(blueprint)?;
            model.rename_relation(at, from, to)?;
            Ok(vec![blueprint.to_owned()])
        };
        single(self.change_model(ctx, None, false, change).await?)
    }

    /// Needs Admin. Relations of others follow.
    pub async fn rename_blueprint(&self, ctx: &OpContext, from: &str, to: &str) -> Result<StoredBlueprint> {
        let change = |model: &mut ModelChange| {
            let at = model.find(from)?;
            model.rename_blueprint(at, to)?;
            Ok(vec![to.to_owned()])
        };
        single(self.change_model(ctx, None, false, change).await?)
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// `IN_USE` while it has entities or relations of other blueprints point at it.
    pub async fn delete_blueprint(&self, ctx: &OpContext, identifier: &str) -> Result<()> {
        let change = |model: &mut ModelChange| {
            let at = model.find(identifier)?;
            model.remove(at)?;
            Ok(Vec::new())
        };
        self.change_model(ctx, None, false, change).await.map(drop)
    }

    /// How many entities a blueprint has.
    pub async fn count_entities(&self, ctx: &OpContext, blueprint: BlueprintNo) -> Result<u64> {
        self.store.read(ctx.tenant()).await?.count_entities(blueprint).await
    }

    /// How many entities each blueprint has; those that have none are not there. One statement.
    pub async fn count_all_entities(&self, ctx: &OpContext) -> Result<HashMap<BlueprintNo, u64>> {
        self.store.read(ctx.tenant()).await?.count_all_entities().await
    }

    /// The definition in Port's JSON with stamps: what every edge shows.
    pub fn blueprint_json(stored: &StoredBlueprint) -> Value {
        let mut json = stored.blueprint.definition.clone();
        let stamps = &stored.stamps;
        json.insert("createdAt".into(), stamps.created_at.to_rfc3339().into());
        json.insert("createdBy".into(), stamps.created_by.clone().into());
        json.insert("updatedAt".into(), stamps.updated_at.to_rfc3339().into());
        json.insert("updatedBy".into(), stamps.updated_by.clone().into());
        Value::Object(json)
    }

    /// Changes the model under the head's lock; `change` answers the identifiers to give back. Problems of the blueprint
    /// in `focus` have paths that begin in its definition, those of others begin with their identifier.
    async fn change_model(
        &self,
        ctx: &OpContext,
        focus: Option<&str>,
        dry_run: bool,
        change: impl FnOnce(&mut ModelChange) -> Result<Vec<String>>,
    ) -> Result<Vec<StoredBlueprint>> {
        ctx.require(Role::Admin)?;
        let scope = self.store.write(ctx.tenant()).await?;
        let head = scope.lock_head().await?;
        let old = self.models.get(&scope, head.model_revision).await?;
        let before: Vec<StoredBlueprint> =
            old.blueprints().iter().map(|blueprint| blueprint.stored.clone()).collect();
        let (at, actor) = (now(), ctx.actor().stamp());
        let mut edit = ModelChange::new(before.clone(), head.next_no, at, actor.clone());
        let wanted = change(&mut edit)?;
        let revision = head.model_revision + 1;
        let model = edit.compile(revision, focus)?;
        let before: HashMap<BlueprintNo, &StoredBlueprint> =
            before.iter().map(|stored| (stored.no, stored)).collect();
        let changed: Vec<&StoredBlueprint> =
            edit.stored.iter().filter(|stored| before.get(&stored.no) != Some(stored)).collect();
        let removed: Vec<&&StoredBlueprint> =
            before.values().filter(|stored| edit.stored.iter().all(|other| other.no != stored.no)).collect();
        check_effects(&scope, &edit.effects).await?;
        for stored in &removed {
            if scope.has_entities(stored.no).await? {
                let count = scope.count_entities(stored.no).await?;
                let message =
                    format!("the blueprint \"{}\" has {count} entities", stored.blueprint.identifier);
                return Err(Error::problem(Code::InUse, message));
            }
        }
        let answer = |model: &CatalogModel| -> Vec<StoredBlueprint> {
            wanted.iter().filter_map(|name| model.get(name)).map(|found| found.stored.clone()).collect()
        };
        if dry_run || (changed.is_empty() && removed.is_empty()) {
            return Ok(answer(&model));
        }
        for stored in changed {
            scope.save_blueprint(stored).await?;
            let old = before.get(&stored.no).map(|stored| &stored.blueprint);
            scope.log_model_change(revision, stored.no, old, Some(&stored.blueprint), at, &actor).await?;
        }
        for stored in removed {
            scope.remove_blueprint(stored.no).await?;
            scope.log_model_change(revision, stored.no, Some(&stored.blueprint), None, at, &actor).await?;
        }
        let cause = Cause { at, actor, origin: ctx.user_agent().map(str::to_owned), run: None };
        apply_effects(&scope, &model, &edit.effects, &cause).await?;
        scope.advance_model(revision, edit.next_no).await?;
        let computes = !model.computed_order().is_empty() || !old.computed_order().is_empty();
        if computes {
            scope.mark_due(crate::computed::NAME, at).await?;
        }
        scope.commit().await?;
        if computes {
            self.computing.wake();
        }
        Ok(answer(&model))
    }
}

fn single(mut found: Vec<StoredBlueprint>) -> Result<StoredBlueprint> {
    found.pop().ok_or_else(|| Error::internal("a change of the model lost its blueprint"))
}

async fn check_effects(scope: &TenantScope, effects: &[Effect]) -> Result<()> {
    for effect in effects {
        match effect {
            Effect::NeedsNoEntities { blueprint, path } if scope.has_entities(*blueprint).await? => {
                let message = "the type of a property cannot change while the blueprint has entities; \
                               add a new property and move the values";
                return Err(Error::at(Code::PropertyTypeChanged, path.clone(), message));
            }
            Effect::NeedsNoEdges { blueprint, no, path } if scope.has_edges(*blueprint, *no).await? => {
                let message = "the target and cardinality of a relation cannot change while entities use it";
                return Err(Error::at(Code::PropertyTypeChanged, path.clone(), message));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What changes in the JSON of one blueprint's entities.
#[derive(Default)]
struct Rewrite {
    dropped: Vec<String>,
    renamed: Vec<(String, String)>,
    reindexed: Vec<PropertyNo>,
    relations: bool,
}

async fn apply_effects(
    scope: &TenantScope,
    model: &CatalogModel,
    effects: &[Effect],
    cause: &Cause,
) -> Result<()> {
    let mut rewrites: HashMap<BlueprintNo, Rewrite> = HashMap::new();
    for effect in effects {
        match effect {
            Effect::DropProperty { blueprint, identifier, no } => {
                scope.delete_property_values(*blueprint, *no).await?;
                rewrites.entry(*blueprint).or_default().dropped.push(identifier.clone());
            }
            Effect::RenameProperty { blueprint, from, to } => {
                rewrites.entry(*blueprint).or_default().renamed.push((from.clone(), to.clone()));
            }
            Effect::Reindex { blueprint, no } => {
                scope.delete_property_values(*blueprint, *no).await?;
                rewrites.entry(*blueprint).or_default().reindexed.push(*no);
            }
            Effect::DropRelation { blueprint, no } => {
                scope.delete_relation_edges(*no).await?;
                rewrites.entry(*blueprint).or_default().relations = true;
            }
            Effect::DropComputed { blueprint, no } => {
                scope.delete_property_values(*blueprint, *no).await?;
                // It has to be filled in again, also where it becomes what it was before anybody computed it.
                scope.delete_formula(*no).await?;
            }
            Effect::ReindexTeams { blueprint, own } => {
                scope.delete_property_values(*blueprint, TEAM).await?;
                if *own {
                    rewrites.entry(*blueprint).or_default().reindexed.push(TEAM);
                }
            }
            Effect::NeedsNoEntities { .. } | Effect::NeedsNoEdges { .. } => {}
        }
    }
    for (blueprint, rewrite) in rewrites {
        rewrite_entities(scope, model, blueprint, &rewrite, cause).await?;
    }
    Ok(())
}

/// Goes through all entities of a blueprint, page by page. A changed entity gets a version; its `updatedAt` stays.
async fn rewrite_entities(
    scope: &TenantScope,
    model: &CatalogModel,
    blueprint: BlueprintNo,
    rewrite: &Rewrite,
    cause: &Cause,
) -> Result<()> {
    let mut after = 0;
    loop {
        let mut page = scope.entities_after(blueprint, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        let mut borrowed: Vec<&mut Entity> = page.iter_mut().collect();
        scope.fill_relations(model, &mut borrowed).await?;
        let mut changes = Vec::new();
        for entity in &mut page {
            let touched = rewrite_properties(entity, rewrite);
            if touched || rewrite.relations {
                changes.push(entity.clone());
            }
        }
        if !rewrite.reindexed.is_empty() {
            scope.insert_property_values(model, &rewrite.reindexed, &page).await?;
        }
        if changes.is_empty() {
            continue;
        }
        let head = scope.head().await?;
        let first = scope.take_seq(head, changes.len()).await?;
        let first = first.ok_or_else(|| Error::internal("the head moved under its lock"))?;
        let changes: Vec<EntityChange> = (first..)
            .zip(changes)
            .map(|(seq, entity)| EntityChange {
                after: Entity { seq, revision: entity.revision + 1, ..entity.clone() },
                // Value rows and edges are seen to already: before and after differ in nothing that they follow.
                // Value rows and edges are seen to already: before and after differ in nothing that they follow.
                before: Some(entity),
                deleted: false,
                edges: Vec::new(),
            })
            .collect();
        scope.apply(model, &changes, cause).await?;
    }
}

fn rewrite_properties(entity: &mut Entity, rewrite: &Rewrite) -> bool {
    let properties = &mut entity.state.properties;
    let mut touched = false;
    for identifier in &rewrite.dropped {
        touched |= properties.shift_remove(identifier).is_some();
    }
    for (from, to) in &rewrite.renamed {
        if let Some(value) = properties.shift_remove(from) {
            properties.insert(to.clone(), value);
            touched = true;
        }
    }
    touched
}
