//! Binding rules to a blueprint.

use serde_json::Value;

use super::{Group, Node, Operator, Rule, Unknown};
use crate::filter::{Comparison, Direction, Quantifier, TextMatch};
use crate::model::RelationModel;
use crate::property::Column;
use crate::{
    BlueprintModel, CatalogModel, Code, Field, Filter, Instant, Meta, Pointer, Problem, Problems, Scalar,
};

impl Group {
    /// Binds the rules to a blueprint.
    ///
    /// # Errors
    /// All problems: unknown properties, operators that do not fit the property, operands of the wrong type.
    pub fn resolve(
        &self,
        _model: &CatalogModel,
        blueprint: &BlueprintModel,
        unknown: Unknown,
    ) -> Result<Filter, Problems> {
        let mut problems = Problems::default();
        let filter = group(self, blueprint, unknown, &mut problems);
        problems.into_result(filter)
    }
}

fn group(group_: &Group, blueprint: &BlueprintModel, unknown: Unknown, problems: &mut Problems) -> Filter {
    if group_.rules.is_empty() {
        return Filter::always();
    }
    let mut parts = Vec::with_capacity(group_.rules.len());
    for node in &group_.rules {
        match node {
            Node::Group(inner) => parts.push(group(inner, blueprint, unknown, problems)),
            Node::Rule(found) => match rule(found, blueprint, unknown) {
                Ok(filter) => parts.push(if found.negated { filter.negate() } else { filter }),
                Err(problem) => problems.0.push(problem),
            },
        }
    }
    if group_.all { Filter::All(parts) } else { Filter::Any(parts) }
}

/// The filter of the rule's operator, not negated.
fn rule(rule: &Rule, blueprint: &BlueprintModel, unknown: Unknown) -> Result<Filter, Problem> {
    if let Some(meta) = Meta::parse(&rule.subject) {
        if meta == Meta::Blueprint {
            return blueprint_rule(rule, blueprint.identifier());
        }
        let column = if meta.is_instant() { Column::Instant } else { Column::Text };
        return condition(rule, Field::Meta(meta), Some(column), meta == Meta::Team);
    }
    if let Some(property) = blueprint.property(&rule.subject) {
        let field = Field::Property(property.no);
        return condition(rule, field, property.property.column(), property.property.value_type.is_list());
    }
    if let Some(relation) = blueprint.relation(&rule.subject) {
        return relation_rule(rule, relation);
    }
    match unknown {
        // An absent value equals nothing and is empty.
        Unknown::TreatAsAbsent => Ok(match (rule.operator, &rule.value) {
            (Operator::IsEmpty, _) | (Operator::Equal, Value::Null) => Filter::always(),
            _ => Filter::never(),
        }),
        Unknown::Refuse => {
            let message =
                format!("the blueprint \"{}\" has no property \"{}\"", blueprint.identifier(), rule.subject);
            Err(Problem::new(Code::UnknownProperty, rule.path.key("property"), message))
        }
    }
}

/// A blueprint's own identifier is known, so the rule is decided here.
fn blueprint_rule(rule: &Rule, identifier: &str) -> Result<Filter, Problem> {
    let fold = |text: &str| text.to_lowercase();
    let holds = match rule.operator {
        Operator::IsEmpty => false,
        Operator::In | Operator::ContainsAny => strings(rule)?.iter().any(|text| text == identifier),
        Operator::Equal => rule.value.as_str() == Some(identifier),
        Operator::Contains => fold(identifier).contains(&fold(&string(rule)?)),
        Operator::BeginsWith => fold(identifier).starts_with(&fold(&string(rule)?)),
        Operator::EndsWith => fold(identifier).ends_with(&fold(&string(rule)?)),
        _ => return Err(misfit(rule, "a blueprint")),
    };
    Ok(if holds { Filter::always() } else { Filter::never() })
}

fn relation_rule(rule: &Rule, relation: &RelationModel) -> Result<Filter, Problem> {
    let exists = Filter::Related {
        relation: relation.no,
        direction: Direction::Forward,
        quantifier: Quantifier::Some,
        filter: Box::new(Filter::always()),
    };
    let identifiers = match (rule.operator, &rule.value) {
        (Operator::IsEmpty, _) | (Operator::Equal, Value::Null) => return Ok(exists.negate()),
        (Operator::Equal, _) => vec![string(rule)?],
        (Operator::Contains, Value::String(one)) if relation.relation.many => vec![one.clone()],
        (Operator::In | Operator::ContainsAny, _) => strings(rule)?,
        _ => return Err(misfit(rule, "a relation")),
    };
    Ok(Filter::RelatedIdentifiers { relation: relation.no, identifiers })
}

fn condition(rule: &Rule, field: Field, column: Option<Column>, list: bool) -> Result<Filter, Problem> {
    match (rule.operator, &rule.value) {
        (Operator::IsEmpty, _) => return Ok(Filter::IsEmpty { field }),
        (Operator::Equal, Value::Null) => return Ok(Filter::IsNull { field }),
        _ => {}
    }
    let Some(column) = column else {
        return Err(misfit(rule, "a property that is not indexed, an object or a document"));
    };
    let compare = |comparison, value: &Value, path: &Pointer| {
        Ok::<_, Problem>(Filter::Compare { field, comparison, value: scalar(value, column, path)? })
    };
    let at = rule.path.key("value");
    let ordered = |comparison| match column {
        Column::Number | Column::Instant if !list => compare(comparison, &rule.value, &at),
        _ => Err(misfit(rule, "this property")),
    };
    let text = |matching, fold| match column {
        Column::Text => Ok(Filter::Text { field, matching, value: string(rule)?, fold }),
        _ => Err(misfit(rule, "a property that is no text")),
    };
    match rule.operator {
        Operator::Equal if rule.value.is_object() => between(rule, field, column),
        Operator::Equal => compare(Comparison::Equal, &rule.value, &at),
        Operator::Less => ordered(Comparison::Less),
        Operator::LessOrEqual => ordered(Comparison::LessOrEqual),
        Operator::Greater => ordered(Comparison::Greater),
        Operator::GreaterOrEqual => ordered(Comparison::GreaterOrEqual),
        // On a list: an element of it.
        Operator::Contains if list => compare(Comparison::Equal, &rule.value, &at),
        Operator::Contains => text(TextMatch::Contains, true),
        Operator::BeginsWith => text(TextMatch::StartsWith, true),
        Operator::EndsWith => text(TextMatch::EndsWith, true),
        Operator::In | Operator::ContainsAny => {
            let values = rule
                .value
                .as_array()
                .ok_or_else(|| Problem::new(Code::WrongType, at.clone(), "the value is a list"))?;
            let values = values
                .iter()
                .enumerate()
                .map(|(index, value)| scalar(value, column, &at.index(index)))
                .collect::<Result<_, _>>()?;
            Ok(Filter::In { field, values })
        }
        Operator::Between => between(rule, field, column),
        Operator::IsEmpty => Ok(Filter::IsEmpty { field }),
    }
}

/// `{from, to}`, both included; either may be missing.
fn between(rule: &Rule, field: Field, column: Column) -> Result<Filter, Problem> {
    let at = rule.path.key("value");
    if column != Column::Instant {
        return Err(misfit(rule, "a property that is no date"));
    }
    let mut parts = Vec::new();
    for (key, comparison) in [("from", Comparison::GreaterOrEqual), ("to", Comparison::LessOrEqual)] {
        match rule.value.get(key) {
            None | Some(Value::Null) => {}
            Some(value) => {
                let value = scalar(value, column, &at.key(key))?;
                parts.push(Filter::Compare { field, comparison, value });
            }
        }
    }
    if parts.is_empty() {
        return Err(Problem::new(Code::Required, at, "a range has \"from\", \"to\" or both"));
    }
    Ok(Filter::All(parts))
}

fn scalar(value: &Value, column: Column, path: &Pointer) -> Result<Scalar, Problem> {
    let (found, wanted) = match column {
        Column::Text => (value.as_str().map(|text| Scalar::Text(text.to_owned())), "a string"),
        Column::Number => (value.as_f64().map(Scalar::Number), "a number"),
        Column::Boolean => (value.as_bool().map(Scalar::Boolean), "true or false"),
        Column::Instant => {
            (value.as_str().and_then(Instant::parse).map(Scalar::Instant), "a date and time (RFC 3339)")
        }
    };
    found.ok_or_else(|| Problem::new(Code::WrongType, path.clone(), format!("the value is {wanted}")))
}

fn string(rule: &Rule) -> Result<String, Problem> {
    let found = rule.value.as_str().map(str::to_owned);
    found.ok_or_else(|| Problem::new(Code::WrongType, rule.path.key("value"), "the value is a string"))
}

fn strings(rule: &Rule) -> Result<Vec<String>, Problem> {
    let wrong = || Problem::new(Code::WrongType, rule.path.key("value"), "the value is a list of strings");
    let items = rule.value.as_array().ok_or_else(wrong)?;
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn misfit(rule: &Rule, what: &str) -> Problem {
    Problem::new(
        Code::InvalidOperator,
        rule.path.key("operator"),
        format!("this operator does not fit {what}"),
    )
}
