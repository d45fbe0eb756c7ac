//! One pass: a part of the log, and a part of what has to be filled in, computed and stored.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use portolan_foundation::jq::JqPool;
use portolan_schema::model::computed::{ComputedModel, Formula, Function, Watched};
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Code, Error, Field, Instant, Meta, PropertyNo, Result,
};
use portolan_store::computed::{ComputedChange, ComputedValues};
use portolan_store::consumer::Place;
use portolan_store::{Store, TenantId, TenantScope};

use super::NAME;
use super::dirty::{Dirty, Wanted, follow, from_log};
use super::evaluate::Evaluation;
use super::fill::Formulas;
use crate::measured;
use crate::model::Models;

/// Changes of the log that one pass takes.
pub(super) const ENTRIES: usize = 1_000;
/// Entities that one property is computed for at a time.
const PART: usize = 1_000;

/// What a pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Everything is up to date; `true` where some of it follows the clock.
    UpToDate { follows_clock: bool },
    /// There is more to do.
    More,
}

/// An entity whose computed values are looked at.
struct Row {
    blueprint: BlueprintNo,
    before: ComputedValues,
    rewritten: Vec<PropertyNo>,
}

/// Where a pass reads from.
pub(super) enum Reading<'s> {
    /// A snapshot of its own.
    Own(TenantScope),
    /// The transaction of a write that nobody keeps.
    Lent(&'s TenantScope),
}

impl Deref for Reading<'_> {
    type Target = TenantScope;

    fn deref(&self) -> &TenantScope {
        match self {
            Self::Own(scope) => scope,
            Self::Lent(scope) => scope,
        }
    }
}

/// What becomes of values that have to be stored before others can be computed.
pub(super) enum Keeping<'a> {
    /// They are kept, in a transaction of their own.
    Kept { store: &'a Store, tenant: TenantId, place: Place },
    /// They are written to the transaction that is read from, which is rolled back.
    Foreseen,
}

pub(super) struct Pass<'a> {
    keeping: Keeping<'a>,
    jq: Option<&'a JqPool>,
    now: Instant,
    model: Arc<CatalogModel>,
    wanted: Wanted,
    rows: HashMap<i64, Row>,
    /// The values as they are to be.
    fresh: HashMap<i64, ComputedValues>,
}

/// Runs one pass for a tenant.
pub(super) async fn run(
    store: &Store,
    models: &Models,
    jq: Option<&JqPool>,
    tenant: TenantId,
    now: Instant,
) -> Result<Progress> {
    let scope = store.read(tenant).await?;
    let head = scope.head().await?;
    let model = models.get(&scope, head.model_revision).await?;
    let place = scope.consumer(NAME).await?;
    let mut formulas = Formulas::load(&scope, &model, now).await?;
    // Where nothing is computed, nothing follows from the log.
    let entries = match model.computed_order() {
        [] => Vec::new(),
        _ => scope.log_after(&model, place.seq, ENTRIES).await?,
    };
    let seq = match entries.last() {
        Some(last) if entries.len() == ENTRIES => last.seq,
        _ => head.seq,
    };
    let next = Place { seq, model_revision: head.model_revision };
    let mut dirty = from_log(&scope, &model, &entries, &Wanted::All).await?;
    let parts = formulas.next_parts(&scope, &mut dirty, now).await?;
    let keeping = Keeping::Kept { store, tenant, place };
    let mut pass = Pass::new(keeping, jq, now, model.clone(), Wanted::All);
    drop(pass.compute(Reading::Own(scope), &mut formulas, dirty, &parts).await?);
    if next != place || formulas.has_changes() || pass.has_changes() {
        pass.finish(&formulas, next).await?;
    }
    if let Some(oldest) = entries.first() {
        measured::lag(oldest.at);
    }
    let more = entries.len() == ENTRIES || !formulas.is_filled();
    let follows_clock =
        model.blueprints().iter().flat_map(|holder| &holder.computed).any(ComputedModel::follows_clock);
    Ok(if more { Progress::More } else { Progress::UpToDate { follows_clock } })
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        keeping: Keeping<'a>,
        jq: Option<&'a JqPool>,
        now: Instant,
        model: Arc<CatalogModel>,
        wanted: Wanted,
    ) -> Self {
        Self { keeping, jq, now, model, wanted, rows: HashMap::new(), fresh: HashMap::new() }
    }

    /// Computes everything that is dirty, in order. Answers the scope that was read from last.
    ///
    /// Where an aggregation looks at computed values, these are stored before it is computed, since it is computed in
    /// SQL. A pass that is cut off there would not see them change when it is run again, so then everything that may
    /// follow is computed, changed or not.
    pub(super) async fn compute<'s>(
        &mut self,
        mut scope: Reading<'s>,
        formulas: &mut Formulas,
        mut dirty: Dirty,
        parts: &HashMap<PropertyNo, Vec<i64>>,
    ) -> Result<Reading<'s>> {
        let model = self.model.clone();
        let in_stages = model
            .blueprints()
            .iter()
            .any(|holder| holder.computed.iter().any(|computed| rests_on_computed(&model, computed)));
        for (blueprint, no) in model.computed_order() {
            let Some(entities) = dirty.remove(no).filter(|entities| !entities.is_empty()) else { continue };
            let Some(holder) = model.by_no(*blueprint) else { continue };
            let Some(computed) = holder.computed_by_no(*no) else { continue };
            if in_stages && rests_on_computed(&model, computed) && self.has_changes() {
                scope = self.store_stage(scope).await?;
            }
            let mut entities: Vec<i64> = entities.into_iter().collect();
            entities.sort_unstable();
            let refilled: HashSet<i64> = parts.get(no).into_iter().flatten().copied().collect();
            let mut changed = Vec::new();
            for part in entities.chunks(PART) {
                changed.extend(self.compute_part(&scope, formulas, holder, computed, part, &refilled).await?);
            }
            // What is not kept is not taken up again either.
            let taken_up = in_stages && matches!(self.keeping, Keeping::Kept { .. });
            let following = if taken_up { &entities } else { &changed };
            if !following.is_empty() {
                follow(&scope, &model, *blueprint, computed, following, &self.wanted, &mut dirty).await?;
            }
        }
        Ok(scope)
    }

    /// Answers the entities whose value has changed.
    async fn compute_part(
        &mut self,
        scope: &TenantScope,
        formulas: &mut Formulas,
        holder: &BlueprintModel,
        computed: &ComputedModel,
        part: &[i64],
        refilled: &HashSet<i64>,
    ) -> Result<Vec<i64>> {
        let no = computed.no();
        let exist = scope.existing(holder.no(), part).await?;
        let part: Vec<i64> = part.iter().copied().filter(|id| exist.contains(id)).collect();
        self.load(scope, holder.no(), &part).await?;
        let mut values = HashMap::new();
        if !formulas.is_suspended(no) {
            let evaluation =
                Evaluation { scope, model: &self.model, jq: self.jq, now: self.now, fresh: &self.fresh };
            match evaluation.values(holder, computed, &part).await {
                Ok(found) => values = found,
                Err(error) if error.code() == Code::JqLimit => {
                    tracing::warn!(
                        property.no = no.0,
                        "a calculation is suspended: it was stopped too often"
                    );
                    formulas.suspend(no, holder.stored.revision, &error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        let suspended = formulas.is_suspended(no);
        let mut changed = Vec::new();
        for id in part {
            let value = match values.remove(&id) {
                Some(value) => value,
                None if suspended => Err(format!("{}: the calculation is suspended", Code::JqLimit)),
                None => continue,
            };
            let Some(fresh) = self.fresh.get_mut(&id) else { continue };
            let old = fresh.clone();
            fresh.set(no, value);
            let differs = *fresh != old;
            if differs {
                changed.push(id);
            }
            // A formula that is new here finds rows of an older one, or none where there should be some.
            if refilled.contains(&id)
                && (differs || fresh.get(no).is_some())
                && let Some(row) = self.rows.get_mut(&id)
                && !row.rewritten.contains(&no)
            {
                row.rewritten.push(no);
            }
        }
        Ok(changed)
    }

    async fn load(&mut self, scope: &TenantScope, blueprint: BlueprintNo, ids: &[i64]) -> Result<()> {
        let missing: Vec<i64> = ids.iter().copied().filter(|id| !self.rows.contains_key(id)).collect();
        let mut found = scope.computed_values(&missing).await?;
        for id in missing {
            let before = found.remove(&id).unwrap_or_default();
            self.fresh.insert(id, before.clone());
            self.rows.insert(id, Row { blueprint, before, rewritten: Vec::new() });
        }
        Ok(())
    }

    fn changed(&self) -> Vec<i64> {
        let differs = |id: &i64, row: &Row| {
            !row.rewritten.is_empty() || self.fresh.get(id).is_some_and(|fresh| *fresh != row.before)
        };
        let mut ids: Vec<i64> =
            self.rows.iter().filter(|(id, row)| differs(id, row)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    fn has_changes(&self) -> bool {
        !self.changed().is_empty()
    }

    /// Stores what is computed so far; the place in the log stays. Answers the scope to read from next.
    async fn store_stage<'s>(&mut self, scope: Reading<'s>) -> Result<Reading<'s>> {
        let scope = match self.keeping {
            Keeping::Foreseen => {
                self.write(&scope).await?;
                scope
            }
            Keeping::Kept { store, tenant, place } => {
                drop(scope);
                let writing = store.write(tenant).await?;
                self.write(&writing).await?;
                if writing.consumer(NAME).await? != place {
                    return Err(Error::unavailable("another server computes this tenant's values"));
                }
                writing.commit().await?;
                Reading::Own(store.read(tenant).await?)
            }
        };
        let fresh = &self.fresh;
        for (id, row) in &mut self.rows {
            row.before = fresh.get(id).cloned().unwrap_or_default();
            row.rewritten.clear();
        }
        Ok(scope)
    }

    /// Stores what is left and moves on in the log.
    async fn finish(&mut self, formulas: &Formulas, next: Place) -> Result<()> {
        let Keeping::Kept { store, tenant, place } = self.keeping else { return Ok(()) };
        let scope = store.write(tenant).await?;
        self.write(&scope).await?;
        formulas.save(&scope).await?;
        if !scope.move_consumer(NAME, place, next).await? {
            return Err(Error::unavailable("another server computes this tenant's values"));
        }
        scope.commit().await
    }

    /// An entity's values as they are to be, where it was looked at.
    pub(super) fn values(&self, entity: i64) -> Option<&ComputedValues> {
        self.fresh.get(&entity)
    }

    pub(super) async fn write(&self, scope: &TenantScope) -> Result<()> {
        let head = scope.lock_head().await?;
        if head.model_revision != self.model.revision() {
            return Err(Error::unavailable("the model has changed while values were computed"));
        }
        let mut by_blueprint: HashMap<BlueprintNo, Vec<i64>> = HashMap::new();
        for id in self.changed() {
            if let Some(row) = self.rows.get(&id) {
                by_blueprint.entry(row.blueprint).or_default().push(id);
            }
        }
        let mut changes = Vec::new();
        let mut seq = head.seq;
        for (blueprint, ids) in by_blueprint {
            let Some(holder) = self.model.by_no(blueprint) else { continue };
            // Whoever went away in the meantime is left out; from here on nobody does.
            let exist = scope.existing(blueprint, &ids).await?;
            for id in ids.into_iter().filter(|id| exist.contains(id)) {
                let (Some(row), Some(after)) = (self.rows.get(&id), self.fresh.get(&id)) else { continue };
                seq += 1;
                changes.push(ComputedChange {
                    blueprint: holder.as_ref(),
                    entity: id,
                    before: row.before.clone(),
                    after: after.clone(),
                    rewritten: row.rewritten.clone(),
                    seq,
                });
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        if scope.take_seq(head, changes.len()).await?.is_none() {
            return Err(Error::internal("the head moved under its lock"));
        }
        scope.write_computed(&changes, self.now.0).await
    }
}

/// Whether an aggregation looks at computed values of its target, which it reads in SQL.
fn rests_on_computed(model: &CatalogModel, computed: &ComputedModel) -> bool {
    let Formula::Aggregation { function, .. } = &computed.formula else { return false };
    let by_property =
        |no: PropertyNo| model.blueprints().iter().any(|other| other.computed_by_no(no).is_some());
    let watched = computed.watches.iter().any(|watch| {
        let end = watch.hops.last().and_then(|hop| model.by_no(hop.to));
        match &watch.fields {
            Watched::Any => true,
            Watched::These(fields) => fields.iter().any(|field| match field {
                Field::Property(no) => by_property(*no),
                Field::Meta(Meta::Team) => end.is_some_and(|end| end.owner().is_some()),
                Field::Meta(_) => false,
            }),
        }
    });
    let measured = match function {
        Function::Rate { measure: Field::Property(no), .. } => by_property(*no),
        _ => false,
    };
    watched || measured
}
