//! Binding rules to a blueprint.

use serde_json::Value;

use super::condition::{Slot, condition};
use super::operator::Operator;
use super::subject::Subject;
use super::{Binding, Group, Node, Rule, Unknown, path, shape};
use crate::filter::{Direction, Quantifier};
use crate::model::RelationModel;
use crate::{BlueprintModel, CatalogModel, Code, Field, Filter, Meta, Problem, Problems};

impl Group {
    /// Binds the rules to a blueprint. What depends on the time and on who asks is still open in the filter.
    ///
    /// # Errors
    /// All problems: unknown properties, operators that do not fit the property, operands of the wrong type.
    pub fn resolve(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        unknown: Unknown,
    ) -> Result<Filter, Problems> {
        self.bound(Binding { model, blueprint, unknown, kept: false })
    }

    /// Binds rules that are kept with a blueprint: values follow from them, and change as entities and the clock do.
    ///
    /// # Errors
    /// As [`Group::resolve`], and `NOT_SUPPORTED` for rules that refer to who asks or follow relations any number of times.
    pub fn resolve_kept(&self, model: &CatalogModel, blueprint: &BlueprintModel) -> Result<Filter, Problems> {
        self.bound(Binding { model, blueprint, unknown: Unknown::Refuse, kept: true })
    }

    fn bound(&self, binding: Binding<'_>) -> Result<Filter, Problems> {
        let mut problems = Problems::default();
        let filter = group(self, binding, &mut problems);
        problems.into_result(filter)
    }
}

fn group(group_: &Group, binding: Binding<'_>, problems: &mut Problems) -> Filter {
    if group_.rules.is_empty() {
        return Filter::always();
    }
    let mut parts = Vec::with_capacity(group_.rules.len());
    for node in &group_.rules {
        match node {
            Node::Group(inner) => parts.push(group(inner, binding, problems)),
            Node::Rule(found) => match rule(found, binding) {
                Ok(filter) => parts.push(if found.negated { filter.negate() } else { filter }),
                Err(problem) => problems.0.push(problem),
            },
        }
    }
    if group_.all { Filter::All(parts) } else { Filter::Any(parts) }
}

/// The filter of the rule's operator, not negated.
fn rule(rule: &Rule, binding: Binding<'_>) -> Result<Filter, Problem> {
    if rule.is_contextual() { super::caller::open(rule, binding) } else { given(rule, binding) }
}

/// The filter of a rule that refers to nobody.
pub(super) fn given(rule: &Rule, binding: Binding<'_>) -> Result<Filter, Problem> {
    match &rule.subject {
        Subject::Property(name) => property_rule(rule, name, binding),
        Subject::Relation { name, end } => match binding.blueprint.relation(name) {
            Some(relation) => relation_rule(rule, relation, *end),
            None => absent(rule, binding, name, "relation"),
        },
        Subject::Shape(shape) => shape::rule(rule, shape, binding),
        Subject::Path(way) => path::path_rule(rule, way, binding),
        Subject::Related(related) => path::related_rule(rule, related, binding),
        Subject::Context(context) => {
            let message = "a value of who asks can only be compared where somebody asks";
            Err(Problem::new(Code::NotSupported, context.path.clone(), message))
        }
    }
}

fn property_rule(rule: &Rule, name: &str, binding: Binding<'_>) -> Result<Filter, Problem> {
    let blueprint = binding.blueprint;
    match Meta::parse(name) {
        Some(Meta::Blueprint) => return blueprint_rule(rule, blueprint.identifier()),
        Some(meta) => return condition(rule, Slot::meta(meta)),
        None => {}
    }
    if let Some(property) = blueprint.property(name) {
        return condition(rule, Slot::property(property));
    }
    match blueprint.relation(name) {
        Some(relation) => relation_rule(rule, relation, None),
        None => absent(rule, binding, name, "property"),
    }
}

/// The blueprint does not have what the rule is about. An absent value equals nothing and is empty.
fn absent(rule: &Rule, binding: Binding<'_>, name: &str, kind: &str) -> Result<Filter, Problem> {
    match binding.unknown {
        Unknown::TreatAsAbsent if rule.operator == Operator::IsEmpty || rule.is_equal_null() => {
            Ok(Filter::always())
        }
        Unknown::TreatAsAbsent => Ok(Filter::never()),
        Unknown::Refuse => {
            let message =
                format!("the blueprint \"{}\" has no {kind} \"{name}\"", binding.blueprint.identifier());
            Err(Problem::new(Code::UnknownProperty, rule.path.key(kind), message))
        }
    }
}

/// A blueprint's own identifier is known, so the rule is decided here.
fn blueprint_rule(rule: &Rule, identifier: &str) -> Result<Filter, Problem> {
    let fold = |text: &str| text.to_lowercase();
    let holds = match rule.operator {
        Operator::IsEmpty => false,
        Operator::In | Operator::ContainsAny => rule.strings()?.iter().any(|text| text == identifier),
        Operator::Equal => rule.value.as_str() == Some(identifier),
        Operator::Contains => fold(identifier).contains(&fold(&rule.string()?)),
        Operator::BeginsWith => fold(identifier).starts_with(&fold(&rule.string()?)),
        Operator::EndsWith => fold(identifier).ends_with(&fold(&rule.string()?)),
        _ => return Err(rule.misfit("a blueprint")),
    };
    Ok(if holds { Filter::always() } else { Filter::never() })
}

/// A rule on what a relation points at: its identifier, or its title.
fn relation_rule(rule: &Rule, relation: &RelationModel, end: Option<Meta>) -> Result<Filter, Problem> {
    let related = |filter: Filter| Filter::Related {
        relation: relation.no,
        direction: Direction::Forward,
        quantifier: Quantifier::Some,
        filter: Box::new(filter),
    };
    let by_identifiers = |identifiers| Filter::RelatedIdentifiers { relation: relation.no, identifiers };
    let of_end = |end| -> Result<Filter, Problem> {
        let condition = condition(rule, Slot::meta(end))?;
        Ok(match condition {
            // What points nowhere has no title.
            Filter::IsEmpty { .. } | Filter::IsNull { .. } => related(condition.negate()).negate(),
            condition => related(condition),
        })
    };
    if end == Some(Meta::Title) {
        return of_end(Meta::Title);
    }
    match (rule.operator, &rule.value) {
        (Operator::IsEmpty, _) | (Operator::Equal, Value::Null) => Ok(related(Filter::always()).negate()),
        (Operator::Equal, _) => Ok(by_identifiers(vec![rule.string()?])),
        (Operator::In | Operator::ContainsAny, _) => Ok(by_identifiers(rule.strings()?)),
        (_, _) if end == Some(Meta::Identifier) => of_end(Meta::Identifier),
        (Operator::Contains, Value::String(one)) if relation.relation.many => {
            Ok(by_identifiers(vec![one.clone()]))
        }
        (Operator::Contains, Value::Array(_)) if relation.relation.many => {
            let all = rule.strings()?.into_iter().map(|one| by_identifiers(vec![one]));
            Ok(Filter::All(all.collect()))
        }
        _ => Err(rule.misfit("a relation")),
    }
}

/// The entities of these identifiers.
pub(super) fn identified(identifiers: Vec<String>) -> Filter {
    let values = identifiers.into_iter().map(crate::Scalar::Text).collect();
    Filter::In { field: Field::Meta(Meta::Identifier), values }
}
