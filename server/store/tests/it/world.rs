//! Random models and catalogs: every type of property and list, relations of every kind, values that are absent, null,
//! empty, long, of unusual letters, or no longer of their property's type.

use indexmap::IndexMap;
use portolan_schema::model::computed::OWNER;
use portolan_schema::model::{Numbers, Stamps};
use portolan_schema::names::GraphqlNames;
use portolan_schema::rules::{Record, Target, World};
use portolan_schema::{
    Blueprint, BlueprintNo, CatalogModel, EntityState, Instant, PropertyNo, RelationNo, StoredBlueprint,
    Targets,
};
use portolan_store::computed::{ComputedChange, ComputedValues};
use portolan_store::entity::Entity;
use portolan_store::entity_write::{Cause, Edge, EntityChange};
use portolan_store::{Store, TenantId};
use serde_json::{Map, Value, json};

use crate::tape::Tape;

/// A definition of every kind, in an order that begins with the usual.
pub fn property_kinds() -> Vec<(&'static str, Value)> {
    let list = |item: Value| json!({"type": "array", "items": item});
    vec![
        ("text", json!({"type": "string"})),
        ("number", json!({"type": "number"})),
        ("flag", json!({"type": "boolean"})),
        ("at", json!({"type": "string", "format": "date-time"})),
        ("texts", list(json!({"type": "string"}))),
        ("numbers", list(json!({"type": "number"}))),
        ("flags", list(json!({"type": "boolean"}))),
        ("dates", list(json!({"type": "string", "format": "date-time"}))),
        ("other\\text", json!({"type": "string", "format": "user"})),
        ("timer", json!({"type": "string", "format": "timer"})),
        ("extra", json!({"type": "object"})),
        ("doc", json!({"type": "string", "format": "markdown"})),
        ("anything", json!({"type": "array"})),
        ("hidden", json!({"type": "string", "indexed": false})),
        ("hidden\\texts", json!({"type": "array", "items": {"type": "string"}, "indexed": false})),
    ]
}

/// Texts that are equal, begin alike, or differ where care is needed.
pub fn texts() -> Vec<String> {
    let long = "x".repeat(256);
    let wide = "é".repeat(128);
    let mut texts: Vec<String> = [
        "a",
        "b",
        "",
        "A",
        "ab",
        "aB",
        "Ä",
        "ä",
        "ß",
        "SS",
        "İ",
        "ﬁ",
        "日本",
        "a%_\\'\"b",
        "1",
        "\u{10FFFF}",
        " ",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(["x".repeat(252), "x".repeat(253), long.clone(), format!("{long}y"), format!("{long}z")]);
    texts.extend([format!("{long}Y{wide}"), wide.clone(), format!("a{wide}"), format!("a{wide}A")]);
    // What is kept of the two before.
    texts.push(format!("a{}", "é".repeat(127)));
    texts
}

pub fn numbers() -> Vec<Value> {
    vec![
        json!(0),
        json!(1),
        json!(-1),
        json!(-0.0),
        json!(1.5),
        json!(1e15),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(-1e300),
        json!(1e-300),
    ]
}

pub fn dates() -> Vec<&'static str> {
    vec![
        "2026-01-01T00:00:00Z",
        "2026-01-01",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01T00:00:00.000001Z",
        "1969-12-31T23:59:59.999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ]
}

/// A model with a few blueprints, each with some of the kinds of properties.
fn model(tape: &mut Tape) -> CatalogModel {
    let names = ["a", "b", "c"];
    let names = &names[..2 + tape.below(2)];
    let mut definitions = Vec::new();
    for name in names {
        let properties: Map<String, Value> = property_kinds()
            .into_iter()
            .filter(|_| !tape.once_in(4))
            .map(|(identifier, definition)| (identifier.to_owned(), definition))
            .collect();
        let mut relations = Map::new();
        for (at, target) in names.iter().enumerate() {
            for many in [false, true] {
                if !tape.once_in(3) {
                    let kind = if many { "many" } else { "one" };
                    let required = tape.once_in(3);
                    let definition = json!({"target": target, "many": many, "required": required});
                    relations.insert(format!("{kind}_{at}"), definition);
                }
            }
        }
        let inherits = *name == "b" && relations.contains_key("one_0") && tape.once_in(2);
        let ownership = inherits.then(|| json!({"type": "Inherited", "path": "one_0"}));
        let mut calculations = Map::new();
        for (kind, definition) in property_kinds() {
            let plain = definition.get("format").is_none() && definition.get("indexed").is_none();
            if plain && tape.once_in(4) {
                let mut definition = definition;
                definition["calculation"] = json!(".identifier");
                calculations.insert(format!("calculated_{kind}"), definition);
            }
        }
        definitions.push(json!({"identifier": name, "title": name, "schema": {"properties": properties},
            "relations": relations, "ownership": ownership, "calculationProperties": calculations}));
    }
    // Who asks is of these; no entities are made.
    for name in ["_user", "_team"] {
        let kinds = ["text", "number", "flag", "at", "texts", "dates", "timer", "doc"];
        let properties: Map<String, Value> = property_kinds()
            .into_iter()
            .filter(|(identifier, _)| kinds.contains(identifier))
            .map(|(identifier, definition)| (identifier.to_owned(), definition))
            .collect();
        definitions.push(json!({"identifier": name, "title": name, "schema": {"properties": properties}}));
    }
    compile(definitions)
}

pub fn compile(definitions: Vec<Value>) -> CatalogModel {
    let mut numbers = 1..;
    let mut number = || numbers.next().unwrap();
    let mut stored = Vec::new();
    for definition in definitions {
        let blueprint = Blueprint::parse(&definition).unwrap();
        let computed = blueprint.computed.keys();
        let owner = OWNER.to_owned();
        let properties = blueprint.properties.keys().chain(computed).chain([&owner]);
        let numbers = Numbers {
            properties: properties.map(|key| (key.clone(), PropertyNo(number()))).collect(),
            relations: blueprint.relations.keys().map(|key| (key.clone(), RelationNo(number()))).collect(),
            ..Numbers::default()
        };
        let (no, names) = (BlueprintNo(number()), GraphqlNames::default());
        stored.push(StoredBlueprint { no, blueprint, numbers, names, revision: 1, stamps: stamps(0) });
    }
    CatalogModel::compile(1, stored).unwrap()
}

fn stamps(at: i64) -> Stamps {
    let who = ["Ana", "ana", "É", "é"];
    let actor = |at: i64| who[usize::try_from(at.rem_euclid(4)).unwrap()].to_owned();
    Stamps {
        created_at: Instant(at),
        created_by: actor(at),
        updated_at: Instant(at / 2),
        updated_by: actor(at + 1),
    }
}

/// Entities of a model, with what they point at.
pub struct Catalog {
    pub model: CatalogModel,
    pub entities: Vec<Entity>,
    stamps: Vec<Stamps>,
    edges: Vec<Edges>,
}

struct Edges {
    source: i64,
    relation: RelationNo,
    targets: Vec<Result<i64, String>>,
}

impl Catalog {
    pub fn random(tape: &mut Tape, first_id: i64, most: usize) -> Self {
        let model = model(tape);
        let mut entities = Vec::new();
        for blueprint in model.blueprints().iter().filter(|one| !one.identifier().starts_with('_')) {
            for at in 0..tape.below(most) {
                let suffix = tape.pick(&["", "-Ä", "-ä", "-AB", "/x"]);
                let mut state = EntityState { identifier: format!("{at}{suffix}"), ..EntityState::default() };
                state.title = (!tape.once_in(3)).then(|| tape.pick(&texts()).clone());
                state.icon = tape.once_in(3).then(|| tape.pick(&["Box", "box", ""]).to_string());
                for team in ["red", "Blue", "blue"] {
                    if tape.once_in(3) {
                        state.team.push(team.to_owned());
                    }
                }
                if tape.once_in(9) {
                    state.team.push(texts().pop().unwrap());
                }
                for property in &blueprint.properties {
                    if !tape.once_in(4) {
                        let value = value(tape, property.property.value_type.json_type(), &property.property);
                        state.properties.insert(property.property.identifier.clone(), value);
                    }
                }
                let id = first_id + i64::try_from(entities.len()).unwrap();
                let mut computed = ComputedValues::default();
                for one in &blueprint.computed {
                    if tape.once_in(4) {
                        continue;
                    }
                    let value = match one.is_owner {
                        true => tape.pick(&[json!(["red"]), json!([]), json!(["blue", texts()[20]])]).clone(),
                        false => {
                            let property = &one.property.property;
                            value(tape, property.value_type.json_type(), property)
                        }
                    };
                    computed.set(one.no(), Ok(value));
                }
                let stamps = stamps(i64::try_from(tape.below(6)).unwrap() - 2);
                let datasource = tape.once_in(3).then(|| tape.pick(&["port/x", "Port/x"]).to_string());
                entities.push(Entity { datasource, computed, ..entity(id, blueprint.no(), state, &stamps) });
            }
        }
        let edges = edges(tape, &model, &mut entities);
        Self::new(model, entities, edges)
    }

    /// One entity for each value of each type, alone and in a list.
    pub fn of_every_value() -> Self {
        let kinds = property_kinds();
        let properties: Map<String, Value> =
            kinds.into_iter().map(|(identifier, definition)| (identifier.to_owned(), definition)).collect();
        let model =
            compile(vec![json!({"identifier": "a", "title": "a", "schema": {"properties": properties}})]);
        let mut entities = Vec::new();
        let texts: Vec<Value> = texts().into_iter().map(Value::String).collect();
        let dates: Vec<Value> = dates().into_iter().map(Value::from).collect();
        for (one, many, values) in
            [("text", "texts", texts), ("number", "numbers", numbers()), ("at", "dates", dates)]
        {
            for value in values {
                let id = i64::try_from(entities.len()).unwrap() + 1;
                let mut state = EntityState { identifier: id.to_string(), ..EntityState::default() };
                state.title = value.as_str().map(str::to_owned);
                state.properties.insert(one.to_owned(), value.clone());
                state.properties.insert(many.to_owned(), json!([value.clone(), null, value]));
                entities.push(entity(id, model.blueprints()[0].no(), state, &stamps(id)));
            }
        }
        Self::new(model, entities, Vec::new())
    }

    fn new(model: CatalogModel, entities: Vec<Entity>, edges: Vec<Edges>) -> Self {
        let stamps = entities
            .iter()
            .map(|entity| Stamps {
                created_at: entity.created_at,
                created_by: entity.created_by.clone(),
                updated_at: entity.updated_at,
                updated_by: entity.updated_by.clone(),
            })
            .collect();
        Self { model, entities, stamps, edges }
    }

    /// Writes everything into a new tenant.
    pub async fn store(&self, store: &Store, tenant: TenantId) {
        let changes: Vec<EntityChange> = self
            .entities
            .iter()
            .map(|entity| {
                let edges = self.edges.iter().filter(|edges| edges.source == entity.id);
                let edges = edges.flat_map(|edges| {
                    (0..).zip(&edges.targets).map(|(ordinal, target)| Edge {
                        relation: edges.relation,
                        ordinal,
                        target: target.clone(),
                    })
                });
                EntityChange { before: None, after: entity.clone(), deleted: false, edges: edges.collect() }
            })
            .collect();
        let cause = Cause { at: Instant(0), actor: "t".into(), origin: None, run: None };
        let scope = store.write(tenant).await.unwrap();
        scope.create_head().await.unwrap();
        scope.apply(&self.model, &changes, &cause).await.unwrap();
        let computed: Vec<ComputedChange<'_>> = self
            .entities
            .iter()
            .map(|entity| ComputedChange {
                blueprint: self.model.by_no(entity.blueprint).unwrap(),
                entity: entity.id,
                before: ComputedValues::default(),
                after: entity.computed.clone(),
                rewritten: Vec::new(),
                seq: entity.seq + 1_000_000_000,
            })
            .collect();
        scope.write_computed(&computed, 0).await.unwrap();
        scope.commit().await.unwrap();
    }

    pub fn of(&self, blueprint: BlueprintNo) -> impl Iterator<Item = Record<'_>> {
        let all = self.entities.iter().filter(move |entity| entity.blueprint == blueprint);
        all.filter_map(|entity| self.entity(entity.id))
    }
}

impl World for Catalog {
    fn model(&self) -> &CatalogModel {
        &self.model
    }

    fn entity(&self, id: i64) -> Option<Record<'_>> {
        let at = self.entities.iter().position(|entity| entity.id == id)?;
        let entity = &self.entities[at];
        Some(Record {
            id,
            blueprint: self.model.by_no(entity.blueprint)?,
            state: &entity.state,
            stamps: &self.stamps[at],
            datasource: entity.datasource.as_deref(),
        })
    }

    fn computed(&self, id: i64, property: PropertyNo) -> Option<&Value> {
        self.entities.iter().find(|entity| entity.id == id)?.computed.get(property)
    }

    fn targets(&self, source: i64, relation: RelationNo) -> Vec<Target<'_>> {
        let edges = self.edges.iter().filter(|edges| edges.source == source && edges.relation == relation);
        edges
            .flat_map(|edges| &edges.targets)
            .map(|target| match target {
                Ok(id) => Target::Entity(*id),
                Err(identifier) => Target::Pending(identifier),
            })
            .collect()
    }

    fn sources(&self, target: i64, relation: RelationNo) -> Vec<i64> {
        let edges = self.edges.iter().filter(|edges| edges.relation == relation);
        edges.filter(|edges| edges.targets.contains(&Ok(target))).map(|edges| edges.source).collect()
    }
}

fn entity(id: i64, blueprint: BlueprintNo, state: EntityState, stamps: &Stamps) -> Entity {
    Entity {
        id,
        blueprint,
        state,
        computed: ComputedValues::default(),
        revision: 1,
        seq: id,
        integration: None,
        datasource: None,
        created_at: stamps.created_at,
        created_by: stamps.created_by.clone(),
        updated_at: stamps.updated_at,
        updated_by: stamps.updated_by.clone(),
    }
}

/// A value of the property's type, or null, or (rarely) of another type.
pub fn value(tape: &mut Tape, json_type: &str, property: &portolan_schema::Property) -> Value {
    if tape.once_in(8) {
        return Value::Null;
    }
    if tape.once_in(12) {
        return tape.pick(&[json!("a"), json!(7), json!(true), json!({"a": []}), json!(["a", 1])]).clone();
    }
    match json_type {
        "number" => tape.pick(&numbers()).clone(),
        "boolean" => json!(tape.once_in(2)),
        "object" => tape.pick(&[json!({"k": "v"}), json!({})]).clone(),
        "array" => {
            if tape.once_in(6) {
                return tape.pick(&[json!([""]), json!([]), json!([null])]).clone();
            }
            let item = property.value_type.clone();
            let mut items = Vec::new();
            for _ in 0..tape.below(4) {
                items.push(match &item {
                    portolan_schema::ValueType::Array(Some(item)) if is_date(item) => {
                        json!(tape.pick(&dates()))
                    }
                    portolan_schema::ValueType::Array(Some(item)) => value(tape, item.json_type(), property),
                    _ => tape
                        .pick(&[
                            json!([1]),
                            json!("a"),
                            json!("Ä"),
                            json!(1),
                            json!(1.0),
                            json!(true),
                            json!(9_007_199_254_740_993_u64),
                        ])
                        .clone(),
                });
            }
            Value::Array(items)
        }
        _ if is_date(&property.value_type) => json!(tape.pick(&dates())),
        _ => json!(tape.pick(&texts())),
    }
}

fn is_date(value_type: &portolan_schema::ValueType) -> bool {
    use portolan_schema::property::Column;
    value_type.column() == Some(Column::Instant)
}

fn edges(tape: &mut Tape, model: &CatalogModel, entities: &mut [Entity]) -> Vec<Edges> {
    let known: Vec<(BlueprintNo, String, i64)> = entities
        .iter()
        .map(|entity| (entity.blueprint, entity.state.identifier.clone(), entity.id))
        .collect();
    let mut all = Vec::new();
    for entity in entities {
        let blueprint = model.by_no(entity.blueprint).unwrap();
        let mut relations = IndexMap::new();
        for relation in &blueprint.relations {
            let there: Vec<_> = known.iter().filter(|known| known.0 == relation.target).collect();
            let most = if relation.relation.many { 4 } else { 2 };
            let mut targets: Vec<Result<i64, String>> = Vec::new();
            let mut identifiers: Vec<String> = Vec::new();
            for _ in 0..tape.below(most) {
                let (identifier, target) = match (there.is_empty(), tape.once_in(6)) {
                    (false, false) => {
                        let (_, identifier, id) = tape.pick(&there);
                        (identifier.clone(), Ok(*id))
                    }
                    _ => ("ghost".to_owned(), Err("ghost".to_owned())),
                };
                if !identifiers.contains(&identifier) {
                    identifiers.push(identifier);
                    targets.push(target);
                }
            }
            let shown = match relation.relation.many {
                true => Targets::Many(identifiers),
                false => Targets::One(identifiers.pop()),
            };
            relations.insert(relation.relation.identifier.clone(), shown);
            all.push(Edges { source: entity.id, relation: relation.no, targets });
        }
        entity.state.relations = relations;
    }
    all
}
