//! Aggregations: a number made of the entities of another blueprint (port-api.md 1.7).

use serde_json::{Map, Value};

use super::{bounded, required};
use crate::rules::{self, Group};
use crate::{Code, Pointer, Problems};

/// An aggregation as its author defined it.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// Identifier of the blueprint whose entities count.
    pub target: String,
    pub function: AggregationFunction,
    /// What the target's entities must fulfil to count.
    pub query: Option<Group>,
    pub path: Option<PathFilter>,
}

/// What is made of the entities.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationFunction {
    Count,
    /// Entities a period: their number by the periods since the first of them.
    Rate {
        per: Period,
        measure: Option<String>,
    },
    Sum(String),
    Minimum(String),
    Maximum(String),
    Median(String),
    /// The mean of a property.
    Mean(String),
    /// The sum of a property by the periods since the first entity.
    SumRate {
        property: String,
        per: Period,
        measure: Option<String>,
    },
}

/// A period of `averageOf`. Months have 30 days, as everywhere in the rule language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    Hour,
    Day,
    Week,
    Month,
}

impl Period {
    /// Its length in microseconds.
    pub fn micros(self) -> i64 {
        let hours = match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 24 * 7,
            Self::Month => 24 * 30,
        };
        hours * 3_600_000_000
    }
}

/// Which relations lead from the one blueprint to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFilter {
    /// Identifiers of relations, each held by the blueprint that the one before leads to.
    pub relations: Vec<String>,
    /// The blueprint that holds the first relation: the aggregation's own where it is not named.
    pub from: Option<String>,
}

impl Aggregation {
    pub(super) fn parse(
        object: &Map<String, Value>,
        path: &Pointer,
        problems: &mut Problems,
    ) -> Option<Self> {
        match object.get("type") {
            None | Some(Value::Null) => {}
            Some(Value::String(name)) if name == "number" => {}
            Some(_) => {
                problems.add(Code::WrongType, path.key("type"), "the type of an aggregation is \"number\"");
            }
        }
        let target = required(object, "target", &path.key("target"), problems);
        let function = function(object, path, problems);
        let query = match object.get("query") {
            None | Some(Value::Null) => None,
            Some(query) => match rules::parse(query, &path.key("query")) {
                Ok(group) => Some(group),
                Err(found) => {
                    problems.extend(found);
                    None
                }
            },
        };
        let filter = path_filter(object, path, problems);
        Some(Self { target: target?, function: function?, query, path: filter })
    }

    /// The property that is aggregated, where there is one.
    pub fn property(&self) -> Option<&str> {
        match &self.function {
            AggregationFunction::Sum(name)
            | AggregationFunction::Minimum(name)
            | AggregationFunction::Maximum(name)
            | AggregationFunction::Median(name)
            | AggregationFunction::Mean(name)
            | AggregationFunction::SumRate { property: name, .. } => Some(name),
            AggregationFunction::Count | AggregationFunction::Rate { .. } => None,
        }
    }

    /// The period and the date that it is measured by, where there is one.
    pub fn rate(&self) -> Option<(Period, Option<&str>)> {
        match &self.function {
            AggregationFunction::Rate { per, measure }
            | AggregationFunction::SumRate { per, measure, .. } => Some((*per, measure.as_deref())),
            _ => None,
        }
    }
}

fn function(
    object: &Map<String, Value>,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<AggregationFunction> {
    let path = path.key("calculationSpec");
    let spec = match object.get("calculationSpec") {
        Some(Value::Object(spec)) => spec,
        other => {
            let code = if other.is_none() { Code::Required } else { Code::WrongType };
            problems.add(code, path, "an aggregation needs a \"calculationSpec\" object");
            return None;
        }
    };
    AggregationFunction::parse(spec, &path, problems)
}

impl AggregationFunction {
    /// Reads `{calculationBy, func, property, averageOf, measureTimeBy}`. None where there are problems.
    pub fn parse(spec: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<Self> {
        let func = required(spec, "func", &path.key("func"), problems)?;
        let by = required(spec, "calculationBy", &path.key("calculationBy"), problems)?;
        let property = |problems: &mut Problems| required(spec, "property", &path.key("property"), problems);
        let measure = spec.get("measureTimeBy").and_then(Value::as_str).map(str::to_owned);
        match (by.as_str(), func.as_str()) {
            ("entities", "count") => Some(Self::Count),
            ("entities", "average") => match period(spec, path, problems)? {
                Some(per) => Some(Self::Rate { per, measure }),
                None => Some(Self::Count),
            },
            ("property", "sum") => property(problems).map(Self::Sum),
            ("property", "min") => property(problems).map(Self::Minimum),
            ("property", "max") => property(problems).map(Self::Maximum),
            ("property", "median") => property(problems).map(Self::Median),
            ("property", "average") => {
                let property = property(problems);
                match period(spec, path, problems)? {
                    Some(per) => Some(Self::SumRate { property: property?, per, measure }),
                    None => property.map(Self::Mean),
                }
            }
            ("entities" | "property", _) => {
                let message = format!("\"{func}\" is not a function by {by}");
                problems.add(Code::InvalidValue, path.key("func"), message);
                None
            }
            _ => {
                let message = "\"calculationBy\" is \"entities\" or \"property\"";
                problems.add(Code::InvalidValue, path.key("calculationBy"), message);
                None
            }
        }
    }
}

/// `Some(None)` for `total`, which is no period.
#[expect(clippy::option_option, reason = "None is a problem, which is noted")]
fn period(spec: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<Option<Period>> {
    match required(spec, "averageOf", &path.key("averageOf"), problems)?.as_str() {
        "hour" => Some(Some(Period::Hour)),
        "day" => Some(Some(Period::Day)),
        "week" => Some(Some(Period::Week)),
        "month" => Some(Some(Period::Month)),
        "total" => Some(None),
        other => {
            let message = format!("\"{other}\" is not hour, day, week, month or total");
            problems.add(Code::InvalidValue, path.key("averageOf"), message);
            None
        }
    }
}

fn path_filter(object: &Map<String, Value>, path: &Pointer, problems: &mut Problems) -> Option<PathFilter> {
    let path = path.key("pathFilter");
    let entry = match object.get("pathFilter") {
        None | Some(Value::Null) => return None,
        Some(Value::Array(entries)) => match entries.as_slice() {
            [] => return None,
            [entry] => entry,
            _ => {
                problems.add(Code::TooManyItems, path, "a \"pathFilter\" has one entry");
                return None;
            }
        },
        Some(_) => {
            problems.add(Code::WrongType, path, "\"pathFilter\" is a list");
            return None;
        }
    };
    let at = path.index(0);
    let items = entry.get("path").and_then(Value::as_array).filter(|items| !items.is_empty());
    let relations: Option<Vec<String>> =
        items.and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    let Some(relations) = relations else {
        problems.add(Code::Required, at.key("path"), "\"path\" is a list of relation identifiers");
        return None;
    };
    let from = match entry.get("fromBlueprint") {
        None | Some(Value::Null) => None,
        Some(Value::String(from)) => Some(from.clone()),
        Some(_) => {
            let message = "\"fromBlueprint\" is a blueprint identifier";
            problems.add(Code::WrongType, at.key("fromBlueprint"), message);
            None
        }
    };
    bounded(relations.len(), &at.key("path"), problems).then_some(PathFilter { relations, from })
}
