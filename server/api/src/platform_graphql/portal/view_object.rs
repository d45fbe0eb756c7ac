//! A saved view, and what is sent to make one.

use async_graphql::{Enum, ID, InputObject, Json, MaybeUndefined, Object, SimpleObject};
use portolan_portal::{NewView, Pinned, SavedView as Stored, ViewChange};
use portolan_schema::Pointer;
use serde_json::{Map, Value, json};

use super::super::entity::object::{EntityOrder, OrderDirection};
use super::super::problem::{ProblemObject, payload, under};
use super::preferences::Density;

/// Where a column stays while others scroll.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Pinned")]
pub enum ColumnPin {
    Left,
    Right,
}

/// A column of a table.
#[derive(SimpleObject)]
pub struct ViewColumn {
    /// A property, a meta-property such as `$title`, or a relation.
    property: String,
    /// In pixels; null where nobody chose one.
    width: Option<i32>,
    pinned: Option<ColumnPin>,
}

#[derive(InputObject)]
pub struct ViewColumnInput {
    /// A property, a meta-property such as `$title`, or a relation.
    property: String,
    /// In pixels.
    width: Option<i32>,
    pinned: Option<ColumnPin>,
}

/// A key of a table's order.
#[derive(SimpleObject)]
pub struct ViewOrder {
    property: String,
    direction: OrderDirection,
}

/// A saved view of a blueprint's entities.
pub struct SavedView(pub Stored);

#[Object]
impl SavedView {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Identifier of the blueprint.
    async fn blueprint(&self) -> ID {
        self.0.blueprint.clone().into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Whether everybody in the tenant has it; else it is the caller's alone.
    async fn shared(&self) -> bool {
        self.0.owner.is_none()
    }

    /// Which entities, in the rule language; null for all.
    async fn rules(&self) -> Option<Json<Value>> {
        self.0.spec.get("rules").cloned().map(Json)
    }

    async fn order_by(&self) -> Vec<ViewOrder> {
        let keys = self.0.spec["orderBy"].as_array().into_iter().flatten();
        keys.map(|key| ViewOrder {
            property: key["property"].as_str().unwrap_or_default().to_owned(),
            direction: match key["direction"].as_str() {
                Some("DESC") => OrderDirection::Desc,
                _ => OrderDirection::Asc,
            },
        })
        .collect()
    }

    /// Properties that rows are grouped by, the outermost first.
    async fn group_by(&self) -> Vec<String> {
        let keys = self.0.spec["groupBy"].as_array().into_iter().flatten();
        keys.filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    /// In their order; empty where nobody chose them.
    async fn columns(&self) -> Vec<ViewColumn> {
        let columns = self.0.spec["columns"].as_array().into_iter().flatten();
        columns
            .map(|column| ViewColumn {
                property: column["property"].as_str().unwrap_or_default().to_owned(),
                width: column["width"].as_i64().and_then(|width| i32::try_from(width).ok()),
                pinned: match column["pinned"].as_str() {
                    Some("LEFT") => Some(ColumnPin::Left),
                    Some("RIGHT") => Some(ColumnPin::Right),
                    _ => None,
                },
            })
            .collect()
    }

    /// Null where the reader's own preference counts.
    async fn density(&self) -> Option<Density> {
        Density::parse(self.0.spec["density"].as_str()?)
    }

    /// Counts the view's changes; what `ifRevision` is compared with.
    async fn revision(&self) -> i64 {
        self.0.revision
    }

    async fn created_at(&self) -> String {
        self.0.stamps.created_at.to_rfc3339()
    }

    async fn created_by(&self) -> &str {
        &self.0.stamps.created_by
    }

    async fn updated_at(&self) -> String {
        self.0.stamps.updated_at.to_rfc3339()
    }

    async fn updated_by(&self) -> &str {
        &self.0.stamps.updated_by
    }
}

#[derive(InputObject)]
pub struct SavedViewInput {
    /// Identifier of the blueprint.
    blueprint: ID,
    title: String,
    /// For everybody in the tenant, which takes an admin; else for the caller alone.
    #[graphql(default)]
    shared: bool,
    rules: Option<Json<Value>>,
    order_by: Option<Vec<EntityOrder>>,
    group_by: Option<Vec<String>>,
    columns: Option<Vec<ViewColumnInput>>,
    density: Option<Density>,
}

impl SavedViewInput {
    pub fn read(self) -> NewView {
        let mut spec = Map::new();
        put(&mut spec, "rules", self.rules.map(|rules| Some(rules.0)));
        put(&mut spec, "orderBy", self.order_by.map(|order| Some(order_json(order))));
        put(&mut spec, "groupBy", self.group_by.map(|groups| Some(groups.into())));
        put(&mut spec, "columns", self.columns.map(|columns| Some(columns_json(columns))));
        put(&mut spec, "density", self.density.map(|density| Some(density.as_str().into())));
        NewView { blueprint: self.blueprint.0, title: self.title, shared: self.shared, spec: spec.into() }
    }
}

/// What is to change of a view. What is not named stays; null takes away.
#[derive(InputObject)]
pub struct SavedViewChangeInput {
    title: Option<String>,
    shared: Option<bool>,
    rules: MaybeUndefined<Json<Value>>,
    order_by: MaybeUndefined<Vec<EntityOrder>>,
    group_by: MaybeUndefined<Vec<String>>,
    columns: MaybeUndefined<Vec<ViewColumnInput>>,
    density: MaybeUndefined<Density>,
}

impl SavedViewChangeInput {
    pub fn read(self) -> ViewChange {
        let mut spec = Map::new();
        put(&mut spec, "rules", named(self.rules, |rules| rules.0));
        put(&mut spec, "orderBy", named(self.order_by, order_json));
        put(&mut spec, "groupBy", named(self.group_by, Value::from));
        put(&mut spec, "columns", named(self.columns, columns_json));
        put(&mut spec, "density", named(self.density, |density| density.as_str().into()));
        ViewChange { title: self.title, shared: self.shared, spec: spec.into() }
    }
}

fn named<T>(value: MaybeUndefined<T>, json: impl FnOnce(T) -> Value) -> Option<Option<Value>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(json(value))),
    }
}

fn put(spec: &mut Map<String, Value>, key: &str, value: Option<Option<Value>>) {
    if let Some(value) = value {
        spec.insert(key.to_owned(), value.unwrap_or_default());
    }
}

fn order_json(order: Vec<EntityOrder>) -> Value {
    let direction = |direction| if direction == OrderDirection::Desc { "DESC" } else { "ASC" };
    order
        .into_iter()
        .map(|key| json!({"property": key.property, "direction": direction(key.direction)}))
        .collect()
}

fn columns_json(columns: Vec<ViewColumnInput>) -> Value {
    let column = |column: ViewColumnInput| {
        let mut json = json!({"property": column.property});
        if let Some(width) = column.width {
            json["width"] = width.into();
        }
        if let Some(pinned) = column.pinned {
            json["pinned"] = Pinned::from(pinned).as_str().into();
        }
        json
    };
    columns.into_iter().map(column).collect()
}

#[derive(SimpleObject)]
pub struct SavedViewPayload {
    view: Option<SavedView>,
    errors: Vec<ProblemObject>,
}

impl SavedViewPayload {
    /// `outer` comes before the paths of problems.
    pub fn new(result: portolan_schema::Result<Stored>, outer: &Pointer) -> async_graphql::Result<Self> {
        let (view, errors) = payload(result.map_err(|error| under(error, outer)))?;
        Ok(Self { view: view.map(SavedView), errors })
    }
}
