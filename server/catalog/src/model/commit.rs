//! A change of the model, made in one transaction under the head's lock.

use portolan_schema::references::{Definitions, Reference, ReferenceKind};
use portolan_schema::{
    CatalogModel, Code, Error, Instant, Pointer, Problem, Problems, Result, StoredBlueprint,
};
use portolan_store::head::Head;
use portolan_store::{Role, TenantScope};

use super::change::{ModelChange, below};
use super::difference::{Difference, Guard};
use super::follower::Rename;
use super::prepare::Prepared;
use super::system::refuse_damage;
use super::work::View;
use crate::{Catalog, OpContext, now};

/// Entities whose rows are made at a time.
const PAGE: usize = 500;

/// Entities up to which a change looks at all of them in its own transaction.
const AT_ONCE: usize = 1_000;

/// A new model and all that belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Switch<'a> {
    pub old: &'a CatalogModel,
    pub model: &'a CatalogModel,
    pub difference: &'a Difference,
    pub renames: &'a [Rename],
    pub next_no: i32,
    pub at: Instant,
    pub actor: &'a str,
}

impl Catalog {
    /// Changes the model; `change` answers the identifiers of the blueprints to give back. Problems of the blueprint in
    /// `focus` have paths that begin in its definition, those of others begin with their identifier.
    pub(super) async fn change_model(
        &self,
        ctx: &OpContext,
        focus: Option<&str>,
        dry_run: bool,
        change: impl FnOnce(&mut ModelChange) -> Result<Vec<String>>,
    ) -> Result<Vec<StoredBlueprint>> {
        ctx.require(Role::Admin)?;
        let (scope, head) = self.lock_model(ctx).await?;
        let old = self.models.get(&scope, head.model_revision).await?;
        let mut edit = edit(ctx, &scope, &old, head).await?;
        let wanted = change(&mut edit)?;
        let before: Vec<StoredBlueprint> = stored(&old);
        refuse_damage(&before, &edit.stored, focus)?;
        let difference = Difference::between(&before, &edit.stored, &edit.populated);
        self.refuse_removal(&scope, &old, &difference).await?;
        edit.number_sets(&difference.work);
        let model = edit.compile(head.model_revision + 1, focus)?;
        // Names are chosen by compiling.
        let difference = Difference::between(&before, &edit.stored, &edit.populated);
        check_guards(&scope, &difference.guards, focus).await?;
        let answer: Vec<StoredBlueprint> =
            wanted.iter().filter_map(|name| model.get(name)).map(|found| found.stored.clone()).collect();
        if dry_run || difference.is_empty() {
            return Ok(answer);
        }
        let mut is_big = false;
        for work in &difference.work {
            is_big |= View::new(&old, &model, work)?.exceeds(&scope, AT_ONCE).await?;
        }
        if is_big && difference.removed.is_empty() {
            let prepared = Prepared::new(&model, edit.next_no, &difference, &edit.renames);
            let pending = self.begin_change(&scope, head, &prepared, edit.at, &edit.actor).await?;
            scope.commit().await?;
            // It goes on whether or not the caller waits.
            let (catalog, tenant) = (self.clone(), ctx.tenant());
            let made = tokio::spawn(async move { catalog.carry_out(tenant, &pending).await });
            made.await.map_err(Error::internal)??;
            return Ok(answer);
        }
        for work in &difference.work {
            let view = View::new(&old, &model, work)?;
            let mut place = view.start();
            loop {
                let seen = view.next(&scope, &mut place, PAGE).await?;
                if seen.is_empty() {
                    break;
                }
                view.store(&scope, &seen).await?;
            }
        }
        let switch = Switch {
            old: &old,
            model: &model,
            difference: &difference,
            renames: &edit.renames,
            next_no: edit.next_no,
            at: edit.at,
            actor: &edit.actor,
        };
        self.switch(&scope, &switch).await?;
        scope.commit().await?;
        self.changed(&old, &model);
        Ok(answer)
    }

    /// Tells the background work of this process what there may be to do.
    pub(super) fn changed(&self, old: &CatalogModel, model: &CatalogModel) {
        if !model.computed_order().is_empty() || !old.computed_order().is_empty() {
            self.computing.wake();
        }
        self.sweeping.wake();
    }

    /// Makes the new model the one that counts. Everything that it needs is there.
    pub(super) async fn switch(&self, scope: &TenantScope, switch: &Switch<'_>) -> Result<()> {
        let Switch { old, model, difference, renames, next_no, at, actor } = *switch;
        let revision = model.revision();
        for stored in &difference.changed {
            scope.save_blueprint(stored).await?;
            let before = old.by_no(stored.no).map(|before| before.blueprint());
            // A relation of another gives it a name in GraphQL, which is no change of its own.
            if before != Some(&stored.blueprint) {
                scope
                    .log_model_change(revision, stored.no, before, Some(&stored.blueprint), at, actor)
                    .await?;
            }
        }
        for stored in &difference.removed {
            scope.remove_blueprint(stored.no).await?;
            scope.log_model_change(revision, stored.no, Some(&stored.blueprint), None, at, actor).await?;
        }
        let before = Definitions::new(old.blueprints().iter().map(|found| found.blueprint()));
        self.followers.rename(scope, &before, renames).await?;
        let gone: Vec<&str> =
            difference.removed.iter().map(|stored| stored.blueprint.identifier.as_str()).collect();
        self.followers.removed(scope, &gone).await?;
        if !difference.retired.is_empty() {
            scope.retire(&difference.retired, at).await?;
            scope.mark_due(crate::sweep::NAME, crate::sweep::due(at)).await?;
        }
        scope.advance_model(revision, next_no).await?;
        if !model.computed_order().is_empty() || !old.computed_order().is_empty() {
            scope.mark_due(crate::computed::NAME, at).await?;
        }
        Ok(())
    }

    /// # Errors
    /// `IN_USE` for everything that uses a blueprint that goes: entities, and what names it.
    async fn refuse_removal(
        &self,
        scope: &TenantScope,
        old: &CatalogModel,
        difference: &Difference,
    ) -> Result<()> {
        if difference.removed.is_empty() {
            return Ok(());
        }
        let mut problems = Problems::default();
        for stored in &difference.removed {
            let count = scope.count_entities(stored.no).await?;
            if count > 0 {
                let message =
                    format!("the blueprint \"{}\" has {count} entities", stored.blueprint.identifier);
                problems.add(Code::InUse, Pointer::root(), message);
            }
        }
        let gone: Vec<&str> =
            difference.removed.iter().map(|stored| stored.blueprint.identifier.as_str()).collect();
        problems.extend(self.users_of(scope, old, &gone).await?);
        Ok(problems.into_result(())?)
    }

    /// What names one of these blueprints, but for themselves.
    pub(crate) async fn users_of(
        &self,
        scope: &TenantScope,
        model: &CatalogModel,
        gone: &[&str],
    ) -> Result<Problems> {
        Ok(Problems(self.references_to(scope, model, gone).await?.iter().map(used_by).collect()))
    }

    /// Every place that names one of these blueprints, or a part of one, but for their own definitions.
    pub async fn references_to(
        &self,
        scope: &TenantScope,
        model: &CatalogModel,
        blueprints: &[&str],
    ) -> Result<Vec<Reference>> {
        let definitions = Definitions::new(model.blueprints().iter().map(|found| found.blueprint()));
        let mut references = definitions.references();
        references.retain(|one| {
            !blueprints.contains(&one.holder.as_str()) && one.kind != ReferenceKind::GraphqlName
        });
        references.extend(self.followers.references(scope, &definitions).await?);
        references.retain(|reference| blueprints.contains(&reference.to.blueprint()));
        references.sort_by(|a, b| (&a.holder, a.path.as_str()).cmp(&(&b.holder, b.path.as_str())));
        Ok(references)
    }
}

/// A reference to something that is to go away.
pub(crate) fn used_by(reference: &Reference) -> Problem {
    let kind = reference.kind.as_str().to_lowercase().replace('_', " ");
    let message = format!("the {kind} \"{}\" uses \"{}\"", reference.name(), reference.to.blueprint());
    Problem::new(Code::InUse, reference.full_path(), message)
}

/// The model's blueprints, to be changed.
pub(super) async fn edit(
    ctx: &OpContext,
    scope: &TenantScope,
    old: &CatalogModel,
    head: Head,
) -> Result<ModelChange> {
    Ok(ModelChange {
        stored: stored(old),
        next_no: head.next_no,
        at: now(),
        actor: ctx.actor().stamp(),
        populated: scope.populated().await?,
        renames: Vec::new(),
    })
}

pub(super) fn stored(model: &CatalogModel) -> Vec<StoredBlueprint> {
    model.blueprints().iter().map(|blueprint| blueprint.stored.clone()).collect()
}

pub(super) async fn check_guards(scope: &TenantScope, guards: &[Guard], focus: Option<&str>) -> Result<()> {
    let shown = |path: &Pointer| {
        let inner = focus.and_then(|focus| below(path, &Pointer::root().key(focus)));
        inner.unwrap_or_else(|| path.clone())
    };
    let mut problems = Problems::default();
    for guard in guards {
        match guard {
            Guard::Type { path } => {
                let message = "the type of a property cannot change while the blueprint has entities; \
                               add a new property and move the values";
                problems.add(Code::PropertyTypeChanged, shown(path), message);
            }
            Guard::NoEdges { blueprint, no, path } => {
                if scope.has_edges(*blueprint, *no).await? {
                    let message =
                        "the target and cardinality of a relation cannot change while entities use it";
                    problems.add(Code::PropertyTypeChanged, shown(path), message);
                }
            }
        }
    }
    Ok(problems.into_result(())?)
}
