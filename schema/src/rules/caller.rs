//! Rules that refer to who asks: `{"context": "user" | "userTeams", "property": …}` on either side, and "My Teams".

use serde_json::{Map, Value};

use super::condition::{Slot, condition, scalar};
use super::matches::{decide, is};
use super::resolve::given;
use super::subject::{Context, Subject, Who};
use super::values::Held;
use super::{Binding, Rule, Unknown};
use crate::{BlueprintNo, CatalogModel, Code, Filter, Instant, Meta, Problem, Problems};

/// Stand for the caller's teams in a list of teams.
const MY_TEAMS: [&str; 2] = ["My Teams", "myTeamsDynamicFilter"];

/// Who asks. A machine has neither user nor teams.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Caller {
    /// The values of the caller's entity, own, computed and meta ones, by the names that rules use. At least `$identifier`.
    pub user: Map<String, Value>,
    /// The same of each of the caller's teams.
    pub teams: Vec<Map<String, Value>>,
}

impl Caller {
    /// The single values: items of lists, without nulls.
    fn values(&self, who: Who, property: &str) -> Vec<Value> {
        let user = Some(&self.user).filter(|_| who == Who::User);
        let teams = self.teams.iter().filter(|_| who == Who::Teams);
        let mut all = Vec::new();
        for value in user.into_iter().chain(teams).filter_map(|values| values.get(property)) {
            match value {
                Value::Null => {}
                Value::Array(items) => all.extend(items.iter().filter(|item| !item.is_null()).cloned()),
                one => all.push(one.clone()),
            }
        }
        all
    }
}

/// A rule that waits to be told who asks. It is not negated.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextRule {
    rule: Rule,
    blueprint: BlueprintNo,
    absent: bool,
}

impl Rule {
    pub(super) fn is_contextual(&self) -> bool {
        self.context.is_some() || matches!(self.subject, Subject::Context(_)) || self.names_my_teams()
    }

    fn names_my_teams(&self) -> bool {
        let teams = matches!(&self.subject, Subject::Property(name) if name == "$team");
        let values = self.value.as_array().filter(|_| teams && self.operator.takes_list());
        values.is_some_and(|values| values.iter().any(is_my_teams))
    }
}

fn is_my_teams(value: &Value) -> bool {
    value.as_str().is_some_and(|text| MY_TEAMS.contains(&text))
}

/// Checks what can be checked before it is known who asks.
pub(super) fn open(rule: &Rule, binding: Binding<'_>) -> Result<Filter, Problem> {
    let subject = match &rule.subject {
        Subject::Context(context) => Some(context),
        _ => None,
    };
    if binding.kept {
        let path = match subject {
            Some(context) => context.path.clone(),
            None => rule.path.key("value"),
        };
        let message = "the rules of an aggregation cannot refer to who asks: its value is the same for all";
        return Err(Problem::new(Code::NotSupported, path, message));
    }
    for context in subject.into_iter().chain(&rule.context) {
        slot(binding.model, context)?;
    }
    Ok(Filter::Contextual(Box::new(ContextRule {
        rule: rule.clone(),
        blueprint: binding.blueprint.no(),
        absent: binding.unknown == Unknown::TreatAsAbsent,
    })))
}

/// How a value of the caller is typed.
fn slot(model: &CatalogModel, context: &Context) -> Result<Slot, Problem> {
    let blueprint = model.get(context.who.blueprint());
    if let Some(meta) = Meta::parse(&context.property)
        && (blueprint.is_some() || meta == Meta::Identifier)
    {
        return Ok(Slot::meta(meta));
    }
    let found = blueprint.and_then(|blueprint| blueprint.property(&context.property));
    found.map(Slot::property).ok_or_else(|| {
        let (blueprint, property) = (context.who.blueprint(), &context.property);
        let message = format!("the blueprint \"{blueprint}\" of who asks has no property \"{property}\"");
        Problem::new(Code::UnknownProperty, context.path.key("property"), message)
    })
}

impl ContextRule {
    fn bind(&self, model: &CatalogModel, caller: &Caller, now: Instant) -> Result<Filter, Problem> {
        // What is gone since has no entities.
        let Some(blueprint) = model.by_no(self.blueprint) else { return Ok(Filter::never()) };
        let unknown = if self.absent { Unknown::TreatAsAbsent } else { Unknown::Refuse };
        let binding = Binding { model, blueprint, unknown, kept: false };
        let mut rule = Rule { context: None, ..self.rule.clone() };
        if self.rule.names_my_teams()
            && let Value::Array(values) = &mut rule.value
        {
            values.retain(|value| !is_my_teams(value));
            values.extend(caller.values(Who::Teams, "$identifier"));
        }
        let Some(context) = &self.rule.context else { return decided(&rule, binding, caller, now) };
        let values = caller.values(context.who, &context.property);
        if rule.operator.takes_list() {
            rule.value = Value::Array(values);
            return decided(&rule, binding, caller, now);
        }
        // Any of several; none equals nothing, not even null.
        let parts =
            values.into_iter().map(|value| decided(&Rule { value, ..rule.clone() }, binding, caller, now));
        Ok(Filter::Any(parts.collect::<Result<_, _>>()?))
    }
}

/// The filter of a rule with a known operand.
fn decided(rule: &Rule, binding: Binding<'_>, caller: &Caller, now: Instant) -> Result<Filter, Problem> {
    let Subject::Context(context) = &rule.subject else { return given(rule, binding) };
    let mut slot = slot(binding.model, context)?;
    slot.list |= context.who == Who::Teams;
    let filter = condition(rule, slot)?.at(now);
    let values = caller.values(context.who, &context.property);
    let scalars = |column| values.iter().filter_map(move |value| scalar(value, column, &context.path).ok());
    let held = match slot.column {
        _ if values.is_empty() => Held::Nothing,
        None => Held::Opaque { empty: values.iter().all(is_blank) },
        Some(column) if slot.list => Held::List(scalars(column).collect()),
        Some(column) => scalars(column).next().map_or(Held::Nothing, Held::One),
    };
    let decide = |part: &Filter| match part {
        Filter::Item { values: wanted, .. } => {
            values.iter().any(|value| wanted.iter().any(|wanted| is(value, wanted)))
        }
        part => decide(&held, part),
    };
    let holds = match &filter {
        Filter::All(parts) => parts.iter().all(decide),
        Filter::Any(parts) => parts.iter().any(decide),
        one => decide(one),
    };
    Ok(if holds { Filter::always() } else { Filter::never() })
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

impl Filter {
    /// The same with the caller put in. Relative dates of entities stay open; those of the caller are counted from `now`.
    ///
    /// # Errors
    /// A problem of a rule that does not fit what the caller has.
    pub fn for_caller(&self, model: &CatalogModel, caller: &Caller, now: Instant) -> Result<Self, Problems> {
        let bound = self.rewritten(&mut |filter| match filter {
            Self::Contextual(rule) => rule.bind(model, caller, now).map(Some),
            _ => Ok(None),
        });
        bound.map_err(|problem| Problems(vec![problem]))
    }
}
