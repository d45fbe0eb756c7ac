//! How entities are to be shown: which parts, and relations with titles (port-api.md 2.6).

use portolan_catalog::{Entity, OpContext, Titles};
use portolan_schema::{CatalogModel, Code, Error, Pointer};
use serde_json::{Map, Value};

use super::entity_body;
use super::flags::Query;
use crate::App;
use crate::answer::Refusal;

/// What a reader asked for.
#[derive(Default)]
pub(crate) struct View {
    /// Paths such as `identifier` or `properties.tier`; empty for all.
    include: Vec<String>,
    exclude: Vec<String>,
    /// Relation values become `{identifier, title}`.
    titles: bool,
    /// Only what authors wrote.
    own_only: bool,
}

impl View {
    pub(crate) fn of(query: &Query) -> Self {
        Self {
            include: query.list("include"),
            exclude: query.list("exclude"),
            titles: query.is_on("attach_title_to_relation"),
            own_only: query.is_on("exclude_calculated_properties"),
        }
    }

    /// Adds `include` and `exclude` of a search's body.
    ///
    /// # Errors
    /// `WRONG_TYPE` where they are no lists of strings.
    pub(crate) fn and_of(mut self, body: &Value) -> Result<Self, Error> {
        self.include.extend(strings(body, "include")?);
        self.exclude.extend(strings(body, "exclude")?);
        Ok(self)
    }

    /// The JSON of entities, with the titles that they need read at once.
    pub(crate) async fn show(
        &self,
        app: &App,
        ctx: &OpContext,
        model: &CatalogModel,
        entities: &[&Entity],
    ) -> Result<Vec<Value>, Refusal> {
        let titles = match self.titles {
            true => Some(app.catalog.titles_of_targets(ctx, model, entities).await?),
            false => None,
        };
        Ok(entities.iter().map(|entity| self.one(model, entity, titles.as_ref())).collect())
    }

    fn one(&self, model: &CatalogModel, entity: &Entity, titles: Option<&Titles>) -> Value {
        let mut shown = entity_body::json(model, entity, self.own_only);
        if let (Some(titles), Some(blueprint)) = (titles, model.by_no(entity.blueprint)) {
            for relation in &blueprint.relations {
                if let Some(value) = shown["relations"].get_mut(&relation.relation.identifier) {
                    entitle(value, &|identifier| titles.of(relation.target, identifier));
                }
            }
        }
        match shown {
            Value::Object(object) if !(self.include.is_empty() && self.exclude.is_empty()) => {
                Value::Object(self.pruned(object))
            }
            whole => whole,
        }
    }

    fn pruned(&self, object: Map<String, Value>) -> Map<String, Value> {
        let keeps = |path: &str| {
            let within = |listed: &String| {
                path == listed || path.strip_prefix(listed.as_str()).is_some_and(|rest| rest.starts_with('.'))
            };
            (self.include.is_empty() || self.include.iter().any(within)) && !self.exclude.iter().any(within)
        };
        let holds = |name: &str| {
            let inside =
                |listed: &String| listed.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            self.include.iter().any(inside) || keeps(name)
        };
        let prune = |(name, value): (String, Value)| {
            if !holds(&name) {
                return None;
            }
            let value = match value {
                Value::Object(inner) => {
                    inner.into_iter().filter(|(key, _)| keeps(&format!("{name}.{key}"))).collect()
                }
                other => other,
            };
            Some((name, value))
        };
        object.into_iter().filter_map(prune).collect()
    }
}

/// Replaces identifiers by `{identifier, title}`.
fn entitle<'t>(value: &mut Value, title: &impl Fn(&str) -> Option<&'t str>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| entitle(item, title)),
        Value::String(identifier) => {
            *value = serde_json::json!({"identifier": identifier, "title": title(identifier)});
        }
        _ => {}
    }
}

fn strings(body: &Value, key: &str) -> Result<Vec<String>, Error> {
    let path = Pointer::root().key(key);
    match body.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(at, item)| {
                let text = item.as_str().map(str::to_owned);
                text.ok_or_else(|| Error::at(Code::WrongType, path.index(at), "this is a string"))
            })
            .collect(),
        Some(_) => Err(Error::at(Code::WrongType, path, format!("\"{key}\" is a list of strings"))),
    }
}
