//! A tenant with a catalog, and short ways to say what a test means.

use indexmap::IndexMap;
use portolan_catalog::query::{EntityPage, EntityQuery, NodeQuery, Page};
use portolan_catalog::{
    Actor, Catalog, Change, EntityWrite, OpContext, Outcome, RelationInput, Role, TenantId, WriteMode,
    WriteOptions,
};
use portolan_schema::{CatalogModel, Filter, Result};
use portolan_store::Store;
use serde_json::{Value, json};

pub struct Fixture {
    pub store: Store,
    pub catalog: Catalog,
    pub ctx: OpContext,
}

impl Fixture {
    /// A tenant without blueprints.
    pub async fn empty(store: Store) -> Self {
        Self::tenant(store, 1).await
    }

    pub async fn tenant(store: Store, tenant: i64) -> Self {
        let scope = store.write(TenantId(tenant)).await.unwrap();
        scope.create_head().await.unwrap();
        scope.commit().await.unwrap();
        let ctx = OpContext::verified(
            TenantId(tenant),
            Actor::Credential("tester".into()),
            Role::Admin,
            "test",
            None,
        );
        Self { catalog: Catalog::new(store.clone(), None), store, ctx }
    }

    /// Teams, systems and services.
    pub async fn new(store: Store) -> Self {
        let fixture = Self::empty(store).await;
        fixture.catalog.apply_blueprints(&fixture.ctx, &blueprints(), false).await.unwrap();
        fixture
    }

    pub async fn write(&self, mode: WriteMode, entity: Value) -> Result<Outcome> {
        self.catalog.write_one(&self.ctx, change(mode, &entity), &WriteOptions::default()).await
    }

    pub async fn upsert(&self, entity: Value) -> Outcome {
        self.write(WriteMode::Merge, entity).await.unwrap()
    }

    pub async fn identifiers(&self, blueprint: &str, filter: Filter) -> Vec<String> {
        let page = self.list(blueprint, filter).await;
        page.nodes.into_iter().map(|node| node.entity.state.identifier).collect()
    }

    pub async fn list(&self, blueprint: &str, filter: Filter) -> EntityPage {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        self.list_by(&model, blueprint, filter).await
    }

    /// A list by a model that may be older than the present one.
    pub async fn list_by(&self, model: &CatalogModel, blueprint: &str, filter: Filter) -> EntityPage {
        let query = EntityQuery {
            blueprint: model.get(blueprint).unwrap().no(),
            filter,
            order: Vec::new(),
            page: Page { limit: 500, ..Page::default() },
            count: true,
            nodes: NodeQuery::whole(),
        };
        self.catalog.list(&self.ctx, model, &query).await.unwrap()
    }
}

/// Reads `{blueprint, identifier, title, team, properties, relations}`.
pub fn change(mode: WriteMode, entity: &Value) -> Change {
    let text = |key: &str| entity[key].as_str().map(str::to_owned);
    let mut relations = IndexMap::new();
    for (name, target) in entity["relations"].as_object().into_iter().flatten() {
        let input = match target {
            Value::String(one) => RelationInput::One(one.clone()),
            Value::Array(many) => {
                RelationInput::Many(many.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
            }
            Value::Object(_) => RelationInput::Search(target.clone()),
            _ => RelationInput::Unset,
        };
        relations.insert(name.clone(), input);
    }
    let team = entity["team"]
        .as_array()
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    Change::Write(
        mode,
        Box::new(EntityWrite {
            blueprint: text("blueprint").unwrap(),
            identifier: text("identifier"),
            title: entity.get("title").map(|title| title.as_str().map(str::to_owned)),
            team,
            properties: entity["properties"].as_object().cloned().unwrap_or_default(),
            relations,
            ..EntityWrite::default()
        }),
    )
}

pub fn blueprints() -> Vec<Value> {
    vec![
        json!({"identifier": "system", "title": "System", "schema": {"properties": {}}}),
        json!({"identifier": "service", "title": "Service",
        "schema": {"properties": {
            "tier": {"type": "string", "enum": ["gold", "silver", "bronze"]},
            "openIssues": {"type": "number"},
            "live": {"type": "boolean"},
            "since": {"type": "string", "format": "date-time"},
            "languages": {"type": "array", "items": {"type": "string"}},
            "readme": {"type": "string", "format": "markdown"},
            "extra": {"type": "object"}
        }, "required": []},
        "relations": {
            "system": {"target": "system", "title": "System", "many": false, "required": false},
            "dependsOn": {"target": "service", "title": "Depends on", "many": true, "required": false}
        }}),
        json!({"identifier": "deployment", "title": "Deployment",
            "schema": {"properties": {"env": {"type": "string"}}},
            "relations": {"service": {"target": "service", "title": "Service", "many": false, "required": true}}}),
    ]
}
