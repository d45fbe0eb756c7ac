//! Applying a mapping to an item.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::config::{EntityMapping, ResourceMapping};
use super::expression::{Expression, Jq, JqProblem, plain_path};

/// What an item came to. Crosses the pipe between a worker and the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    pub entities: Vec<MappedEntity>,
    pub problems: Vec<MappingProblem>,
}

/// An entity as a mapping made it: the body of `/v1`, beside its blueprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappedEntity {
    pub blueprint: String,
    /// `{identifier, title?, icon?, team?, properties, relations}`.
    pub body: Value,
}

/// An expression that gave nothing for an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingProblem {
    /// JSON Pointer below the resource.
    pub path: String,
    pub code: String,
    pub message: String,
}

/// A resource with its expressions compiled.
pub struct CompiledResource<F> {
    query: Expression<F>,
    items: Option<(Expression<F>, Option<Vec<String>>)>,
    items_name: String,
    items_transform: bool,
    mappings: Vec<CompiledMapping<F>>,
}

struct CompiledMapping<F> {
    path: String,
    identifier: Tree<F>,
    blueprint: Expression<F>,
    title: Option<Expression<F>>,
    icon: Option<Expression<F>>,
    team: Option<Tree<F>>,
    properties: Vec<(String, Tree<F>)>,
    relations: Vec<(String, Tree<F>)>,
}

/// A value whose texts are expressions: a leaf, or an object or list of such.
enum Tree<F> {
    Leaf(Expression<F>),
    Object(Vec<(String, Tree<F>)>),
    List(Vec<Tree<F>>),
    Constant(Value),
}

impl<F> CompiledResource<F> {
    pub fn compile<J: Jq<Filter = F>>(jq: &J, resource: &ResourceMapping) -> Self {
        let mapping = |(index, mapping): (usize, &EntityMapping)| CompiledMapping {
            path: format!("/port/entity/mappings/{index}"),
            identifier: Tree::compile(jq, &mapping.identifier),
            blueprint: Expression::compile(jq, &mapping.blueprint),
            title: mapping.title.as_ref().map(|text| Expression::compile(jq, text)),
            icon: mapping.icon.as_ref().map(|text| Expression::compile(jq, text)),
            team: mapping.team.as_ref().map(|value| Tree::compile(jq, value)),
            properties: mapping
                .properties
                .iter()
                .map(|(key, value)| (key.clone(), Tree::compile(jq, value)))
                .collect(),
            relations: mapping
                .relations
                .iter()
                .map(|(key, value)| (key.clone(), Tree::compile(jq, value)))
                .collect(),
        };
        let items = |text: &String| (Expression::compile(jq, text), plain_path(text.trim()));
        Self {
            query: Expression::compile(jq, &resource.query),
            items: resource.items_to_parse.as_ref().map(items),
            items_name: resource.items_name.clone(),
            items_transform: resource.items_transform,
            mappings: resource.mappings.iter().enumerate().map(mapping).collect(),
        }
    }

    /// Maps one raw item.
    pub fn map<J: Jq<Filter = F>>(&self, jq: &J, item: &Value) -> Mapped {
        let mut mapped = Mapped::default();
        let Some((items, path)) = &self.items else {
            self.one(jq, item, &mut mapped);
            return mapped;
        };
        match items.evaluate(jq, item) {
            Ok(Value::Array(parts)) => {
                let mut base = match path {
                    _ if !self.items_transform => item.clone(),
                    Some(path) => without(item, path),
                    None => Value::Null,
                };
                for part in parts {
                    if !base.is_object() {
                        base = Value::Object(Map::new());
                    }
                    if let Some(object) = base.as_object_mut() {
                        object.insert(self.items_name.clone(), part);
                    }
                    self.one(jq, &base, &mut mapped);
                }
            }
            Ok(_) => mapped.note("/port/itemsToParse", "INVALID_MAPPING", "itemsToParse gives no list"),
            Err(problem) => mapped.fail("/port/itemsToParse", &problem),
        }
        mapped
    }

    fn one<J: Jq<Filter = F>>(&self, jq: &J, item: &Value, mapped: &mut Mapped) {
        match self.query.evaluate(jq, item) {
            Ok(Value::Bool(true)) => {}
            Ok(Value::Bool(false)) => return,
            Ok(_) => return mapped.note("/selector/query", "INVALID_MAPPING", "the query gives no boolean"),
            Err(problem) => return mapped.fail("/selector/query", &problem),
        }
        for mapping in &self.mappings {
            mapping.entity(jq, item, mapped);
        }
    }
}

impl<F> CompiledMapping<F> {
    fn entity<J: Jq<Filter = F>>(&self, jq: &J, item: &Value, mapped: &mut Mapped) {
        let at = |key: &str| format!("{}/{key}", self.path);
        let identifier = self.identifier.evaluate(jq, item, &at("identifier"), mapped);
        let blueprint = leaf(&self.blueprint, jq, item, &at("blueprint"), mapped);
        let identifier = match identifier {
            Value::Number(number) => Value::String(number.to_string()),
            other => other,
        };
        let falsy = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || value == "";
        if falsy(&identifier) || falsy(&blueprint) {
            let message = "the identifier or the blueprint is empty; the item makes no entity";
            return mapped.note(&self.path, "INVALID_MAPPING", message);
        }
        let mut body = Map::new();
        body.insert("identifier".into(), identifier);
        for (key, expression) in [("title", &self.title), ("icon", &self.icon)] {
            if let Some(expression) = expression {
                body.insert(key.into(), text(leaf(expression, jq, item, &at(key), mapped)));
            }
        }
        if let Some(team) = &self.team {
            body.insert("team".into(), team.evaluate(jq, item, &at("team"), mapped));
        }
        for (key, trees) in [("properties", &self.properties), ("relations", &self.relations)] {
            let mut values = Map::new();
            for (name, tree) in trees {
                let value = tree.evaluate(jq, item, &format!("{}/{key}/{name}", self.path), mapped);
                values.insert(name.clone(), value);
            }
            body.insert(key.into(), Value::Object(values));
        }
        let blueprint = blueprint.as_str().map_or_else(|| blueprint.to_string(), str::to_owned);
        mapped.entities.push(MappedEntity { blueprint, body: Value::Object(body) });
    }
}

impl<F> Tree<F> {
    fn compile<J: Jq<Filter = F>>(jq: &J, value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Leaf(Expression::compile(jq, text)),
            // A query's words are not expressions; everything else in it is.
            Value::Object(entries) => Self::Object(
                entries
                    .iter()
                    .map(|(key, value)| {
                        let tree = if key == "combinator" {
                            Self::Constant(value.clone())
                        } else {
                            Self::compile(jq, value)
                        };
                        (key.clone(), tree)
                    })
                    .collect(),
            ),
            Value::Array(items) => Self::List(items.iter().map(|item| Self::compile(jq, item)).collect()),
            other => Self::Constant(other.clone()),
        }
    }

    fn evaluate<J: Jq<Filter = F>>(&self, jq: &J, item: &Value, path: &str, mapped: &mut Mapped) -> Value {
        match self {
            Self::Leaf(expression) => leaf(expression, jq, item, path, mapped),
            Self::Constant(value) => value.clone(),
            Self::List(items) => items.iter().map(|tree| tree.evaluate(jq, item, path, mapped)).collect(),
            Self::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, tree)| {
                        (key.clone(), tree.evaluate(jq, item, &format!("{path}/{key}"), mapped))
                    })
                    .collect(),
            ),
        }
    }
}

impl Mapped {
    fn note(&mut self, path: &str, code: &str, message: &str) {
        self.problems.push(MappingProblem { path: path.into(), code: code.into(), message: message.into() });
    }

    fn fail(&mut self, path: &str, problem: &JqProblem) {
        self.note(path, problem.code.as_str(), &problem.message);
    }
}

/// An error makes the leaf null; the entity is kept.
fn leaf<J: Jq>(
    expression: &Expression<J::Filter>,
    jq: &J,
    item: &Value,
    path: &str,
    mapped: &mut Mapped,
) -> Value {
    expression.evaluate(jq, item).unwrap_or_else(|problem| {
        mapped.fail(path, &problem);
        Value::Null
    })
}

fn text(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(flag) => Value::String(flag.to_string()),
        other => other,
    }
}

/// A copy without what is at the path.
fn without(item: &Value, path: &[String]) -> Value {
    let mut copy = item.clone();
    let Some((last, parents)) = path.split_last() else { return Value::Null };
    let holder = parents.iter().try_fold(&mut copy, |value, key| value.get_mut(key));
    if let Some(object) = holder.and_then(Value::as_object_mut) {
        object.shift_remove(last);
    }
    copy
}
