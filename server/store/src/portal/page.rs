//! Pages and folders: the tree of the sidebar.

use portolan_schema::{Error, Result};
use sea_orm::QueryResult;
use serde_json::Value;

use super::{Stamps, stamps};
use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// Holds other pages.
    Folder,
    /// The entities of a blueprint.
    Table,
    /// Widgets on a grid.
    Dashboard,
}

impl PageKind {
    pub const ALL: [Self; 3] = [Self::Folder, Self::Table, Self::Dashboard];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "FOLDER",
            Self::Table => "TABLE",
            Self::Dashboard => "DASHBOARD",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A page or a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub id: i64,
    pub identifier: String,
    pub kind: PageKind,
    /// The folder that it is in; None at the top.
    pub parent: Option<i64>,
    /// The folder's identifier; only read.
    pub folder: Option<String>,
    /// Among those of its parent, from 0.
    pub position: i32,
    pub title: String,
    pub icon: Option<String>,
    pub description: Option<String>,
    pub locked: bool,
    /// What it shows, by its kind.
    pub spec: Value,
    /// Counts its changes, from 1.
    pub revision: i64,
    pub stamps: Stamps,
}

const COLUMNS: &str = "page_id, identifier, kind, parent_id, position, title, icon, description, locked, revision, \
     created_at, created_by, updated_at, updated_by, spec";

/// The columns of a page `p`, but for what it shows; and the folder's identifier.
const READ: &str = "p.page_id, p.identifier, p.kind, p.parent_id, p.position, p.title, p.icon, p.description, p.locked, \
     p.revision, p.created_at, p.created_by, p.updated_at, p.updated_by, (SELECT folder.identifier FROM portal_pages folder \
     WHERE folder.tenant_id = p.tenant_id AND folder.page_id = p.parent_id)";

impl TenantScope {
    /// All pages, by parent and position. Without `dashboards`, dashboards are read without what they show.
    pub async fn pages(&self, dashboards: bool) -> Result<Vec<Page>> {
        let spec =
            if dashboards { "p.spec" } else { "CASE WHEN p.kind = 'DASHBOARD' THEN '{}' ELSE p.spec END" };
        let mut sql = Sql::new(&format!("SELECT {READ}, {spec} FROM portal_pages p WHERE p.tenant_id = "));
        sql.bind(self.tenant().0).push(" ORDER BY coalesce(p.parent_id, 0), p.position, p.page_id");
        self.all(sql).await?.iter().map(page).collect()
    }

    pub async fn page(&self, identifier: &str) -> Result<Option<Page>> {
        let mut sql = Sql::new(&format!("SELECT {READ}, p.spec FROM portal_pages p WHERE p.tenant_id = "));
        sql.bind(self.tenant().0).push(" AND p.identifier = ").bind(identifier);
        self.one(sql).await?.map(|row| page(&row)).transpose()
    }

    pub async fn count_pages(&self) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM portal_pages WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        self.one(sql).await?.map_or(Ok(0), |row| Ok(column::<i64>(&row, 0)?.unsigned_abs()))
    }

    /// Writes a new page. The caller has seen, under the head's lock, that its identifier is free.
    pub async fn insert_page(&self, page: &Page) -> Result<()> {
        let mut sql = Sql::new(&format!("INSERT INTO portal_pages (tenant_id, {COLUMNS}) VALUES ("));
        sql.bind(self.tenant().0).push(", ").bind(page.id).push(", ").bind(page.identifier.as_str());
        sql.push(", ").bind(page.kind.as_str()).push(", ").bind(page.parent).push(", ").bind(page.position);
        sql.push(", ").bind(page.title.as_str()).push(", ").bind(page.icon.clone());
        sql.push(", ").bind(page.description.clone()).push(", ").bind(i32::from(page.locked));
        sql.push(", ").bind(page.revision);
        sql.push(", ").bind(page.stamps.created_at.0).push(", ").bind(page.stamps.created_by.as_str());
        sql.push(", ").bind(page.stamps.updated_at.0).push(", ").bind(page.stamps.updated_by.as_str());
        sql.push(", ").bind(page.spec.to_string()).push(")");
        self.execute(sql).await.map(drop)
    }

    /// Writes everything that can change of a page.
    pub async fn update_page(&self, page: &Page) -> Result<()> {
        let mut sql = Sql::new("UPDATE portal_pages SET parent_id = ");
        sql.bind(page.parent).push(", position = ").bind(page.position);
        sql.push(", title = ").bind(page.title.as_str()).push(", icon = ").bind(page.icon.clone());
        sql.push(", description = ").bind(page.description.clone());
        sql.push(", locked = ").bind(i32::from(page.locked)).push(", spec = ").bind(page.spec.to_string());
        sql.push(", revision = ").bind(page.revision);
        sql.push(", updated_at = ").bind(page.stamps.updated_at.0);
        sql.push(", updated_by = ").bind(page.stamps.updated_by.as_str());
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND page_id = ").bind(page.id);
        self.execute(sql).await.map(drop)
    }

    /// Gives pages their places: `(page, position)`.
    pub async fn place_pages(&self, places: &[(i64, i32)]) -> Result<()> {
        for (page, position) in places {
            let mut sql = Sql::new("UPDATE portal_pages SET position = ");
            sql.bind(*position).push(" WHERE tenant_id = ").bind(self.tenant().0);
            sql.push(" AND page_id = ").bind(*page);
            self.execute(sql).await?;
        }
        Ok(())
    }

    pub async fn delete_pages(&self, pages: &[i64]) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM portal_pages WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND page_id IN (").bind_list(pages.iter().copied()).push(")");
        self.execute(sql).await.map(drop)
    }
}

fn page(row: &QueryResult) -> Result<Page> {
    let kind: String = column(row, 2)?;
    Ok(Page {
        id: column(row, 0)?,
        identifier: column(row, 1)?,
        kind: PageKind::parse(&kind).ok_or_else(|| Error::internal(format!("a page is a {kind}")))?,
        parent: column(row, 3)?,
        folder: column(row, 14)?,
        position: column(row, 4)?,
        title: column(row, 5)?,
        icon: column(row, 6)?,
        description: column(row, 7)?,
        locked: column::<i32>(row, 8)? != 0,
        spec: json_column(row, 15)?,
        revision: column(row, 9)?,
        stamps: stamps(row, 10)?,
    })
}
