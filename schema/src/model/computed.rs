//! Computed properties bound to the model: which entities they look at, what they depend on, and in which order they are
//! computed.

use std::collections::{HashMap, HashSet};

use crate::computed::{AggregationFunction, Period};
use crate::filter::Direction;
use crate::model::{BlueprintModel, CatalogModel, PropertyModel};
use crate::{BlueprintNo, Code, Field, Filter, Meta, Pointer, Problems, PropertyNo, RelationNo};

/// One step along a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hop {
    pub relation: RelationNo,
    pub direction: Direction,
    /// The blueprint it leads to.
    pub to: BlueprintNo,
    /// Whether it may lead to more than one entity.
    pub many: bool,
}

/// How the values of a computed property are made.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// The field of the entities at the end of the hops: a list where a hop may lead to many.
    Mirror { hops: Vec<Hop>, field: Field, list: bool },
    /// A jq expression on the entity.
    Calculation { expression: String },
    /// A number made of the entities at the end of the hops that match.
    Aggregation { hops: Vec<Hop>, filter: Filter, function: Function },
}

/// [`AggregationFunction`] with its properties found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    Count,
    Sum(PropertyNo),
    Minimum(PropertyNo),
    Maximum(PropertyNo),
    Median(PropertyNo),
    Mean(PropertyNo),
    /// Entities (or the sum of a property) a period, by the periods since the earliest `measure`.
    Rate {
        property: Option<PropertyNo>,
        per: Period,
        measure: Field,
    },
}

/// Fields at the end of hops whose change may change the value.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    pub hops: Vec<Hop>,
    pub fields: Watched,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    Any,
    These(Vec<Field>),
}

impl Watched {
    pub fn holds(&self, field: Field) -> bool {
        match self {
            Self::Any => true,
            Self::These(fields) => fields.contains(&field),
        }
    }
}

/// A computed property of the model.
#[derive(Debug, Clone)]
pub struct ComputedModel {
    /// As a property: its number, type and name in GraphQL.
    pub property: PropertyModel,
    pub formula: Formula,
    pub watches: Vec<Watch>,
    /// Whether its values are the entity's teams.
    pub is_owner: bool,
}

impl ComputedModel {
    pub fn no(&self) -> PropertyNo {
        self.property.no
    }

    pub fn is_calculation(&self) -> bool {
        matches!(self.formula, Formula::Calculation { .. })
    }

    /// Whether time alone changes its values.
    pub fn follows_clock(&self) -> bool {
        match &self.formula {
            Formula::Aggregation { function: Function::Rate { .. }, .. } => true,
            Formula::Aggregation { filter, .. } => filter.follows_clock(),
            Formula::Mirror { .. } | Formula::Calculation { .. } => false,
        }
    }
}

/// The key of the number under which a blueprint's inherited teams are kept.
pub const OWNER: &str = "$team";

/// Follows relations by identifier, forwards.
///
/// # Errors
/// A sentence, with the place in `path` that leads nowhere.
pub(super) fn follow<'m>(
    blueprints: &'m [BlueprintModel],
    start: &'m BlueprintModel,
    path: &[String],
) -> Result<(Vec<Hop>, &'m BlueprintModel), (usize, String)> {
    let mut at = start;
    let mut hops = Vec::with_capacity(path.len());
    for (index, name) in path.iter().enumerate() {
        let Some(relation) = at.relation(name) else {
            return Err((index, format!("the blueprint \"{}\" has no relation \"{name}\"", at.identifier())));
        };
        hops.push(Hop {
            relation: relation.no,
            direction: Direction::Forward,
            to: relation.target,
            many: relation.relation.many,
        });
        at = blueprint(blueprints, relation.target)
            .ok_or_else(|| (index, "its target does not exist".to_owned()))?;
    }
    Ok((hops, at))
}

fn blueprint(blueprints: &[BlueprintModel], no: BlueprintNo) -> Option<&BlueprintModel> {
    blueprints.iter().find(|blueprint| blueprint.no() == no)
}

/// The same way seen from its end, which is of the blueprint `start`.
pub(super) fn reversed(start: BlueprintNo, hops: &[Hop]) -> Vec<Hop> {
    let mut from = start;
    let mut back = Vec::with_capacity(hops.len());
    for hop in hops {
        let (direction, many) = match hop.direction {
            Direction::Forward => (Direction::Backward, true),
            // What is many the other way round is not known here; a list is always right.
            Direction::Backward => (Direction::Forward, true),
        };
        back.push(Hop { relation: hop.relation, direction, to: from, many });
        from = hop.to;
    }
    back.reverse();
    back
}

/// How far routes are looked for where no path is named, and how many steps that may take.
const MAX_ROUTE: usize = 5;
const MAX_STEPS: usize = 20_000;

/// Ways between two blueprints along relations, all forwards or all backwards; at most a few of them.
pub(super) fn routes(blueprints: &[BlueprintModel], from: BlueprintNo, to: BlueprintNo) -> Vec<Vec<Hop>> {
    let mut search = Search { blueprints, found: Vec::new(), steps: 0 };
    search.walk(from, to, &mut Vec::new(), &mut vec![from]);
    let mut all = std::mem::take(&mut search.found);
    search.walk(to, from, &mut Vec::new(), &mut vec![to]);
    all.extend(search.found.iter().map(|hops| reversed(to, hops)));
    all
}

struct Search<'m> {
    blueprints: &'m [BlueprintModel],
    found: Vec<Vec<Hop>>,
    steps: usize,
}

impl Search<'_> {
    fn walk(&mut self, at: BlueprintNo, to: BlueprintNo, hops: &mut Vec<Hop>, seen: &mut Vec<BlueprintNo>) {
        let Some(here) = blueprint(self.blueprints, at) else { return };
        for relation in &here.relations {
            self.steps += 1;
            if self.found.len() >= MAX_ROUTE || self.steps > MAX_STEPS {
                return;
            }
            hops.push(Hop {
                relation: relation.no,
                direction: Direction::Forward,
                to: relation.target,
                many: relation.relation.many,
            });
            if relation.target == to {
                self.found.push(hops.clone());
            } else if hops.len() < MAX_ROUTE && !seen.contains(&relation.target) {
                seen.push(relation.target);
                self.walk(relation.target, to, hops, seen);
                seen.pop();
            }
            hops.pop();
        }
    }
}

/// What a filter on entities at the end of `hops` looks at.
pub(super) fn watch_filter(model: &CatalogModel, hops: &[Hop], filter: &Filter, watches: &mut Vec<Watch>) {
    let own = |field: Field, watches: &mut Vec<Watch>| {
        watches.push(Watch { hops: hops.to_vec(), fields: Watched::These(vec![field]) });
    };
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            parts.iter().for_each(|part| watch_filter(model, hops, part, watches));
        }
        Filter::Not(inner) => watch_filter(model, hops, inner, watches),
        Filter::Compare { field, .. }
        | Filter::In { field, .. }
        | Filter::Item { field, .. }
        | Filter::Range { field, .. }
        | Filter::Text { field, .. }
        | Filter::IsNull { field }
        | Filter::IsEmpty { field } => own(*field, watches),
        Filter::Related { relation, direction, filter, .. } => {
            let Some((holder, found)) = model.relation(*relation) else { return };
            let to = if *direction == Direction::Forward { found.target } else { holder.no() };
            let mut further = hops.to_vec();
            further.push(Hop { relation: *relation, direction: *direction, to, many: true });
            watches.push(Watch { hops: further.clone(), fields: Watched::These(Vec::new()) });
            watch_filter(model, &further, filter, watches);
        }
        Filter::RelatedIdentifiers { relation, .. } => {
            let Some((_, found)) = model.relation(*relation) else { return };
            let mut further = hops.to_vec();
            let direction = Direction::Forward;
            further.push(Hop { relation: *relation, direction, to: found.target, many: true });
            let fields = Watched::These(vec![Field::Meta(Meta::Identifier)]);
            watches.push(Watch { hops: further, fields });
        }
        // Rules that are kept have none: `Group::resolve_kept` refuses them.
        Filter::Chain { .. } | Filter::Contextual(_) => {}
    }
}

/// The function of an aggregation over entities of `target`.
pub(super) fn function(
    target: &BlueprintModel,
    function: &AggregationFunction,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<Function> {
    let spec = path.key("calculationSpec");
    let mut number = |name: &str| {
        let found = target.property(name);
        let is_number = found.is_some_and(|found| {
            found.property.column() == Some(crate::property::Column::Number)
                && !found.property.value_type.is_list()
        });
        match found {
            Some(found) if is_number => return Some(found.no),
            Some(_) => {
                let message = format!("\"{name}\" is not an indexed number property");
                problems.add(Code::WrongType, spec.key("property"), message);
            }
            None => {
                let message = format!("the blueprint \"{}\" has no property \"{name}\"", target.identifier());
                problems.add(Code::UnknownProperty, spec.key("property"), message);
            }
        }
        None
    };
    let (property, per, measure) = match function {
        AggregationFunction::Count => return Some(Function::Count),
        AggregationFunction::Sum(name) => return number(name).map(Function::Sum),
        AggregationFunction::Minimum(name) => return number(name).map(Function::Minimum),
        AggregationFunction::Maximum(name) => return number(name).map(Function::Maximum),
        AggregationFunction::Median(name) => return number(name).map(Function::Median),
        AggregationFunction::Mean(name) => return number(name).map(Function::Mean),
        AggregationFunction::Rate { per, measure } => (None, *per, measure),
        AggregationFunction::SumRate { property, per, measure } => (Some(number(property)?), *per, measure),
    };
    let measure = match measure.as_deref() {
        None => Field::Meta(Meta::CreatedAt),
        Some(name) => {
            let found = Meta::parse(name).filter(|meta| meta.is_instant()).map(Field::Meta).or_else(|| {
                let found = target.property(name)?;
                let is_date = found.property.column() == Some(crate::property::Column::Instant)
                    && !found.property.value_type.is_list();
                is_date.then_some(Field::Property(found.no))
            });
            let Some(found) = found else {
                let message =
                    format!("\"{name}\" is not a date of the blueprint \"{}\"", target.identifier());
                problems.add(Code::UnknownProperty, spec.key("measureTimeBy"), message);
                return None;
            };
            found
        }
    };
    Some(Function::Rate { property, per, measure })
}

/// Which properties of its own entity an expression may read: None where that cannot be told from its text.
pub fn reads(expression: &str) -> Option<HashSet<String>> {
    let pattern = |text: &str| regex::Regex::new(text).ok();
    // Every mention of `properties` is followed by one name, in one of jq's ways to write it.
    let named = pattern(
        r#"\.properties\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\.?\s*\[\s*"([^"\\]*)"\s*\]|\.\s*"([^"\\]*)")"#,
    )?;
    let mentions = pattern(r"\bproperties\b")?;
    let found: HashSet<String> = named
        .captures_iter(expression)
        .filter_map(|captures| captures.iter().skip(1).flatten().next())
        .map(|name| name.as_str().to_owned())
        .collect();
    let count = mentions.find_iter(expression).count();
    (count > 0 && count == named.find_iter(expression).count()).then_some(found)
}

/// The order in which computed properties are computed: what one depends on comes before it.
///
/// # Errors
/// `CYCLIC_COMPUTATION`, once for each cycle, at a property in it; the message names the whole cycle.
pub(super) fn order(
    blueprints: &[std::sync::Arc<BlueprintModel>],
) -> Result<Vec<(BlueprintNo, PropertyNo)>, Problems> {
    let mut nodes: HashMap<PropertyNo, (&BlueprintModel, &ComputedModel)> = HashMap::new();
    let mut owners: HashMap<BlueprintNo, PropertyNo> = HashMap::new();
    let mut sequence = Vec::new();
    for holder in blueprints {
        for computed in &holder.computed {
            nodes.insert(computed.no(), (holder, computed));
            sequence.push(computed.no());
            if computed.is_owner {
                owners.insert(holder.no(), computed.no());
            }
        }
    }
    let mut visit = Visit {
        nodes: &nodes,
        owners: &owners,
        done: HashSet::new(),
        stack: Vec::new(),
        order: Vec::new(),
        problems: Problems::default(),
    };
    for no in sequence {
        visit.node(no);
    }
    let Visit { order, problems, .. } = visit;
    problems.into_result(order)
}

struct Visit<'m> {
    nodes: &'m HashMap<PropertyNo, (&'m BlueprintModel, &'m ComputedModel)>,
    owners: &'m HashMap<BlueprintNo, PropertyNo>,
    done: HashSet<PropertyNo>,
    stack: Vec<PropertyNo>,
    order: Vec<(BlueprintNo, PropertyNo)>,
    problems: Problems,
}

impl Visit<'_> {
    fn node(&mut self, no: PropertyNo) {
        if self.done.contains(&no) {
            return;
        }
        let Some((holder, computed)) = self.nodes.get(&no).copied() else { return };
        if let Some(at) = self.stack.iter().position(|found| *found == no) {
            let names: Vec<String> =
                self.stack[at..].iter().chain([&no]).filter_map(|no| self.name(*no)).collect();
            let message = format!("the values would follow from themselves: {}", names.join(" → "));
            let path = Pointer::root().key(holder.identifier()).join(&path_of(holder, computed));
            self.problems.add(Code::CyclicComputation, path, message);
            return;
        }
        self.stack.push(no);
        for dependency in self.dependencies(holder, computed) {
            self.node(dependency);
        }
        self.stack.pop();
        if self.done.insert(no) {
            self.order.push((holder.no(), no));
        }
    }

    fn name(&self, no: PropertyNo) -> Option<String> {
        let (holder, computed) = self.nodes.get(&no)?;
        Some(format!("{}.{}", holder.identifier(), computed.property.property.identifier))
    }

    /// Computed properties that this one looks at.
    fn dependencies(&self, holder: &BlueprintModel, computed: &ComputedModel) -> Vec<PropertyNo> {
        let mut found = Vec::new();
        if let Formula::Calculation { expression } = &computed.formula {
            let reads = reads(expression);
            found.extend(
                holder
                    .computed
                    .iter()
                    .filter(|other| !matches!(other.formula, Formula::Calculation { .. }))
                    .filter(|other| {
                        let name = &other.property.property.identifier;
                        other.is_owner || reads.as_ref().is_none_or(|reads| reads.contains(name))
                    })
                    .map(ComputedModel::no),
            );
            return found;
        }
        for watch in &computed.watches {
            let end = watch.hops.last().map_or(holder.no(), |hop| hop.to);
            let Watched::These(fields) = &watch.fields else { continue };
            for field in fields {
                match field {
                    Field::Property(no) if self.nodes.contains_key(no) => found.push(*no),
                    Field::Meta(Meta::Team) => found.extend(self.owners.get(&end)),
                    _ => {}
                }
            }
        }
        found
    }
}

fn path_of(holder: &BlueprintModel, computed: &ComputedModel) -> Pointer {
    let identifier = &computed.property.property.identifier;
    match holder.blueprint().computed.get(identifier) {
        Some(found) => found.path(),
        None => Pointer::root().key("ownership"),
    }
}
