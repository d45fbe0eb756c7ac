//! Random rules as JSON, every operator on everything that it fits, and random callers.

use portolan_schema::property::{Column, StringFormat};
use portolan_schema::rules::{Caller, Unknown, parse};
use portolan_schema::{
    BlueprintModel, CatalogModel, Field, Filter, Instant, Meta, Pointer, Property, ValueType,
};
use serde_json::{Map, Value, json};

use crate::filters::{identifier, operand};
use crate::tape::Tape;
use crate::world::{dates, numbers, texts, value};

/// Times that lie among the dates of the world: those of stamps, and those of values.
pub fn now(tape: &mut Tape) -> Instant {
    let at = [
        "2026-01-01T00:00:00Z",
        "2026-01-01T12:00:00Z",
        "2026-01-02T00:00:00.000001Z",
        "2026-01-31T00:00:00Z",
    ];
    if tape.once_in(4) { Instant(2) } else { Instant::parse(tape.pick::<&str>(&at)).unwrap() }
}

/// Now and then a machine, which has neither user nor teams.
pub fn caller(tape: &mut Tape, model: &CatalogModel) -> Caller {
    if tape.once_in(5) {
        return Caller::default();
    }
    let mut values = |blueprint: &str| {
        let mut values = Map::new();
        values.insert("$identifier".into(), identifier(tape).into());
        values.insert("$title".into(), tape.pick(&texts()).clone().into());
        for property in &model.get(blueprint).unwrap().properties {
            if !tape.once_in(3) {
                let value = value(tape, property.property.value_type.json_type(), &property.property);
                values.insert(property.property.identifier.clone(), of_type(&property.property, value));
            }
        }
        values
    };
    let user = values("_user");
    let teams = vec![values("_team"), values("_team")];
    let teams = teams.into_iter().filter(|_| !tape.once_in(3)).collect();
    Caller { user, teams }
}

/// Null in the place of a value that the property could not be given.
fn of_type(property: &Property, value: Value) -> Value {
    let fits = |kind: &ValueType, value: &Value| match kind {
        ValueType::String(Some(format)) if format.is_instant() => {
            value.as_str().is_some_and(|text| Instant::parse(text).is_some())
        }
        ValueType::String(_) => value.is_string(),
        ValueType::Number => value.is_number(),
        ValueType::Boolean => value.is_boolean(),
        ValueType::Object | ValueType::Array(_) => false,
    };
    match (&property.value_type, value) {
        (ValueType::Array(Some(item)), Value::Array(items)) => {
            items.into_iter().filter(|one| fits(item, one)).collect()
        }
        (kind, value) if fits(kind, &value) => value,
        _ => Value::Null,
    }
}

/// A query that nests at most `depth` deep.
pub fn query(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel, depth: usize) -> Value {
    let mut rules = Vec::new();
    for _ in 0..1 + tape.below(3) {
        rules.push(match depth > 0 && tape.once_in(4) {
            true => query(tape, model, blueprint, depth - 1),
            false => rule(tape, model, blueprint),
        });
    }
    json!({"combinator": tape.pick(&["and", "or"]), "rules": rules})
}

/// What the parser makes of a query.
pub fn resolve(model: &CatalogModel, blueprint: &BlueprintModel, query: &Value) -> Result<Filter, String> {
    let group = parse(query, &Pointer::root()).map_err(|problems| format!("{problems:?}"))?;
    group.resolve(model, blueprint, Unknown::Refuse).map_err(|problems| format!("{problems:?}"))
}

fn rule(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel) -> Value {
    match tape.below(12) {
        0 => of_relation(tape, blueprint),
        1 => of_shape(tape, model, blueprint),
        2 => of_path(tape, model, blueprint),
        3 => related_to(tape, model),
        4 => of_caller(tape, model),
        5 => with_caller(tape, model, blueprint),
        6 => json!({"property": "$team", "operator": tape.pick(&["in", "notIn", "containsAny"]),
            "value": [tape.pick(&["My Teams", "myTeamsDynamicFilter"]), tape.pick(&["red", "0"])]}),
        _ => of_property(tape, blueprint),
    }
}

/// A name that rules use, with the type of its values.
type Named = (String, Option<Column>, bool, bool);

fn named(property: &Property) -> Named {
    let kind = &property.value_type;
    let item = match kind {
        ValueType::Array(Some(item)) => item,
        other => other,
    };
    let timer = *item == ValueType::String(Some(StringFormat::Timer));
    (property.identifier.clone(), property.column(), kind.is_list(), timer)
}

fn of_property(tape: &mut Tape, blueprint: &BlueprintModel) -> Value {
    let own = blueprint.properties.iter().map(|one| named(&one.property));
    let computed = blueprint.computed.iter().filter(|one| !one.is_owner);
    let computed = computed.map(|one| named(&one.property.property));
    let metas = Meta::ALL.iter().map(|(meta, name)| {
        let column = if meta.is_instant() { Column::Instant } else { Column::Text };
        ((*name).to_owned(), Some(column), *meta == Meta::Team, false)
    });
    let all: Vec<Named> = own.chain(computed).chain(metas).collect();
    if let Some((timer, ..)) = all.iter().find(|one| one.3)
        && tape.once_in(10)
    {
        return json!({"property": timer, "operator": tape.pick(&["isExpired", "isNotExpired"])});
    }
    let (name, column, list, timer) = tape.pick(&all).clone();
    let mut rule = condition(tape, &name, column, list, timer);
    rule["property"] = name.into();
    rule
}

/// An operator and an operand that fit.
fn condition(tape: &mut Tape, name: &str, column: Option<Column>, list: bool, timer: bool) -> Value {
    let not = tape.once_in(2);
    let word = |plain: &str, negated: &str| if not { negated.to_owned() } else { plain.to_owned() };
    let one = |tape: &mut Tape| operand_of(tape, name, column);
    let several =
        |tape: &mut Tape| (0..tape.below(4)).map(|_| operand_of(tape, name, column)).collect::<Value>();
    if name == "$blueprint" {
        return match tape.below(3) {
            0 => json!({"operator": word("=", "!="), "value": one(tape)}),
            1 => json!({"operator": word("in", "notIn"), "value": several(tape)}),
            _ => json!({"operator": word("beginsWith", "doesNotBeginsWith"), "value": one(tape)}),
        };
    }
    let Some(column) = column else {
        if list && !tape.once_in(4) {
            let item = |tape: &mut Tape| match tape.below(3) {
                0 => tape.pick(&texts()).clone().into(),
                1 => tape.pick(&[json!("a"), json!("Ä"), json!("1"), json!(1), json!(0)]).clone(),
                _ => tape
                    .pick(&[json!(true), json!(false), json!(1.5), json!(9_007_199_254_740_993_u64)])
                    .clone(),
            };
            let items = (0..tape.below(4)).map(|_| item(tape)).collect::<Value>();
            return match tape.below(4) {
                0 => json!({"operator": word("=", "!="), "value": item(tape)}),
                1 => json!({"operator": word("contains", "doesNotContains"), "value": item(tape)}),
                2 => json!({"operator": word("contains", "doesNotContain"), "value": items}),
                _ => json!({"operator": tape.pick(&["in", "notIn", "containsAny"]), "value": items}),
            };
        }
        return match tape.once_in(2) {
            true => json!({"operator": word("isEmpty", "isNotEmpty")}),
            false => json!({"operator": word("=", "!="), "value": null}),
        };
    };
    match (tape.below(9), column) {
        (0, _) => json!({"operator": word("isEmpty", "isNotEmpty")}),
        (1, _) => json!({"operator": word("=", "!="), "value": null}),
        (2, _) => json!({"operator": word("in", "notIn"), "value": several(tape)}),
        (3, _) => json!({"operator": "containsAny", "value": several(tape)}),
        (4, _) if list => json!({"operator": word("contains", "doesNotContains"), "value": one(tape)}),
        (5, _) if list => json!({"operator": word("contains", "doesNotContain"), "value": several(tape)}),
        (4..7, Column::Text) => {
            let operators = [
                "contains",
                "doesNotContains",
                "beginsWith",
                "doesNotBeginsWith",
                "endsWith",
                "doesNotEndsWith",
            ];
            let from = if list { 2 } else { 0 };
            json!({"operator": tape.pick(&operators[from..]), "value": one(tape)})
        }
        (4, Column::Instant) if timer => json!({"operator": word("isExpired", "isNotExpired")}),
        (4..6, Column::Instant) => {
            let mut range = Map::new();
            match tape.below(4) {
                0 => drop(range.insert("preset".into(), moment(tape).into())),
                1 => drop(range.insert("from".into(), one(tape))),
                2 => drop(range.insert("to".into(), one(tape))),
                _ => range.extend([("from".to_owned(), one(tape)), ("to".to_owned(), one(tape))]),
            }
            let equals = tape.once_in(3);
            let operator = if equals { word("=", "!=") } else { word("between", "notBetween") };
            json!({"operator": operator, "value": range})
        }
        (4..8, Column::Number | Column::Instant) if !list => {
            json!({"operator": tape.pick(&["<", "<=", ">", ">="]), "value": one(tape)})
        }
        _ => json!({"operator": word("=", "!="), "value": one(tape)}),
    }
}

const MOMENTS: &[&str] = &[
    "today",
    "yesterday",
    "tomorrow",
    "now",
    "lastDay",
    "lastWeek",
    "lastMonth",
    "last12Months",
    "last90Minutes",
    "next2Weeks",
    "nextMonth",
    "last7Days",
];

fn moment(tape: &mut Tape) -> &'static str {
    MOMENTS[tape.below(MOMENTS.len())]
}

fn operand_of(tape: &mut Tape, name: &str, column: Option<Column>) -> Value {
    match column {
        None => Value::Null,
        Some(Column::Number) => tape.pick(&numbers()).clone(),
        Some(Column::Boolean) => json!(tape.once_in(2)),
        Some(Column::Instant) if tape.once_in(3) => {
            json!({tape.pick(&["preset", "relative"]).to_string(): moment(tape)})
        }
        Some(Column::Instant) if name.starts_with('$') => {
            format!("1970-01-01T00:00:00.00000{}Z", tape.below(4)).into()
        }
        Some(Column::Instant) => json!(tape.pick(&dates())),
        Some(Column::Text) => {
            let field =
                Meta::parse(name).map_or(Field::Property(portolan_schema::PropertyNo(0)), Field::Meta);
            operand(tape, field).into()
        }
    }
}

fn of_relation(tape: &mut Tape, blueprint: &BlueprintModel) -> Value {
    if blueprint.relations.is_empty() {
        return of_property(tape, blueprint);
    }
    let relation = &tape.pick(&blueprint.relations).relation;
    let end = tape.below(4);
    let mut rule = match end {
        0 => condition(tape, "$title", Some(Column::Text), false, false),
        1 => condition(tape, "$identifier", Some(Column::Text), false, false),
        _ => match tape.below(if relation.many { 5 } else { 3 }) {
            0 => json!({"operator": tape.pick(&["isEmpty", "isNotEmpty"])}),
            1 => json!({"operator": tape.pick(&["=", "!="]), "value": identifier(tape)}),
            2 => json!({"operator": tape.pick(&["in", "notIn", "containsAny"]), "value": identifiers(tape)}),
            3 => json!({"operator": "contains", "value": identifier(tape)}),
            _ => json!({"operator": "doesNotContains", "value": identifiers(tape)}),
        },
    };
    let subject = if end > 1 && tape.once_in(2) { "property" } else { "relation" };
    rule[subject] = relation.identifier.clone().into();
    match end {
        0 => rule["targetProperty"] = "$title".into(),
        1 => rule["targetProperty"] = "$identifier".into(),
        _ => {}
    }
    rule
}

fn identifiers(tape: &mut Tape) -> Value {
    (0..tape.below(4)).map(|_| identifier(tape)).collect()
}

fn of_shape(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel) -> Value {
    let shapes = [
        (json!({"type": "string"}), Column::Text, false),
        (json!({"type": "string", "format": "user"}), Column::Text, false),
        (json!({"type": "string", "format": "date-time"}), Column::Instant, false),
        (json!({"type": "string", "format": "timer"}), Column::Instant, false),
        (json!({"type": "number"}), Column::Number, false),
        (json!({"type": "boolean"}), Column::Boolean, false),
        (json!({"type": "array", "items": {"type": "string"}}), Column::Text, true),
        (json!({"type": "array", "items": {"type": "number"}}), Column::Number, true),
        (json!({"type": "array"}), Column::Text, true),
    ];
    let (shape, column, list) = tape.pick(&shapes).clone();
    let mut rule = condition(tape, "", Some(column), list, false);
    rule["propertySchema"] = shape;
    let query = json!({"combinator": "and", "rules": [rule]});
    if resolve(model, blueprint, &query).is_err() {
        // All that is of the shape is not indexed, or otherwise does not fit.
        rule["operator"] = tape.pick(&["isEmpty", "isNotEmpty"]).to_string().into();
    }
    rule
}

fn of_path(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel) -> Value {
    let value = if tape.once_in(2) { identifiers(tape) } else { identifier(tape).into() };
    for _ in 0..4 {
        let named = tape.once_in(2);
        let start = if named { tape.pick(model.blueprints()).as_ref() } else { blueprint };
        let (steps, end) = walk(tape, model, start);
        if steps.is_empty() || (named && end != blueprint.no()) {
            continue;
        }
        let mut path = json!({"path": steps});
        if named {
            path["fromBlueprint"] = start.identifier().into();
        }
        return json!({"property": path, "operator": "matchAny", "value": value});
    }
    of_property(tape, blueprint)
}

/// Up to three relations, one of them perhaps followed several times.
fn walk(
    tape: &mut Tape,
    model: &CatalogModel,
    start: &BlueprintModel,
) -> (Vec<Value>, portolan_schema::BlueprintNo) {
    let (mut at, mut steps, mut repeated) = (start, Vec::new(), false);
    for _ in 0..1 + tape.below(3) {
        if at.relations.is_empty() {
            break;
        }
        let relation = tape.pick(&at.relations);
        let name = &relation.relation.identifier;
        if relation.target == at.no() && !repeated && tape.once_in(2) {
            repeated = true;
            steps.push(json!({"relation": name, "maxHops": 1 + tape.below(3)}));
        } else {
            steps.push(json!(name));
        }
        at = model.by_no(relation.target).unwrap();
    }
    (steps, at.no())
}

fn related_to(tape: &mut Tape, model: &CatalogModel) -> Value {
    let blueprint = tape.pick(model.blueprints()).identifier().to_owned();
    let value = if tape.once_in(2) { identifiers(tape) } else { identifier(tape).into() };
    let mut rule = json!({"operator": "relatedTo", "blueprint": blueprint, "value": value});
    if !tape.once_in(3) {
        rule["direction"] = tape.pick(&["upstream", "downstream"]).to_string().into();
    }
    if tape.once_in(3) {
        rule["required"] = tape.once_in(2).into();
    }
    rule
}

fn context(tape: &mut Tape, model: &CatalogModel, of: Option<Column>) -> (Value, Named) {
    let (who, blueprint) = *tape.pick(&[("user", "_user"), ("userTeams", "_team")]);
    let properties = model.get(blueprint).unwrap().properties.iter().map(|one| named(&one.property));
    let meta = |name: &str| (name.to_owned(), Some(Column::Text), false, false);
    let all = properties.chain([meta("$identifier"), meta("$title")]);
    let all: Vec<Named> = all.filter(|one| of.is_none() || one.1 == of).collect();
    let found = tape.pick(&all).clone();
    (json!({"context": who, "property": found.0}), found)
}

/// A rule about who asks, which is the same for all entities.
fn of_caller(tape: &mut Tape, model: &CatalogModel) -> Value {
    let (subject, (name, column, list, timer)) = context(tape, model, None);
    let list = column.is_some() && (list || subject["context"] == "userTeams");
    let mut rule = condition(tape, &name, column, list, timer);
    rule["property"] = subject;
    rule
}

/// A rule that compares with who asks.
fn with_caller(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel) -> Value {
    let indexed = blueprint.properties.iter().map(|one| named(&one.property)).filter(|one| one.1.is_some());
    let all: Vec<Named> = indexed.collect();
    if all.is_empty() {
        return of_property(tape, blueprint);
    }
    let (name, column, list, _) = tape.pick(&all).clone();
    let (value, _) = context(tape, model, column);
    let mut operators = vec!["=", "!=", "in", "notIn", "containsAny"];
    if list || column == Some(Column::Text) {
        operators.extend(["contains", "doesNotContains"]);
    }
    if !list && matches!(column, Some(Column::Number | Column::Instant)) {
        operators.extend(["<", ">="]);
    }
    json!({"property": name, "operator": tape.pick(&operators), "value": value})
}

/// Operators and parts of rules.
pub const KINDS: &[&str] = &[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "doesNotContains",
    "containsAny",
    "beginsWith",
    "doesNotBeginsWith",
    "endsWith",
    "doesNotEndsWith",
    "in",
    "notIn",
    "isEmpty",
    "isNotEmpty",
    "isExpired",
    "isNotExpired",
    "between",
    "notBetween",
    "relatedTo",
    "matchAny",
    "preset",
    "relative",
    "relation",
    "targetProperty",
    "propertySchema",
    "fromBlueprint",
    "maxHops",
    "direction",
    "required",
    "context",
];

/// Those of them that are in a query.
pub fn kinds(query: &Value) -> Vec<String> {
    match query {
        Value::Array(items) => items.iter().flat_map(kinds).collect(),
        Value::Object(members) => {
            let operator = members.get("operator").and_then(Value::as_str).map(str::to_owned);
            let inner =
                members.iter().flat_map(|(key, value)| std::iter::once(key.clone()).chain(kinds(value)));
            operator.into_iter().chain(inner).collect()
        }
        _ => Vec::new(),
    }
}
