//! A page, and what is sent to make one.

use async_graphql::{Enum, ID, InputObject, Json, MaybeUndefined, Object, SimpleObject};
use portolan_portal::{NewPage, Page as Stored, PageChange, PageKind as Kind};
use serde_json::Value;

use super::super::problem::{ProblemObject, payload, under};

/// What a page is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum PageKind {
    /// Holds other pages.
    Folder,
    /// The entities of a blueprint.
    Table,
    /// Widgets on a grid.
    Dashboard,
}

/// A page or folder of the sidebar.
pub struct Page(pub Stored);

#[Object]
impl Page {
    /// Stays the same, whatever else changes.
    async fn identifier(&self) -> ID {
        self.0.identifier.clone().into()
    }

    async fn kind(&self) -> PageKind {
        self.0.kind.into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    async fn icon(&self) -> Option<&str> {
        self.0.icon.as_deref()
    }

    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The folder that it is in; null at the top.
    async fn parent(&self) -> Option<ID> {
        self.0.folder.clone().map(ID::from)
    }

    /// Among those in the same folder, from 0.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Neither changed nor deleted until it is unlocked.
    async fn locked(&self) -> bool {
        self.0.locked
    }

    /// Of a table: identifier of the blueprint whose entities it shows.
    async fn blueprint(&self) -> Option<ID> {
        self.0.spec["blueprint"].as_str().map(ID::from)
    }

    /// Of a table: the shared view that it begins with.
    async fn view(&self) -> Option<ID> {
        self.0.spec["view"].as_str().map(ID::from)
    }

    /// Of a dashboard: `{widgets, filters}`.
    async fn dashboard(&self) -> Option<Json<Value>> {
        (self.0.kind == Kind::Dashboard).then(|| Json(self.0.spec.clone()))
    }

    /// Counts the page's changes; what `ifRevision` is compared with.
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
pub struct PageInput {
    /// Without one, made from the title. Letters from a to z, digits, `-` and `_`.
    identifier: Option<ID>,
    kind: PageKind,
    title: String,
    icon: Option<String>,
    description: Option<String>,
    /// The folder; without one, the top.
    parent: Option<ID>,
    /// The page that comes after it; without one, it comes last.
    before: Option<ID>,
    #[graphql(default)]
    locked: bool,
    /// Of a table.
    blueprint: Option<ID>,
    /// Of a table: a shared view of the blueprint.
    view: Option<ID>,
    /// Of a dashboard: `{widgets, filters}`.
    dashboard: Option<Json<Value>>,
}

impl PageInput {
    pub fn read(self) -> NewPage {
        let text = |id: Option<ID>| id.map(|id| id.0);
        NewPage {
            identifier: text(self.identifier),
            kind: self.kind.into(),
            title: self.title,
            icon: self.icon,
            description: self.description,
            parent: text(self.parent),
            before: text(self.before),
            locked: self.locked,
            blueprint: text(self.blueprint),
            view: text(self.view),
            dashboard: self.dashboard.map(|dashboard| dashboard.0),
        }
    }
}

/// What is to change of a page. What is not named stays; null takes away.
#[derive(InputObject)]
pub struct PageChangeInput {
    title: Option<String>,
    icon: MaybeUndefined<String>,
    description: MaybeUndefined<String>,
    locked: Option<bool>,
    blueprint: Option<ID>,
    view: MaybeUndefined<ID>,
    /// The whole of it: `{widgets, filters}`.
    dashboard: Option<Json<Value>>,
}

impl PageChangeInput {
    pub fn read(self) -> PageChange {
        PageChange {
            title: self.title,
            icon: named(self.icon),
            description: named(self.description),
            locked: self.locked,
            blueprint: self.blueprint.map(|id| id.0),
            view: named(self.view).map(|view| view.map(|id| id.0)),
            dashboard: self.dashboard.map(|dashboard| dashboard.0),
        }
    }
}

/// None where it is not named.
fn named<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

#[derive(SimpleObject)]
pub struct PagePayload {
    page: Option<Page>,
    errors: Vec<ProblemObject>,
}

impl PagePayload {
    /// `outer` comes before the paths of problems.
    pub fn new(
        result: portolan_schema::Result<Stored>,
        outer: &portolan_schema::Pointer,
    ) -> async_graphql::Result<Self> {
        let (page, errors) = payload(result.map_err(|error| under(error, outer)))?;
        Ok(Self { page: page.map(Page), errors })
    }
}

#[derive(SimpleObject)]
pub struct PagesPayload {
    /// The whole tree as it is then; empty where there are errors.
    pages: Vec<Page>,
    errors: Vec<ProblemObject>,
}

impl PagesPayload {
    pub fn new(result: portolan_schema::Result<Vec<Stored>>) -> async_graphql::Result<Self> {
        let (pages, errors) =
            payload(result.map_err(|error| under(error, &portolan_schema::Pointer::root())))?;
        Ok(Self { pages: pages.unwrap_or_default().into_iter().map(Page).collect(), errors })
    }
}
