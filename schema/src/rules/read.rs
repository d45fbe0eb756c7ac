//! Reading `{combinator, rules}`.

use serde_json::Value;

use super::operator::Operator;
use super::subject::{self, Subject};
use super::{Group, MAX_DEPTH, MAX_RULES, Node, Rule};
use crate::{Code, Pointer, Problem, Problems};

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
            } else if self.admit(rule, &at) {
                match self::rule(rule, at) {
                    Ok(rule) => group.rules.push(Node::Rule(Box::new(rule))),
                    Err(problem) => self.problems.0.push(problem),
                }
            }
        }
        group
    }

    /// Counts a rule and its values; the first one too many is a problem.
    fn admit(&mut self, rule: &Value, path: &Pointer) -> bool {
        let values = rule.get("value").and_then(Value::as_array).map_or(0, Vec::len);
        self.rules += 1 + values;
        if self.rules > MAX_RULES && self.rules - 1 - values <= MAX_RULES {
            let message = format!("a query has at most {MAX_RULES} rules and values");
            self.problems.add(Code::TooManyItems, path.clone(), message);
        }
        self.rules <= MAX_RULES
    }
}

fn rule(object: &Value, path: Pointer) -> Result<Rule, Problem> {
    let name = object.get("operator").and_then(Value::as_str).unwrap_or_default();
    let at = path.key("operator");
    let Some((operator, negated)) = Operator::parse(name) else {
        return Err(Problem::new(Code::InvalidOperator, at, format!("\"{name}\" is not an operator")));
    };
    let subject = subject::read(object, operator, &path)?;
    match (&subject, operator) {
        (Subject::Path(_), Operator::MatchAny) | (Subject::Related(_), Operator::RelatedTo) => {}
        (Subject::Path(_), _) => {
            let message = "the operator of a property path is \"matchAny\"";
            return Err(Problem::new(Code::InvalidOperator, at, message));
        }
        (_, Operator::MatchAny) => {
            let message = "\"matchAny\" asks for a property path: {\"path\": [...]}";
            return Err(Problem::new(Code::InvalidOperator, at, message));
        }
        _ => {}
    }
    let value = object.get("value").cloned().unwrap_or(Value::Null);
    let at = path.key("value");
    if value.get("jqQuery").is_some() {
        let message = "a jq value is for the forms of actions, which this version does not have";
        return Err(Problem::new(Code::NotSupported, at, message));
    }
    let context = match value.get("context") {
        Some(_) if !operator.is_unary() => Some(subject::context(&value, &at)?),
        _ => None,
    };
    Ok(Rule { path, subject, operator, negated, value, context })
}
