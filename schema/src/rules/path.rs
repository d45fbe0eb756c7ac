//! Rules on what relations lead to: along a named path (`matchAny`), or along any (`relatedTo`).

use std::collections::HashSet;

use serde_json::Value;

use super::resolve::identified;
use super::{Binding, Rule, Unknown};
use crate::filter::{Direction, Quantifier};
use crate::{BlueprintModel, BlueprintNo, Code, Filter, Pointer, Problem, RelationNo};

/// Most hops of `maxHops` (port-api.md 2.5), and most relations of a path, which is a bound of ours.
pub const MAX_HOPS: u32 = 15;

/// Relations, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    steps: Vec<Step>,
    /// The blueprint that the path begins at, where it is not the one that is asked for: then it ends at that.
    from: Option<String>,
    path: Pointer,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    relation: String,
    /// The relation is followed up to so many times.
    most: Option<u32>,
}

/// What any relations lead to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Related {
    blueprint: String,
    /// Forward: what depends on the entities of `value`. None is either way.
    direction: Option<Direction>,
    /// Only relations that are required, or only those that are not.
    required: Option<bool>,
    path: Pointer,
}

impl Path {
    pub(super) fn read(value: &Value, path: &Pointer) -> Result<Self, Problem> {
        let at = path.key("path");
        let items = match value.get("path") {
            Some(Value::Array(items)) if !items.is_empty() => items,
            _ => return Err(Problem::new(Code::Required, at, "\"path\" is a list of relation identifiers")),
        };
        if items.len() > MAX_HOPS as usize {
            let what = "the relations of the path are too many";
            return Err(Problem::over(Code::TooManyItems, at, what, MAX_HOPS as usize, items.len()));
        }
        let mut steps: Vec<Step> = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let at = at.index(index);
            let step = Step::read(item, &at)?;
            if step.most.is_some() && steps.iter().any(|before| before.most.is_some()) {
                let message = "\"maxHops\" can be given once in a path";
                return Err(Problem::new(Code::InvalidPath, at.key("maxHops"), message));
            }
            steps.push(step);
        }
        let from = match value.get("fromBlueprint") {
            None | Some(Value::Null) => None,
            Some(Value::String(from)) => Some(from.clone()),
            Some(_) => {
                let message = "\"fromBlueprint\" is a blueprint identifier";
                return Err(Problem::new(Code::WrongType, path.key("fromBlueprint"), message));
            }
        };
        Ok(Self { steps, from, path: path.clone() })
    }
}

impl Step {
    fn read(item: &Value, path: &Pointer) -> Result<Self, Problem> {
        let name = item.as_str().or_else(|| item.get("relation").and_then(Value::as_str));
        let Some(relation) = name.map(str::to_owned) else {
            let message = "a step is a relation's identifier, or {\"relation\", \"maxHops\"}";
            return Err(Problem::new(Code::WrongType, path.clone(), message));
        };
        let most = match item.get("maxHops") {
            None | Some(Value::Null) => None,
            Some(value) => {
                let most = value.as_u64().and_then(|most| u32::try_from(most).ok());
                let most = most.filter(|most| (1..=MAX_HOPS).contains(most)).ok_or_else(|| {
                    let message = format!("\"maxHops\" is a number from 1 to {MAX_HOPS}");
                    Problem::new(Code::InvalidValue, path.key("maxHops"), message)
                })?;
                Some(most)
            }
        };
        Ok(Self { relation, most })
    }
}

impl Related {
    pub(super) fn read(rule: &Value, path: &Pointer) -> Result<Self, Problem> {
        let blueprint = match rule.get("blueprint") {
            Some(Value::String(blueprint)) => blueprint.clone(),
            other => {
                let code = if other.is_none() { Code::Required } else { Code::WrongType };
                let message = "\"relatedTo\" names the \"blueprint\" of the entities in \"value\"";
                return Err(Problem::new(code, path.key("blueprint"), message));
            }
        };
        let direction = match rule.get("direction") {
            None | Some(Value::Null) => None,
            Some(value) => match value.as_str() {
                Some("upstream") => Some(Direction::Backward),
                Some("downstream") => Some(Direction::Forward),
                _ => {
                    let message = "\"direction\" is \"upstream\" or \"downstream\"";
                    return Err(Problem::new(Code::InvalidValue, path.key("direction"), message));
                }
            },
        };
        let required = match rule.get("required") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(required)) => Some(*required),
            Some(_) => {
                let message = "\"required\" is true or false";
                return Err(Problem::new(Code::WrongType, path.key("required"), message));
            }
        };
        Ok(Self { blueprint, direction, required, path: path.clone() })
    }
}

/// A step whose relation has been found.
struct Hop {
    relation: RelationNo,
    most: Option<u32>,
    /// The blueprint that it begins at.
    at: BlueprintNo,
    to: BlueprintNo,
}

pub(super) fn path_rule(rule: &Rule, way: &Path, binding: Binding<'_>) -> Result<Filter, Problem> {
    let identifiers = rule.one_or_more()?;
    let blueprint = binding.blueprint;
    let start = match &way.from {
        None => blueprint,
        Some(from) => find(binding, from, &way.path.key("fromBlueprint"))?,
    };
    let hops = match follow(start, way, binding) {
        Ok(hops) => hops,
        Err(problem)
            if problem.code == Code::UnknownProperty && binding.unknown == Unknown::TreatAsAbsent =>
        {
            return Ok(Filter::never());
        }
        Err(problem) => return Err(problem),
    };
    let end = hops.last().map_or(start.no(), |hop| hop.to);
    if way.from.is_none() {
        return Ok(forwards(&hops, identifiers));
    }
    if end == blueprint.no() {
        return Ok(backwards(&hops, identifiers));
    }
    match binding.unknown {
        Unknown::TreatAsAbsent => Ok(Filter::never()),
        Unknown::Refuse => {
            let message = format!("the path does not lead to the blueprint \"{}\"", blueprint.identifier());
            Err(Problem::new(Code::InvalidPath, way.path.key("path"), message))
        }
    }
}

fn follow(start: &BlueprintModel, way: &Path, binding: Binding<'_>) -> Result<Vec<Hop>, Problem> {
    let mut at = start;
    let mut hops = Vec::with_capacity(way.steps.len());
    for (index, step) in way.steps.iter().enumerate() {
        let path = way.path.key("path").index(index);
        let unknown = || {
            let message =
                format!("the blueprint \"{}\" has no relation \"{}\"", at.identifier(), step.relation);
            Problem::new(Code::UnknownProperty, path.clone(), message)
        };
        let relation = at.relation(&step.relation).ok_or_else(unknown)?;
        if step.most.is_some() {
            if relation.target != at.no() {
                let message = "\"maxHops\" is for relations of a blueprint to itself";
                return Err(Problem::new(Code::InvalidPath, path.key("maxHops"), message));
            }
            if binding.kept {
                let message = "the rules of an aggregation follow a relation a fixed number of times";
                return Err(Problem::new(Code::NotSupported, path.key("maxHops"), message));
            }
        }
        let to = binding.model.by_no(relation.target).ok_or_else(unknown)?;
        hops.push(Hop { relation: relation.no, most: step.most, at: at.no(), to: to.no() });
        at = to;
    }
    Ok(hops)
}

/// Entities from which the hops lead to one of these identifiers.
fn forwards(hops: &[Hop], identifiers: Vec<String>) -> Filter {
    let mut filter: Option<Filter> = None;
    for (index, hop) in hops.iter().enumerate().rev() {
        let further = match filter.take() {
            // What is waited for counts by its name, as in other rules on relations.
            None if hop.most.is_none() => {
                let identifiers = identifiers.clone();
                filter = Some(Filter::RelatedIdentifiers { relation: hop.relation, identifiers });
                continue;
            }
            None => identified(identifiers.clone()),
            Some(further) => further,
        };
        filter = Some(step(hop, Direction::Forward, index, further));
    }
    filter.unwrap_or_else(Filter::never)
}

/// Entities to which the hops lead from one of these identifiers.
fn backwards(hops: &[Hop], identifiers: Vec<String>) -> Filter {
    let steps = hops.iter().enumerate();
    steps.fold(identified(identifiers), |before, (index, hop)| step(hop, Direction::Backward, index, before))
}

/// One step more. A relation that is followed up to so many times may also not be followed at all where the path has led
/// somewhere before.
fn step(hop: &Hop, direction: Direction, index: usize, further: Filter) -> Filter {
    let Some(most) = hop.most else {
        let (relation, quantifier, filter) = (hop.relation, Quantifier::Some, Box::new(further));
        return Filter::Related { relation, direction, quantifier, filter };
    };
    let chain = Filter::Chain {
        relations: Some(vec![hop.relation]),
        direction,
        most: Some(most),
        blueprint: hop.at,
        filter: Box::new(further.clone()),
    };
    if index == 0 { chain } else { Filter::Any(vec![further, chain]) }
}

pub(super) fn related_rule(rule: &Rule, related: &Related, binding: Binding<'_>) -> Result<Filter, Problem> {
    if binding.kept {
        let message = "the rules of an aggregation follow named relations, not any";
        return Err(Problem::new(Code::NotSupported, related.path.key("operator"), message));
    }
    let identifiers = rule.one_or_more()?;
    let start = find(binding, &related.blueprint, &related.path.key("blueprint"))?;
    let relations = related.required.map(|required| {
        let all = binding.model.blueprints().iter().flat_map(|holder| &holder.relations);
        all.filter(|one| one.relation.required == required).map(|one| one.no).collect::<Vec<_>>()
    });
    let ways = match related.direction {
        Some(direction) => vec![direction],
        None => vec![Direction::Forward, Direction::Backward],
    };
    let mut parts = Vec::new();
    for direction in ways {
        if leads(binding, direction, start.no(), relations.as_deref()) {
            parts.push(Filter::Chain {
                relations: relations.clone(),
                direction,
                most: None,
                blueprint: start.no(),
                filter: Box::new(identified(identifiers.clone())),
            });
        }
    }
    Ok(Filter::Any(parts))
}

/// Whether relations may lead from the blueprint that is asked for to `end` at all.
fn leads(
    binding: Binding<'_>,
    direction: Direction,
    end: BlueprintNo,
    relations: Option<&[RelationNo]>,
) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = vec![binding.blueprint.no()];
    while let Some(here) = waiting.pop().and_then(|no| binding.model.by_no(no)) {
        let forward = here.relations.iter().map(|one| (one.no, one.target));
        let backward = here.inverses.iter().map(|one| (one.relation, one.source));
        let next: Vec<_> = match direction {
            Direction::Forward => forward.collect(),
            Direction::Backward => backward.collect(),
        };
        for (relation, other) in next {
            if relations.is_none_or(|these| these.contains(&relation)) && seen.insert(other) {
                if other == end {
                    return true;
                }
                waiting.push(other);
            }
        }
    }
    false
}

fn find<'a>(binding: Binding<'a>, identifier: &str, path: &Pointer) -> Result<&'a BlueprintModel, Problem> {
    let found = binding.model.get(identifier).map(AsRef::as_ref);
    found.ok_or_else(|| {
        let message = format!("there is no blueprint \"{identifier}\"");
        Problem::new(Code::TargetBlueprintNotFound, path.clone(), message)
    })
}
