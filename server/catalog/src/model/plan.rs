//! What a change of a blueprint would do: the steps of making it, but for the last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_schema::references::{Definitions, Reference, ReferenceKind, references};
use portolan_schema::{
    Blueprint, CatalogModel, Code, Error, Pointer, Problems, Result, StoredBlueprint, system,
};
use portolan_store::{Role, TenantScope};
use serde_json::Value;

use super::change::ModelChange;
use super::commit::{check_guards, edit, stored};
use super::difference::{Difference, Work};
use super::fit::Check;
use super::system::refuse_damage;
use super::work::{Place, View};
use crate::{Catalog, OpContext};

/// How a plan looks at entities.
#[derive(Debug, Clone, Copy)]
pub struct PlanBounds {
    /// Entities that are in memory at a time.
    pub page: usize,
    /// A plan that is not through by then tells what it has seen: whoever asks for it waits for ten seconds at most.
    pub patience: Duration,
}

impl Default for PlanBounds {
    fn default() -> Self {
        Self { page: 1_000, patience: Duration::from_secs(8) }
    }
}

/// Most problems that a plan lists.
const MAX_FAILING: usize = 100;

/// What a change would do.
pub struct BlueprintPlan {
    /// The revision of the model that it is a plan for.
    pub revision: i64,
    /// Entities that would lose a value or would not fit any more.
    pub affected: u64,
    /// Values and relations that would be gone.
    pub dropped: u64,
    /// How many entities fit now and would not any more.
    pub failing: u64,
    /// The first of them, a line for each problem.
    pub samples: Vec<Failing>,
    /// How many entities were looked at, and whether that is all: if not, the counts are of the first by identifier.
    pub looked_at: u64,
    pub complete: bool,
    /// What names a part that would be gone.
    pub broken: Vec<Reference>,
    /// Why the change would be refused; empty where it would be made.
    pub problems: Problems,
    pub before: Arc<CatalogModel>,
    /// The model after the change. Where what names a part that goes would keep it from being, it is the model without
    /// that.
    pub after: Option<CatalogModel>,
}

/// One reason why an entity would not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Identifier of the entity.
    pub entity: String,
    pub path: Pointer,
    pub rule: Code,
    pub message: String,
}

impl Catalog {
    /// What creating or replacing a blueprint by this definition would do. Needs Admin.
    ///
    /// # Errors
    /// Only where nothing can be said: rights, a fault. What is wrong with the change is in the plan.
    pub async fn plan_blueprint_change(&self, ctx: &OpContext, definition: &Value) -> Result<BlueprintPlan> {
        self.plan_blueprint_change_within(ctx, definition, PlanBounds::default()).await
    }

    /// [`Catalog::plan_blueprint_change`] within other bounds.
    ///
    /// # Errors
    /// As there.
    pub async fn plan_blueprint_change_within(
        &self,
        ctx: &OpContext,
        definition: &Value,
        bounds: PlanBounds,
    ) -> Result<BlueprintPlan> {
        ctx.require(Role::Admin)?;
        let until = Instant::now() + bounds.patience;
        let scope = self.store.read(ctx.tenant()).await?;
        let head = scope.head().await?;
        let before = self.models.get(&scope, head.model_revision).await?;
        let mut plan = BlueprintPlan {
            revision: head.model_revision,
            affected: 0,
            dropped: 0,
            failing: 0,
            samples: Vec::new(),
            looked_at: 0,
            complete: true,
            broken: Vec::new(),
            problems: Problems::default(),
            before: before.clone(),
            after: None,
        };
        let whole = system::complete(definition);
        let blueprint = match whole.and_then(|whole| Blueprint::parse(&whole)) {
            Ok(blueprint) => blueprint,
            Err(problems) => return Ok(BlueprintPlan { problems, ..plan }),
        };
        noted(&mut plan.problems, self.computing.check(&blueprint, &Pointer::root()).await)?;
        let mut model = edit(ctx, &scope, &before, head).await?;
        let focus = blueprint.identifier.clone();
        match model.find(&focus) {
            Ok(at) => drop(model.replace(at, blueprint)),
            Err(_) => model.create(blueprint),
        }
        noted(&mut plan.problems, refuse_damage(&stored(&before), &model.stored, Some(&focus)))?;
        plan.broken = self.broken(&scope, &stored(&before), &model.stored).await?;
        let revision = head.model_revision + 1;
        let first = Difference::between(&stored(&before), &model.stored, &model.populated);
        model.number_sets(&first.work);
        let after = match model.compile(revision, Some(&focus)) {
            Ok(after) => Some(after),
            Err(error) => {
                noted::<()>(&mut plan.problems, Err(error))?;
                without(&mut model, &plan.broken);
                model.compile(revision, None).ok()
            }
        };
        let difference = Difference::between(&stored(&before), &model.stored, &model.populated);
        noted(&mut plan.problems, check_guards(&scope, &difference.guards, Some(&focus)).await)?;
        if let Some(after) = &after {
            for work in looks(&difference, &model) {
                plan.complete &= look(&scope, &before, after, &work, bounds.page, until, &mut plan).await?;
            }
        }
        Ok(BlueprintPlan { after, ..plan })
    }

    /// References, as they stand after a change, to what was there before it and is not any more.
    async fn broken(
        &self,
        scope: &TenantScope,
        before: &[StoredBlueprint],
        after: &[StoredBlueprint],
    ) -> Result<Vec<Reference>> {
        let was = Definitions::new(before.iter().map(|stored| &stored.blueprint));
        let is = Definitions::new(after.iter().map(|stored| &stored.blueprint));
        // Paths are followed as they led before: what comes first on a way may be what goes.
        let mut found: Vec<Reference> =
            after.iter().flat_map(|stored| references(&was, &stored.blueprint)).collect();
        found.extend(self.followers.references(scope, &was).await?);
        found.retain(|reference| was.has(&reference.to) && !is.has(&reference.to));
        found.sort_by(|a, b| (&a.holder, a.path.as_str()).cmp(&(&b.holder, b.path.as_str())));
        Ok(found)
    }
}

/// Puts mistakes among the plan's problems; faults stay errors.
fn noted<T>(problems: &mut Problems, result: Result<T>) -> Result<()> {
    match result {
        Ok(_) => Ok(()),
        Err(Error::Problems(found)) => {
            problems.extend(found);
            Ok(())
        }
        Err(fault) => Err(fault),
    }
}

/// Takes away what names something that is gone.
fn without(model: &mut ModelChange, broken: &[Reference]) {
    for reference in broken {
        let Ok(at) = model.find(&reference.holder) else { continue };
        let mut definition = model.stored[at].blueprint.definition.clone();
        let mut segments = reference.path.as_str().split('/').skip(1);
        let Some(place) = segments.next() else { continue };
        match reference.kind {
            ReferenceKind::Ownership => drop(definition.shift_remove(place)),
            ReferenceKind::Relation
            | ReferenceKind::Mirror
            | ReferenceKind::Aggregation
            | ReferenceKind::Query => {
                if let Some(entries) = definition.get_mut(place).and_then(Value::as_object_mut) {
                    entries.shift_remove(&reference.identifier);
                }
            }
            ReferenceKind::Calculation
            | ReferenceKind::Required
            | ReferenceKind::GraphqlName
            | ReferenceKind::Mapping
            | ReferenceKind::Page
            | ReferenceKind::Widget
            | ReferenceKind::View => continue,
        }
        if let Ok(blueprint) = Blueprint::parse(&Value::Object(definition)) {
            model.replace(at, blueprint);
        }
    }
}

/// The blueprints whose entities the change may concern.
fn looks(difference: &Difference, model: &ModelChange) -> Vec<Work> {
    let dropped = |work: &StoredBlueprint| difference.retired.iter().any(|part| part.blueprint == work.no);
    let check = |stored: &StoredBlueprint| {
        let work = difference.work.iter().find(|work| work.blueprint == stored.no);
        work.map_or(Check::Nothing, |work| work.check)
    };
    let populated = difference.changed.iter().filter(|stored| model.populated.contains(&stored.no));
    let concerned = populated.filter(|stored| dropped(stored) || check(stored) == Check::All);
    concerned.map(|stored| Work { blueprint: stored.no, index: Vec::new(), check: check(stored) }).collect()
}

/// Looks at a blueprint's entities, page by page. Answers whether there was time for all.
async fn look(
    scope: &TenantScope,
    before: &CatalogModel,
    after: &CatalogModel,
    work: &Work,
    page: usize,
    until: Instant,
    plan: &mut BlueprintPlan,
) -> Result<bool> {
    let view = View::new(before, after, work)?;
    let mut place = Place::Everybody(String::new());
    loop {
        let seen = view.next(scope, &mut place, page).await?;
        let is_last = seen.len() < page;
        for one in seen {
            let fails = !one.problems.is_empty() && !one.misfit;
            plan.looked_at += 1;
            plan.dropped += one.lost;
            plan.failing += u64::from(fails);
            plan.affected += u64::from(fails || one.lost > 0);
            if fails {
                let room = MAX_FAILING.saturating_sub(plan.samples.len());
                let entity = &one.entity.state.identifier;
                plan.samples.extend(one.problems.into_iter().take(room).map(|problem| Failing {
                    entity: entity.clone(),
                    path: problem.path,
                    rule: problem.code,
                    message: problem.message,
                }));
            }
        }
        if is_last || Instant::now() >= until {
            return Ok(is_last);
        }
    }
}
