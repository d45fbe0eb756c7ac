//! Binding the computed properties of all blueprints: first their ways, then their types, then their filters.

use std::collections::HashMap;

use super::computed::{self, ComputedModel, Formula, Hop, OWNER, Watch, Watched};
use super::{BlueprintModel, CatalogModel, PropertyModel};
use crate::computed::{Aggregation, ComputedKind, Ownership};
use crate::filter::Direction;
use crate::property::StringFormat;
use crate::{
    BlueprintNo, Code, ComputedProperty, Field, Filter, Meta, Pointer, Problems, Property, PropertyNo,
    ValueType,
};

/// A computed property on its way into the model.
struct Draft {
    holder: usize,
    identifier: String,
    hops: Vec<Hop>,
    end: BlueprintNo,
    /// The last segment of a mirror's path.
    last: Option<String>,
    value_type: Option<ValueType>,
}

/// Adds computed properties to the blueprints, without the filters and functions of aggregations.
pub(super) fn add_computed(blueprints: &mut [BlueprintModel], problems: &mut Problems) {
    let mut drafts = Vec::new();
    for holder in 0..blueprints.len() {
        draft_all(blueprints, holder, &mut drafts, problems);
    }
    let index: HashMap<(BlueprintNo, String), usize> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| ((blueprints[draft.holder].no(), draft.identifier.clone()), at))
        .collect();
    for at in 0..drafts.len() {
        resolve_type(blueprints, &mut drafts, &index, at, &mut Vec::new(), problems);
    }
    for draft in drafts {
        let Some(value_type) = draft.value_type.clone() else { continue };
        let computed = make(&blueprints[draft.holder], &draft, value_type);
        blueprints[draft.holder].computed.push(computed);
    }
    // Mirrors look at a field of another blueprint, which may be computed too: all have their numbers by now.
    let fields: Vec<Vec<Option<Field>>> = blueprints
        .iter()
        .map(|holder| holder.computed.iter().map(|one| mirrored(blueprints, holder, one)).collect())
        .collect();
    for (holder, fields) in blueprints.iter_mut().zip(fields) {
        for (computed, field) in holder.computed.iter_mut().zip(fields) {
            let (Formula::Mirror { field: stored, hops, .. }, Some(field)) = (&mut computed.formula, field)
            else {
                continue;
            };
            *stored = field;
            computed.watches = vec![Watch { hops: hops.clone(), fields: Watched::These(vec![field]) }];
        }
        holder.computed_index = holder
            .computed
            .iter()
            .enumerate()
            .map(|(at, one)| (one.property.property.identifier.clone(), at))
            .collect();
    }
}

/// Binds the filters and functions of aggregations, for which the rest of the model has to be there.
pub(super) fn bind_aggregations(model: &mut CatalogModel, problems: &mut Problems) {
    let mut bound = Vec::new();
    for (at, holder) in model.blueprints.iter().enumerate() {
        for (index, computed) in holder.computed.iter().enumerate() {
            let identifier = &computed.property.property.identifier;
            let definition = holder.blueprint().computed.get(identifier);
            let Some(ComputedKind::Aggregation(aggregation)) = definition.map(|found| &found.kind) else {
                continue;
            };
            let Formula::Aggregation { hops, .. } = &computed.formula else { continue };
            let path = Pointer::root()
                .key(holder.identifier())
                .join(&definition.map(ComputedProperty::path).unwrap_or_default());
            if let Some((formula, watches)) = aggregate(model, aggregation, hops, &path, problems) {
                bound.push((at, index, formula, watches));
            }
        }
    }
    for (at, index, formula, watches) in bound {
        // Nobody else holds the blueprint yet.
        if let Some(holder) = std::sync::Arc::get_mut(&mut model.blueprints[at]) {
            holder.computed[index].formula = formula;
            holder.computed[index].watches = watches;
        }
    }
}

fn aggregate(
    model: &CatalogModel,
    aggregation: &Aggregation,
    hops: &[Hop],
    path: &Pointer,
    problems: &mut Problems,
) -> Option<(Formula, Vec<Watch>)> {
    let target = model.get(&aggregation.target)?;
    let function = computed::function(target, &aggregation.function, path, problems)?;
    let filter = match &aggregation.query {
        None => Filter::always(),
        Some(group) => match group.resolve_kept(model, target) {
            Ok(filter) => filter,
            Err(found) => {
                problems.extend(found.into_iter().map(|problem| problem.under(&path_prefix(path))));
                return None;
            }
        },
    };
    let mut fields: Vec<Field> = Vec::new();
    match function {
        computed::Function::Count => {}
        computed::Function::Rate { property, measure, .. } => {
            fields.extend(property.map(Field::Property));
            fields.push(measure);
        }
        computed::Function::Sum(no)
        | computed::Function::Minimum(no)
        | computed::Function::Maximum(no)
        | computed::Function::Median(no)
        | computed::Function::Mean(no) => fields.push(Field::Property(no)),
    }
    let mut watches = vec![Watch { hops: hops.to_vec(), fields: Watched::These(fields) }];
    computed::watch_filter(model, hops, &filter, &mut watches);
    Some((Formula::Aggregation { hops: hops.to_vec(), filter, function }, watches))
}

/// The blueprint's part of a path: the rules' own paths begin in the definition.
fn path_prefix(path: &Pointer) -> Pointer {
    let first = path.as_str().split('/').nth(1).unwrap_or_default();
    Pointer::from_text(format!("/{first}"))
}

fn draft_all(blueprints: &[BlueprintModel], at: usize, drafts: &mut Vec<Draft>, problems: &mut Problems) {
    let holder = &blueprints[at];
    let root = Pointer::root().key(holder.identifier());
    if let Some(Ownership::Inherited { path }) = &holder.blueprint().ownership {
        let here = root.key("ownership").key("path");
        match computed::follow(blueprints, holder, path) {
            Ok((hops, end)) => drafts.push(Draft {
                holder: at,
                identifier: OWNER.to_owned(),
                hops,
                end: end.no(),
                last: Some(OWNER.to_owned()),
                value_type: None,
            }),
            Err((_, message)) => problems.add(Code::InvalidPath, here, message),
        }
    }
    for (identifier, definition) in &holder.blueprint().computed {
        let path = root.join(&definition.path());
        let found = match &definition.kind {
            ComputedKind::Mirror { path: segments } => {
                let (last, relations) = segments.split_last().unwrap_or((identifier, &[]));
                computed::follow(blueprints, holder, relations)
                    .map(|(hops, end)| (hops, end.no(), Some(last.clone()), None))
                    .map_err(|(_, message)| (Code::InvalidPath, path.key("path"), message))
            }
            ComputedKind::Calculation { value_type, .. } => {
                Ok((Vec::new(), holder.no(), None, Some(value_type.clone())))
            }
            ComputedKind::Aggregation(aggregation) => way(blueprints, holder, aggregation, &path)
                .map(|(hops, end)| (hops, end, None, Some(ValueType::Number))),
        };
        match found {
            Ok((hops, end, last, value_type)) => {
                drafts.push(Draft {
                    holder: at,
                    identifier: identifier.clone(),
                    hops,
                    end,
                    last,
                    value_type,
                });
            }
            Err((code, path, message)) => problems.add(code, path, message),
        }
    }
}

/// The way from an aggregation's blueprint to its target.
fn way(
    blueprints: &[BlueprintModel],
    holder: &BlueprintModel,
    aggregation: &Aggregation,
    path: &Pointer,
) -> Result<(Vec<Hop>, BlueprintNo), (Code, Pointer, String)> {
    let target =
        blueprints.iter().find(|other| other.identifier() == aggregation.target).ok_or_else(|| {
            let message = format!("there is no blueprint \"{}\"", aggregation.target);
            (Code::TargetBlueprintNotFound, path.key("target"), message)
        })?;
    let Some(filter) = &aggregation.path else {
        let mut routes = computed::routes(blueprints, holder.no(), target.no());
        let names = (holder.identifier(), target.identifier());
        return match routes.len() {
            0 => {
                let message = format!("no relations lead between \"{}\" and \"{}\"", names.0, names.1);
                Err((Code::InvalidPath, path.key("target"), message))
            }
            1 => Ok((routes.remove(0), target.no())),
            _ => {
                let shown: Vec<String> = routes.iter().map(|route| shown(blueprints, route)).collect();
                let message = format!(
                    "there is more than one way between \"{}\" and \"{}\"; name one in \"pathFilter\": {}",
                    names.0,
                    names.1,
                    shown.join("; ")
                );
                Err((Code::AmbiguousPath, path.key("pathFilter"), message))
            }
        };
    };
    let at = path.key("pathFilter").index(0);
    let start_name = filter.from.as_deref().unwrap_or(holder.identifier());
    let start = blueprints.iter().find(|other| other.identifier() == start_name).ok_or_else(|| {
        let message = format!("there is no blueprint \"{start_name}\"");
        (Code::TargetBlueprintNotFound, at.key("fromBlueprint"), message)
    })?;
    let (hops, end) = computed::follow(blueprints, start, &filter.relations)
        .map_err(|(index, message)| (Code::InvalidPath, at.key("path").index(index), message))?;
    // Where the two blueprints are the same one, `fromBlueprint` says that the path begins at what counts.
    let backwards = start.no() == target.no() && (filter.from.is_some() || start.no() != holder.no());
    let (first, last) = if backwards { (target, holder) } else { (holder, target) };
    if start.no() != first.no() || end.no() != last.no() {
        let message = format!(
            "the path leads from \"{}\" to \"{}\", not between \"{}\" and \"{}\"",
            start.identifier(),
            end.identifier(),
            holder.identifier(),
            target.identifier()
        );
        return Err((Code::InvalidPath, at.key("path"), message));
    }
    let hops = if backwards { computed::reversed(target.no(), &hops) } else { hops };
    Ok((hops, target.no()))
}

fn shown(blueprints: &[BlueprintModel], route: &[Hop]) -> String {
    let backwards = route.first().is_some_and(|hop| hop.direction == Direction::Backward);
    let name = |hop: &Hop| {
        let found = blueprints.iter().find_map(|holder| Some((holder, holder.relation_by_no(hop.relation)?)));
        found.map_or_else(String::new, |(holder, relation)| {
            format!("{}.{}", holder.identifier(), relation.relation.identifier)
        })
    };
    let mut names: Vec<String> = route.iter().map(name).collect();
    if backwards {
        names.reverse();
    }
    names.join(", ")
}

/// The type of a mirror is that of what it shows, which may be a mirror again.
fn resolve_type(
    blueprints: &[BlueprintModel],
    drafts: &mut [Draft],
    index: &HashMap<(BlueprintNo, String), usize>,
    at: usize,
    inside: &mut Vec<usize>,
    problems: &mut Problems,
) -> Option<ValueType> {
    if let Some(value_type) = &drafts[at].value_type {
        return Some(value_type.clone());
    }
    let holder = &blueprints[drafts[at].holder];
    let path = Pointer::root().key(holder.identifier());
    let path = match holder.blueprint().computed.get(&drafts[at].identifier) {
        Some(found) => path.join(&found.path()).key("path"),
        None => path.key("ownership").key("path"),
    };
    if inside.contains(&at) {
        let name = format!("{}.{}", holder.identifier(), drafts[at].identifier);
        problems.add(Code::CyclicComputation, path, format!("the mirror \"{name}\" would show itself"));
        return None;
    }
    let end = blueprints.iter().find(|other| other.no() == drafts[at].end)?;
    let last = drafts[at].last.clone()?;
    let shown = if let Some(meta) = Meta::parse(&last) {
        Some(meta_type(meta))
    } else if let Some(property) = end.property(&last) {
        Some(property.property.value_type.clone())
    } else if let Some(next) = index.get(&(end.no(), last.clone())).copied() {
        inside.push(at);
        let found = resolve_type(blueprints, drafts, index, next, inside, problems);
        inside.pop();
        found
    } else {
        let message = format!("the blueprint \"{}\" has no property \"{last}\"", end.identifier());
        problems.add(Code::UnknownProperty, path, message);
        None
    }?;
    let many = drafts[at].hops.iter().any(|hop| hop.many);
    let value_type = match shown {
        list @ ValueType::Array(_) => list,
        one if many => ValueType::Array(Some(Box::new(one))),
        one => one,
    };
    drafts[at].value_type = Some(value_type.clone());
    Some(value_type)
}

fn meta_type(meta: Meta) -> ValueType {
    match meta {
        Meta::Team => ValueType::Array(Some(Box::new(ValueType::String(None)))),
        meta if meta.is_instant() => ValueType::String(Some(StringFormat::DateTime)),
        _ => ValueType::String(None),
    }
}

/// What a mirror shows.
fn mirrored(
    blueprints: &[BlueprintModel],
    holder: &BlueprintModel,
    computed: &ComputedModel,
) -> Option<Field> {
    let Formula::Mirror { hops, .. } = &computed.formula else { return None };
    if computed.is_owner {
        return Some(Field::Meta(Meta::Team));
    }
    let definition = holder.blueprint().computed.get(&computed.property.property.identifier)?;
    let ComputedKind::Mirror { path } = &definition.kind else { return None };
    let last = path.last()?;
    let end = hops.last().map_or(holder.no(), |hop| hop.to);
    let end = blueprints.iter().find(|other| other.no() == end)?;
    let computed =
        || end.computed.iter().find(|one| one.property.property.identifier == *last).map(ComputedModel::no);
    Meta::parse(last)
        .map(Field::Meta)
        .or_else(|| end.property(last).map(|found| Field::Property(found.no)))
        .or_else(|| computed().map(Field::Property))
}

fn make(holder: &BlueprintModel, draft: &Draft, value_type: ValueType) -> ComputedModel {
    let definition = holder.blueprint().computed.get(&draft.identifier);
    let no = holder.stored.numbers.properties.get(&draft.identifier).copied().unwrap_or(PropertyNo(0));
    let field = holder.names().fields.get(&draft.identifier).cloned();
    let is_owner = draft.identifier == OWNER;
    let list = value_type.is_list();
    let hops = draft.hops.clone();
    let (formula, watches, enumeration) = match definition.map(|found| &found.kind) {
        None | Some(ComputedKind::Mirror { .. }) => {
            (Formula::Mirror { hops, field: Field::Meta(Meta::Team), list }, Vec::new(), None)
        }
        Some(ComputedKind::Calculation { expression, enumeration, .. }) => {
            // It may show identifiers of related entities, which change without a change of this one.
            let related = holder.relations.iter().map(|relation| Watch {
                hops: vec![Hop {
                    relation: relation.no,
                    direction: Direction::Forward,
                    to: relation.target,
                    many: relation.relation.many,
                }],
                fields: Watched::These(vec![Field::Meta(Meta::Identifier)]),
            });
            let own = Watch { hops: Vec::new(), fields: Watched::Any };
            let watches = std::iter::once(own).chain(related).collect();
            (Formula::Calculation { expression: expression.clone() }, watches, enumeration.clone())
        }
        Some(ComputedKind::Aggregation(_)) => {
            let function = computed::Function::Count;
            (Formula::Aggregation { hops, filter: Filter::always(), function }, Vec::new(), None)
        }
    };
    let property = Property {
        identifier: draft.identifier.clone(),
        title: definition.and_then(|found| found.title.clone()),
        description: definition.and_then(|found| found.description.clone()),
        value_type,
        enumeration,
        default: None,
        indexed: true,
        definition: definition.map(|found| found.definition.clone()).unwrap_or_default(),
    };
    let property = PropertyModel {
        no,
        property,
        required: false,
        field: field.unwrap_or_else(|| draft.identifier.clone()),
    };
    ComputedModel { property, formula, watches, is_owner }
}
