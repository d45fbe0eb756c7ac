//! Blueprints: create, read, replace, merge, rename, delete. Each change makes a new model, checked as a whole.

use std::collections::HashMap;

use portolan_schema::model::StoredBlueprint;
use portolan_schema::references::Part;
use portolan_schema::{Blueprint, BlueprintNo, Code, ComputedKind, Error, Pointer, Result, system};
use portolan_store::Role;
use serde_json::Value;

use super::change::{ModelChange, already_exists};
use crate::{Catalog, OpContext};

impl Catalog {
    /// Needs Admin.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`, or all problems of the definition and of the model it would make.
    pub async fn create_blueprint(&self, ctx: &OpContext, definition: &Value) -> Result<StoredBlueprint> {
        let blueprint = Blueprint::parse(&system::complete(definition)?)?;
        ctx.require(Role::Admin)?;
        self.computing.check(&blueprint, &Pointer::root()).await?;
        let identifier = blueprint.identifier.clone();
        let change = |model: &mut ModelChange| {
            if model.find(&identifier).is_ok() {
                return Err(already_exists(&identifier));
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
            match system::complete(definition).and_then(|whole| Blueprint::parse(&whole)) {
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
            let blueprint = Blueprint::parse(&system::complete(&wanted)?)?;
            let name = blueprint.identifier.clone();
            if name != identifier {
                model.rename(Part::Blueprint(identifier.to_owned()), &name)?;
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

    /// Needs Admin. An own or computed property keeps its number, its values and its name in GraphQL; everything that
    /// names it follows.
    ///
    /// # Errors
    /// `NOT_FOUND`; `ALREADY_EXISTS`; `IN_USE` where a calculation mentions it and is no plain path to it.
    pub async fn rename_property(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        self.rename(ctx, Part::property(blueprint, from), to).await
    }

    /// Needs Admin. [`Catalog::rename_property`] for mirrors alone.
    ///
    /// # Errors
    /// As [`Catalog::rename_property`].
    pub async fn rename_mirror(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        let model = self.model(ctx).await?;
        let holder = model.get(blueprint).map(|found| found.blueprint());
        let found = holder.and_then(|holder| holder.computed.get(from));
        if found.is_none_or(|found| !matches!(found.kind, ComputedKind::Mirror { .. })) {
            ctx.require(Role::Admin)?;
            return Err(Error::not_found(format!("the mirror property \"{from}\"")));
        }
        self.rename_property(ctx, blueprint, from, to).await
    }

    /// Needs Admin. The relation keeps its number, its edges and its name in GraphQL; everything that names it follows.
    ///
    /// # Errors
    /// As [`Catalog::rename_property`].
    pub async fn rename_relation(
        &self,
        ctx: &OpContext,
        blueprint: &str,
        from: &str,
        to: &str,
    ) -> Result<StoredBlueprint> {
        self.rename(ctx, Part::relation(blueprint, from), to).await
    }

    /// Needs Admin. Everything that names the blueprint follows.
    ///
    /// # Errors
    /// As [`Catalog::rename_property`].
    pub async fn rename_blueprint(&self, ctx: &OpContext, from: &str, to: &str) -> Result<StoredBlueprint> {
        self.rename(ctx, Part::Blueprint(from.to_owned()), to).await
    }

    async fn rename(&self, ctx: &OpContext, part: Part, to: &str) -> Result<StoredBlueprint> {
        let blueprint = match &part {
            Part::Blueprint(_) => to.to_owned(),
            other => other.blueprint().to_owned(),
        };
        let change = |model: &mut ModelChange| {
            model.rename(part, to)?;
            Ok(vec![blueprint])
        };
        single(self.change_model(ctx, None, false, change).await?)
    }

    /// Needs Admin.
    ///
    /// # Errors
    /// `IN_USE`, once for everything that uses it: its entities, and what names it.
    pub async fn delete_blueprint(&self, ctx: &OpContext, identifier: &str) -> Result<()> {
        self.delete_blueprints(ctx, &[identifier]).await
    }

    /// Needs Admin. Several in one step, which may name each other.
    ///
    /// # Errors
    /// As [`Catalog::delete_blueprint`].
    pub async fn delete_blueprints(&self, ctx: &OpContext, identifiers: &[&str]) -> Result<()> {
        let change = |model: &mut ModelChange| {
            for identifier in identifiers {
                let at = model.find(identifier)?;
                model.stored.remove(at);
            }
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
}

fn single(mut found: Vec<StoredBlueprint>) -> Result<StoredBlueprint> {
    found.pop().ok_or_else(|| Error::internal("a change of the model lost its blueprint"))
}
