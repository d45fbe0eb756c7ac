//! From changes in the log to the entities whose computed values may differ.

use std::collections::{BTreeMap, HashMap, HashSet};

use portolan_schema::filter::Direction;
use portolan_schema::model::computed::{ComputedModel, Hop, Watch, Watched};
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Field, Meta, PropertyNo, RelationNo, Result,
};
use portolan_store::TenantScope;
use portolan_store::log::LogEntry;

/// Entities to compute a property of again, by its number.
pub(crate) type Dirty = HashMap<PropertyNo, HashSet<i64>>;

/// What of an entity has changed.
struct Changed<'a> {
    entry: &'a LogEntry,
    fields: HashSet<Field>,
    /// Where relations point now and did not before, or the other way round.
    edges: HashMap<RelationNo, HashSet<i64>>,
}

impl<'a> Changed<'a> {
    fn of(model: &CatalogModel, entry: &'a LogEntry) -> Self {
        let mut changed = Self { entry, fields: HashSet::new(), edges: HashMap::new() };
        if let (Some(before), Some(after)) = (&entry.before, &entry.after) {
            let mut note = |field, differs: bool| {
                if differs {
                    changed.fields.insert(Field::Meta(field));
                }
            };
            note(Meta::Identifier, before.identifier != after.identifier);
            note(Meta::Title, before.title != after.title);
            note(Meta::Icon, before.icon != after.icon);
            note(Meta::Team, before.team != after.team);
            note(Meta::UpdatedAt, true);
            note(Meta::UpdatedBy, true);
            if let Some(blueprint) = model.by_no(entry.blueprint) {
                for property in &blueprint.properties {
                    let name = &property.property.identifier;
                    if before.properties.get(name) != after.properties.get(name) {
                        changed.fields.insert(Field::Property(property.no));
                    }
                }
            }
        }
        for (relation, target) in &entry.edge_changes {
            changed.edges.entry(*relation).or_default().insert(*target);
        }
        changed
    }

    /// Whether relations may lead to it from now on that did not before, without a change of who holds them: they waited
    /// for an entity of this name.
    fn is_found_anew(&self) -> bool {
        self.entry.before.is_none() || self.fields.contains(&Field::Meta(Meta::Identifier))
    }

    fn deleted(&self) -> bool {
        self.entry.after.is_none()
    }
}

/// Entities at one place along the hops of a watch, from which the holders are found by walking back.
type Anchors = BTreeMap<usize, HashSet<i64>>;

fn anchors(holder: BlueprintNo, watch: &Watch, changes: &[Changed<'_>]) -> Anchors {
    let mut anchors = Anchors::new();
    let blueprint_at = |place: usize| if place == 0 { holder } else { watch.hops[place - 1].to };
    for change in changes {
        let entity = change.entry.entity;
        for place in 0..=watch.hops.len() {
            if blueprint_at(place) != change.entry.blueprint || change.deleted() {
                continue;
            }
            let at_end = place == watch.hops.len();
            let differs = match &watch.fields {
                Watched::Any => true,
                Watched::These(fields) => fields.iter().any(|field| change.fields.contains(field)),
            };
            if change.is_found_anew() || (at_end && differs) {
                anchors.entry(place).or_default().insert(entity);
            }
        }
        for (place, hop) in watch.hops.iter().enumerate() {
            let Some(ends) = change.edges.get(&hop.relation) else { continue };
            let here = anchors.entry(place).or_default();
            match hop.direction {
                Direction::Forward if change.deleted() => {}
                Direction::Forward => drop(here.insert(entity)),
                Direction::Backward => here.extend(ends),
            }
        }
    }
    anchors
}

/// Which computed properties are of interest.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    All,
    These(HashSet<PropertyNo>),
}

impl Wanted {
    /// The computed properties of these blueprints, and all that they rest on.
    pub(crate) fn of(model: &CatalogModel, blueprints: &HashSet<BlueprintNo>) -> Self {
        let of = |no: &BlueprintNo| model.by_no(*no).into_iter().flat_map(|holder| &holder.computed);
        let mut wanted: HashSet<PropertyNo> = blueprints.iter().flat_map(of).map(ComputedModel::no).collect();
        // What a property rests on comes before it in the order.
        for (blueprint, no) in model.computed_order().iter().rev() {
            if !wanted.contains(no) {
                continue;
            }
            let Some(holder) = model.by_no(*blueprint) else { continue };
            let Some(computed) = holder.computed_by_no(*no) else { continue };
            for other in model.blueprints() {
                let sources = other.computed.iter();
                let sources =
                    sources.filter(|source| watching(holder, computed, other.no(), source).next().is_some());
                wanted.extend(sources.map(ComputedModel::no));
            }
        }
        Self::These(wanted)
    }

    pub(crate) fn holds(&self, no: PropertyNo) -> bool {
        match self {
            Self::All => true,
            Self::These(wanted) => wanted.contains(&no),
        }
    }
}

/// The ways by which a computed property looks at another one of the blueprint's.
fn watching<'m>(
    holder: &'m BlueprintModel,
    computed: &'m ComputedModel,
    blueprint: BlueprintNo,
    source: &ComputedModel,
) -> impl Iterator<Item = &'m Watch> {
    let field = if source.is_owner { Field::Meta(Meta::Team) } else { Field::Property(source.no()) };
    let (is_other, is_calculation) = (computed.no() != source.no(), source.is_calculation());
    computed.watches.iter().filter(move |watch| {
        let end = watch.hops.last().map_or(holder.no(), |hop| hop.to);
        let field_watched = match &watch.fields {
            // A calculation sees mirrors and aggregations of its entity, never another calculation.
            Watched::Any => !is_calculation,
            Watched::These(fields) => fields.contains(&field),
        };
        is_other && end == blueprint && field_watched
    })
}

/// Everything of interest that the changes in the log may concern.
pub(crate) async fn from_log(
    scope: &TenantScope,
    model: &CatalogModel,
    entries: &[LogEntry],
    wanted: &Wanted,
) -> Result<Dirty> {
    let changes: Vec<Changed<'_>> = entries.iter().map(|entry| Changed::of(model, entry)).collect();
    let mut dirty = Dirty::new();
    for holder in model.blueprints() {
        for computed in holder.computed.iter().filter(|computed| wanted.holds(computed.no())) {
            for watch in &computed.watches {
                for (place, found) in anchors(holder.no(), watch, &changes) {
                    let hops: &[Hop] = &watch.hops[..place];
                    let found: Vec<i64> = found.into_iter().collect();
                    let holders = scope.walk_back(hops, &found).await?;
                    dirty.entry(computed.no()).or_default().extend(holders);
                }
            }
        }
    }
    Ok(dirty)
}

/// What of interest follows from new values of one computed property.
pub(crate) async fn follow(
    scope: &TenantScope,
    model: &CatalogModel,
    blueprint: BlueprintNo,
    source: &ComputedModel,
    entities: &[i64],
    wanted: &Wanted,
    dirty: &mut Dirty,
) -> Result<()> {
    for holder in model.blueprints() {
        for computed in holder.computed.iter().filter(|computed| wanted.holds(computed.no())) {
            for watch in watching(holder, computed, blueprint, source) {
                let holders = scope.walk_back(&watch.hops, entities).await?;
                dirty.entry(computed.no()).or_default().extend(holders);
            }
        }
    }
    Ok(())
}
