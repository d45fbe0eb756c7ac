//! The rule language of `/v1` and of the platform API (port-api.md 2.5): read into an AST, then bound to a blueprint as a
//! [`Filter`].
//!
//! Text comparison: `=` respects case; `contains`, `beginsWith`, `endsWith` and their negations do not (api.md 2). Logic
//! is two-valued: an absent value equals nothing, so a negation holds for it.

mod matches;
mod resolve;
#[cfg(test)]
mod tests;
mod values;

pub use matches::{Record, Target, World, matches, text_matches};

use serde_json::Value;

use crate::{Code, Pointer, Problems};

/// Deepest nesting of groups. A bound of ours.
pub const MAX_DEPTH: usize = 32;
/// Most rules and values of one query. A bound of ours; clients send large `or` trees (port-api.md 10).
pub const MAX_RULES: usize = 10_000;

/// What to do with a property that the blueprint does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// `UNKNOWN_PROPERTY` at its path.
    Refuse,
    /// As if no entity had a value there: what a search over many blueprints needs.
    TreatAsAbsent,
}

/// A combinator with its rules; not yet bound to a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// `and`; else `or`.
    all: bool,
    rules: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Group(Group),
    Rule(Rule),
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    path: Pointer,
    /// A property, a `$meta` property or a relation.
    subject: String,
    operator: Operator,
    /// The operator's negation is meant.
    negated: bool,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    ContainsAny,
    BeginsWith,
    EndsWith,
    In,
    IsEmpty,
    Between,
}

/// Every operator of the wire format, its meaning, and whether it is that meaning's negation.
const OPERATORS: &[(&str, Operator, bool)] = &[
    ("=", Operator::Equal, false),
    ("!=", Operator::Equal, true),
    (">", Operator::Greater, false),
    (">=", Operator::GreaterOrEqual, false),
    ("<", Operator::Less, false),
    ("<=", Operator::LessOrEqual, false),
    ("contains", Operator::Contains, false),
    ("doesNotContains", Operator::Contains, true),
    ("doesNotContain", Operator::Contains, true),
    ("containsAny", Operator::ContainsAny, false),
    ("beginsWith", Operator::BeginsWith, false),
    ("doesNotBeginsWith", Operator::BeginsWith, true),
    ("endsWith", Operator::EndsWith, false),
    ("doesNotEndsWith", Operator::EndsWith, true),
    ("in", Operator::In, false),
    ("notIn", Operator::In, true),
    ("isEmpty", Operator::IsEmpty, false),
    ("isNotEmpty", Operator::IsEmpty, true),
    ("between", Operator::Between, false),
    ("notBetween", Operator::Between, true),
];
/// Known on the wire, not offered yet.
const LATER: &[&str] = &["isExpired", "isNotExpired", "relatedTo", "matchAny"];

/// Reads `{combinator, rules}`; `path` is where it is in the request.
///
/// # Errors
/// All problems.
pub fn parse(value: &Value, path: &Pointer) -> Result<Group, Problems> {
    let mut reader = Reader { problems: Problems::default(), rules: 0 };
    let group = reader.group(value, path, 1);
    reader.problems.into_result(group)
}

struct Reader {
    problems: Problems,
    rules: usize,
}

impl Reader {
    fn group(&mut self, value: &Value, path: &Pointer, depth: usize) -> Group {
        let mut group = Group { all: true, rules: Vec::new() };
        let Some(object) = value.as_object() else {
            self.problems.add(Code::WrongType, path.clone(), "a query has a \"combinator\" and \"rules\"");
            return group;
        };
        match object.get("combinator").and_then(Value::as_str) {
            Some("and") => {}
            Some("or") => group.all = false,
            _ => self.problems.add(
                Code::Required,
                path.key("combinator"),
                "\"combinator\" is \"and\" or \"or\"",
            ),
        }
        let Some(rules) = object.get("rules").and_then(Value::as_array) else {
            self.problems.add(Code::Required, path.key("rules"), "\"rules\" is a list");
            return group;
        };
        for (index, rule) in rules.iter().enumerate() {
            let at = path.key("rules").index(index);
            if rule.get("combinator").is_some() || rule.get("rules").is_some() {
                if depth == MAX_DEPTH {
                    self.problems.add(Code::TooDeep, at, format!("groups nest at most {MAX_DEPTH} deep"));
                    return group;
                }
                group.rules.push(Node::Group(self.group(rule, &at, depth + 1)));
            } else if let Some(rule) = self.rule(rule, at) {
                group.rules.push(Node::Rule(rule));
            }
        }
        group
    }

    fn rule(&mut self, value: &Value, path: Pointer) -> Option<Rule> {
        let values = value.get("value").and_then(Value::as_array).map_or(0, Vec::len);
        self.rules += 1 + values;
        if self.rules > MAX_RULES {
            if self.rules - 1 - values <= MAX_RULES {
                let message = format!("a query has at most {MAX_RULES} rules and values");
                self.problems.add(Code::TooManyItems, path, message);
            }
            return None;
        }
        for later in ["scorecard", "propertySchema", "relation"] {
            if value.get(later).is_some() {
                self.problems.add(
                    Code::NotSupported,
                    path.key(later),
                    format!("rules on \"{later}\" are not offered"),
                );
                return None;
            }
        }
        let name = value.get("operator").and_then(Value::as_str).unwrap_or_default();
        if LATER.contains(&name) {
            let message = format!("the operator \"{name}\" is not offered by this version");
            self.problems.add(Code::NotSupported, path.key("operator"), message);
            return None;
        }
        let Some((_, operator, negated)) = OPERATORS.iter().find(|(known, ..)| *known == name) else {
            let message = format!("\"{name}\" is not an operator");
            self.problems.add(Code::InvalidOperator, path.key("operator"), message);
            return None;
        };
        let subject = match value.get("property") {
            Some(Value::String(subject)) => subject.clone(),
            Some(Value::Object(_)) => {
                let message = "context values and property paths are not offered by this version";
                self.problems.add(Code::NotSupported, path.key("property"), message);
                return None;
            }
            _ => {
                self.problems.add(Code::Required, path.key("property"), "a rule names a \"property\"");
                return None;
            }
        };
        let value = value.get("value").cloned().unwrap_or(Value::Null);
        if value.get("context").is_some() || value.get("jqQuery").is_some() || value.get("preset").is_some() {
            let message = "context values, jq values and date presets are not offered by this version";
            self.problems.add(Code::NotSupported, path.key("value"), message);
            return None;
        }
        Some(Rule { path, subject, operator: *operator, negated: *negated, value })
    }
}
