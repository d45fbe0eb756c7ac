//! The law of typed filters: what the catalog API finds is what somebody finds who reads the filter as it is documented and
//! looks at all entities, through relations either way.

use std::collections::BTreeMap;

use portolan_schema::Instant;
use portolan_store::testing::on_each_engine;
use serde_json::{Map, Value, json};

use crate::support::Server;

/// Catalogs a run on each engine, and filters that each is asked.
const CATALOGS: u64 = 3;
const FILTERS: usize = 60;
/// Deepest nesting through relations.
const DEPTH: usize = 3;
const DAY: i64 = 86_400_000_000;

/// Random choices that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count.max(1) as u64).unwrap()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const TIERS: [&str; 3] = ["gold", "silver", "bronze"];
const LANGUAGES: [&str; 3] = ["Rust", "Go", "SQL"];
const WORDS: [&str; 5] = ["Pay", "pay desk", "Search", "Ä", ""];

/// A relation: from which blueprint, its field, whether to many, to which blueprint, and the relation it is made of; the
/// last is where that leads backwards.
const RELATIONS: [(&str, &str, bool, &str, &str, bool); 6] = [
    ("service", "system", false, "system", "system", false),
    ("service", "dependsOn", true, "service", "dependsOn", false),
    ("service", "dependents", true, "service", "dependsOn", true),
    ("service", "deployments", true, "deployment", "service", true),
    ("system", "services", true, "service", "system", true),
    ("deployment", "service", false, "service", "service", false),
];

/// Entities as their authors wrote them, by blueprint and identifier.
struct Catalog {
    entities: BTreeMap<&'static str, BTreeMap<String, Value>>,
    now: i64,
}

impl Catalog {
    fn random(dice: &mut Dice, now: i64) -> Self {
        let mut entities: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
        let name = |kind: &str, number: usize| format!("{kind}{number}");
        for number in 0..3 {
            let system = json!({"title": dice.pick(&WORDS)});
            entities.entry("system").or_default().insert(name("y", number), system);
        }
        for number in 0..7 {
            let mut properties = Map::new();
            let mut some = |key: &str, value: Value| {
                if !dice.once_in(4) {
                    properties.insert(key.to_owned(), value);
                }
            };
            let at = (i64::try_from(number).unwrap() - 3) * 5 * DAY / 2 + DAY * 3 / 5;
            some("tier", json!(TIERS[number % 3]));
            some("open_issues", json!(number * 10));
            some("live", json!(number % 2 == 0));
            some("since", json!(Instant(now + at).to_rfc3339()));
            let languages: Vec<&str> = LANGUAGES.into_iter().filter(|_| dice.once_in(2)).collect();
            if !dice.once_in(4) {
                properties.insert("languages".into(), json!(languages));
            }
            let depends: Vec<String> =
                (0..number).filter(|_| dice.once_in(3)).map(|other| name("s", other)).collect();
            let system = (!dice.once_in(3)).then(|| name("y", dice.below(3)));
            let service = json!({"title": dice.pick(&WORDS), "properties": properties,
                "relations": {"system": system, "dependsOn": depends}});
            entities.entry("service").or_default().insert(name("s", number), service);
        }
        for number in 0..6 {
            let deployment = json!({"properties": {"env": dice.pick(&["prod", "test"])},
                "relations": {"service": name("s", dice.below(7))}});
            entities.entry("deployment").or_default().insert(name("d", number), deployment);
        }
        Self { entities, now }
    }

    /// In the place of the catalog before.
    async fn store(&self, server: &Server) {
        for blueprint in ["system", "service", "deployment"] {
            for (identifier, entity) in &self.entities[blueprint] {
                let mut entity = entity.clone();
                entity["identifier"] = identifier.clone().into();
                let path = format!("/v1/blueprints/{blueprint}/entities?upsert=true");
                let (status, answer) = server.post(&path, &server.member, &entity).await;
                assert!(status == 200 || status == 201, "{answer}");
            }
        }
    }

    fn targets(&self, blueprint: &str, identifier: &str, relation: &str) -> Vec<String> {
        match &self.entities[blueprint][identifier]["relations"][relation] {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    fn related(&self, relation: &(&str, &str, bool, &str, &str, bool), identifier: &str) -> Vec<String> {
        let (from, _, _, to, name, backward) = *relation;
        if !backward {
            return self.targets(from, identifier, name);
        }
        let points_here =
            |source: &&String| self.targets(to, source, name).iter().any(|one| one == identifier);
        self.entities[to].keys().filter(points_here).cloned().collect()
    }

    fn matches(&self, blueprint: &str, identifier: &str, filter: &Value) -> bool {
        filter.as_object().unwrap().iter().all(|(key, value)| {
            let all = |value: &Value| -> Vec<bool> {
                value.as_array().unwrap().iter().map(|one| self.matches(blueprint, identifier, one)).collect()
            };
            match key.as_str() {
                "and" => all(value).into_iter().all(|holds| holds),
                "or" => all(value).into_iter().any(|holds| holds),
                "not" => !self.matches(blueprint, identifier, value),
                field => match RELATIONS.iter().find(|one| (one.0, one.1) == (blueprint, field)) {
                    Some(relation) => self.through(relation, identifier, value),
                    None => self.holds(&self.value(blueprint, identifier, field), value),
                },
            }
        })
    }

    fn through(
        &self,
        relation: &(&str, &str, bool, &str, &str, bool),
        identifier: &str,
        value: &Value,
    ) -> bool {
        let related = self.related(relation, identifier);
        value.as_object().unwrap().iter().all(|(key, filter)| {
            let mut verdicts = related.iter().map(|other| self.matches(relation.3, other, filter));
            match key.as_str() {
                "is" | "some" => verdicts.any(|holds| holds),
                "none" => !verdicts.any(|holds| holds),
                "every" => verdicts.all(|holds| holds),
                "isNull" => related.is_empty() == filter.as_bool().unwrap(),
                other => panic!("{other}"),
            }
        })
    }

    fn value(&self, blueprint: &str, identifier: &str, field: &str) -> Value {
        let entity = &self.entities[blueprint][identifier];
        match field {
            "identifier" => identifier.into(),
            "title" => entity["title"].clone(),
            "openIssues" => entity["properties"]["open_issues"].clone(),
            field => entity["properties"][field].clone(),
        }
    }

    fn holds(&self, held: &Value, operators: &Value) -> bool {
        let items = match held {
            Value::Null => Vec::new(),
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        operators.as_object().unwrap().iter().all(|(operator, operand)| {
            let any = |holds: &dyn Fn(&Value) -> bool| items.iter().any(holds);
            let equal = |operand: &Value| any(&|held| self.order(held, operand, "eq"));
            let listed = || operand.as_array().unwrap();
            let text = |holds: &dyn Fn(&str, &str) -> bool| {
                any(&|held| holds(held.as_str().unwrap(), operand.as_str().unwrap()))
            };
            let folded = |text: &str| text.to_lowercase();
            match operator.as_str() {
                "eq" | "has" => equal(operand),
                "ne" => !equal(operand),
                "in" | "hasAny" => listed().iter().any(equal),
                "notIn" => !listed().iter().any(equal),
                "hasAll" => listed().iter().all(equal),
                "gt" | "gte" | "lt" | "lte" => any(&|held| self.order(held, operand, operator)),
                "between" => {
                    any(&|held| self.order(held, &operand[0], "gte") && self.order(held, &operand[1], "lte"))
                }
                "isNull" => held.is_null() == operand.as_bool().unwrap(),
                "isEmpty" => items.is_empty() == operand.as_bool().unwrap(),
                "contains" => text(&|held, part| held.contains(part)),
                "startsWith" => text(&|held, part| held.starts_with(part)),
                "endsWith" => text(&|held, part| held.ends_with(part)),
                "icontains" => text(&|held, part| folded(held).contains(&folded(part))),
                "ieq" => text(&|held, other| folded(held) == folded(other)),
                other => panic!("{other}"),
            }
        })
    }

    /// Whether a value is so in relation to an operand. Enum values have names in capitals.
    fn order(&self, held: &Value, operand: &Value, operator: &str) -> bool {
        let within = |held: f64, from: f64, to: f64| match operator {
            "eq" => held >= from && held <= to,
            "gt" => held > to,
            "gte" => held >= from,
            "lt" => held < from,
            _ => held <= to,
        };
        match (held, operand) {
            (Value::String(held), Value::Object(relative)) => {
                let (from, to) = match relative["relative"].as_str().unwrap() {
                    "last7Days" if operator == "eq" => (self.now - 7 * DAY, self.now),
                    "last7Days" => (self.now - 7 * DAY, self.now - 7 * DAY),
                    "next3Days" if operator == "eq" => (self.now, self.now + 3 * DAY),
                    "next3Days" => (self.now + 3 * DAY, self.now + 3 * DAY),
                    "today" => (self.now / DAY * DAY, self.now / DAY * DAY + DAY - 1),
                    "now" => (self.now, self.now),
                    other => panic!("{other}"),
                };
                within(micros(Instant::parse(held).unwrap()), micros(Instant(from)), micros(Instant(to)))
            }
            (Value::String(held), Value::String(operand)) => {
                match (Instant::parse(held), Instant::parse(operand)) {
                    (Some(held), Some(operand)) => within(micros(held), micros(operand), micros(operand)),
                    _ => {
                        held == operand || (TIERS.contains(&held.as_str()) && held.to_uppercase() == *operand)
                    }
                }
            }
            (Value::Number(held), Value::Number(operand)) => {
                let operand = operand.as_f64().unwrap();
                within(held.as_f64().unwrap(), operand, operand)
            }
            (held, operand) => held == operand,
        }
    }
}

/// Exact for the times of a few centuries.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^53")]
fn micros(at: Instant) -> f64 {
    at.0 as f64
}

fn filter(dice: &mut Dice, blueprint: &str, nested: usize, relations: usize, now: i64) -> Value {
    let mut filter = Map::new();
    for _ in 0..1 + dice.below(2) {
        let (key, value) = match dice.below(8) {
            kind @ (0 | 1) if nested > 0 => {
                let some =
                    (0..dice.below(3)).map(|_| self::filter(dice, blueprint, nested - 1, relations, now));
                (if kind == 0 { "and" } else { "or" }.to_owned(), some.collect())
            }
            2 if nested > 0 => ("not".to_owned(), self::filter(dice, blueprint, nested - 1, relations, now)),
            3..6 if relations > 0 => through(dice, blueprint, nested, relations, now),
            _ => field(dice, blueprint, now),
        };
        filter.insert(key, value);
    }
    Value::Object(filter)
}

fn through(dice: &mut Dice, blueprint: &str, nested: usize, relations: usize, now: i64) -> (String, Value) {
    let here: Vec<_> = RELATIONS.iter().filter(|one| one.0 == blueprint).collect();
    let (_, name, many, to, ..) = **dice.pick(&here);
    let word =
        if many { *dice.pick(&["some", "none", "every"]) } else { *dice.pick(&["is", "is", "isNull"]) };
    let value = match word {
        "isNull" => json!(dice.once_in(2)),
        _ if dice.once_in(6) => json!({}),
        _ => filter(dice, to, nested.saturating_sub(1), relations - 1, now),
    };
    (name.to_owned(), json!({word: value}))
}

fn field(dice: &mut Dice, blueprint: &str, now: i64) -> (String, Value) {
    let names: &[&str] = match blueprint {
        "service" => &["identifier", "title", "tier", "openIssues", "live", "since", "since", "languages"],
        "system" => &["identifier", "title"],
        _ => &["identifier", "env"],
    };
    let name = *dice.pick(names);
    let is_null = |dice: &mut Dice| json!({"isNull": dice.once_in(2)});
    let operators = match name {
        "tier" => {
            let tier = |dice: &mut Dice| json!(dice.pick(&TIERS).to_uppercase());
            match dice.below(4) {
                0 => is_null(dice),
                1 => json!({dice.pick(&["in", "notIn"]).to_string(): [tier(dice), tier(dice)]}),
                _ => json!({dice.pick(&["eq", "ne"]).to_string(): tier(dice)}),
            }
        }
        "openIssues" | "since" => {
            let value = |dice: &mut Dice| match name {
                "since" if dice.once_in(2) => {
                    json!({"relative": dice.pick(&["last7Days", "next3Days", "today", "now"])})
                }
                "since" => json!(
                    Instant(now + (i64::try_from(dice.below(7)).unwrap() - 3) * 5 * DAY / 2 + DAY * 3 / 5)
                        .to_rfc3339()
                ),
                _ => json!(dice.below(7) * 10),
            };
            match dice.below(6) {
                0 => is_null(dice),
                1 => json!({"between": [value(dice), value(dice)]}),
                2 => json!({dice.pick(&["in", "notIn"]).to_string(): [value(dice), value(dice)]}),
                _ => json!({dice.pick(&["eq", "ne", "gt", "gte", "lt", "lte"]).to_string(): value(dice)}),
            }
        }
        "live" => json!({dice.pick(&["eq", "ne", "isNull"]).to_string(): dice.once_in(2)}),
        "languages" => match dice.below(4) {
            0 => json!({dice.pick(&["isNull", "isEmpty"]).to_string(): dice.once_in(2)}),
            1 => json!({"has": dice.pick(&LANGUAGES)}),
            _ => {
                json!({dice.pick(&["hasAny", "hasAll"]).to_string(): [dice.pick(&LANGUAGES), dice.pick(&LANGUAGES)]})
            }
        },
        _ => {
            let words = ["s1", "d2", "y0", "pay", "P", "prod", "ä", "Search", "1"];
            match dice.below(4) {
                0 => is_null(dice),
                1 => json!({dice.pick(&["in", "notIn"]).to_string(): [dice.pick(&words), dice.pick(&WORDS)]}),
                2 => json!({dice.pick(&["eq", "ne", "ieq"]).to_string(): dice.pick(&WORDS)}),
                _ => {
                    json!({dice.pick(&["contains", "startsWith", "endsWith", "icontains"]).to_string(): dice.pick(&words)})
                }
            }
        }
    };
    (name.to_owned(), operators)
}

#[tokio::test]
async fn typed_filters_find_what_they_say() {
    on_each_engine(|store| async move {
        let server = Server::with_blueprints(store).await;
        let now = server.freeze().0;
        let (mut some, mut all) = (0, 0);
        for seed in 1..=CATALOGS {
            let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let catalog = Catalog::random(&mut dice, now);
            catalog.store(&server).await;
            for _ in 0..FILTERS {
                for (blueprint, list) in [("service", "services"), ("system", "systems"), ("deployment", "deployments")] {
                    let filter = filter(&mut dice, blueprint, 2, DEPTH, now);
                    let expected: Vec<&str> = catalog.entities[blueprint]
                        .keys()
                        .filter(|identifier| catalog.matches(blueprint, identifier, &filter))
                        .map(String::as_str)
                        .collect();
                    let kind = format!("{}{}Filter", blueprint[..1].to_uppercase(), &blueprint[1..]);
                    let query = format!("query($where: {kind}) {{ {list}(where: $where) {{ totalCount nodes {{ identifier }} }} }}");
                    let answer = server.graphql_as(&server.viewer, &query, json!({"where": filter})).await;
                    let nodes = answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{filter}: {answer}"));
                    let found: Vec<&str> = nodes.iter().map(|node| node["identifier"].as_str().unwrap()).collect();
                    assert_eq!(found, expected, "{blueprint} {filter} of {:?}", catalog.entities);
                    assert_eq!(answer["data"][list]["totalCount"], expected.len(), "{filter}");
                    some += usize::from(!found.is_empty() && found.len() < catalog.entities[blueprint].len());
                    all += 1;
                }
            }
        }
        assert!(some * 4 > all, "{some} of {all} filters tell entities apart");
    })
    .await;
}
