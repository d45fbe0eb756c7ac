//! Saved views of blueprints: what one person, or everybody, looks at.

use portolan_schema::Result;
use sea_orm::QueryResult;
use serde_json::Value;

use super::{Stamps, stamps};
use crate::TenantScope;
use crate::row::{column, json_column};
use crate::sql::Sql;

/// A saved view.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedView {
    pub id: i64,
    /// Identifier of the blueprint.
    pub blueprint: String,
    /// Who alone has it; None where it is shared.
    pub owner: Option<String>,
    pub title: String,
    /// Rules, order, groups, columns, density.
    pub spec: Value,
    /// Counts its changes, from 1.
    pub revision: i64,
    pub stamps: Stamps,
}

const COLUMNS: &str =
    "view_id, blueprint, owner, title, spec, revision, created_at, created_by, updated_at, updated_by";

impl TenantScope {
    /// The shared views and those of `owner`, the shared ones first, by title; only of one blueprint, where one is named.
    pub async fn saved_views(&self, owner: &str, blueprint: Option<&str>) -> Result<Vec<SavedView>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM saved_views WHERE tenant_id = "));
        sql.bind(self.tenant().0);
        if let Some(blueprint) = blueprint {
            sql.push(" AND blueprint = ").bind(blueprint);
        }
        sql.push(" AND (owner IS NULL OR owner = ").bind(owner);
        sql.push(") ORDER BY CASE WHEN owner IS NULL THEN 0 ELSE 1 END, title, view_id");
        self.all(sql).await?.iter().map(view).collect()
    }

    /// Every view, whoever has it.
    pub async fn all_saved_views(&self) -> Result<Vec<SavedView>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM saved_views WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" ORDER BY view_id");
        self.all(sql).await?.iter().map(view).collect()
    }

    pub async fn saved_view(&self, id: i64) -> Result<Option<SavedView>> {
        let mut sql = Sql::new(&format!("SELECT {COLUMNS} FROM saved_views WHERE tenant_id = "));
        sql.bind(self.tenant().0).push(" AND view_id = ").bind(id);
        self.one(sql).await?.map(|row| view(&row)).transpose()
    }

    /// How many views somebody has; with None, how many are shared.
    pub async fn count_saved_views(&self, owner: Option<&str>) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM saved_views WHERE tenant_id = ");
        sql.bind(self.tenant().0);
        match owner {
            Some(owner) => sql.push(" AND owner = ").bind(owner),
            None => sql.push(" AND owner IS NULL"),
        };
        self.one(sql).await?.map_or(Ok(0), |row| Ok(column::<i64>(&row, 0)?.unsigned_abs()))
    }

    pub async fn insert_saved_view(&self, view: &SavedView) -> Result<()> {
        let mut sql = Sql::new(&format!("INSERT INTO saved_views (tenant_id, {COLUMNS}) VALUES ("));
        sql.bind(self.tenant().0).push(", ").bind(view.id).push(", ").bind(view.blueprint.as_str());
        sql.push(", ").bind(view.owner.clone()).push(", ").bind(view.title.as_str());
        sql.push(", ").bind(view.spec.to_string()).push(", ").bind(view.revision);
        sql.push(", ").bind(view.stamps.created_at.0).push(", ").bind(view.stamps.created_by.as_str());
        sql.push(", ").bind(view.stamps.updated_at.0).push(", ").bind(view.stamps.updated_by.as_str());
        sql.push(")");
        self.execute(sql).await.map(drop)
    }

    /// Writes everything that can change of a view.
    pub async fn update_saved_view(&self, view: &SavedView) -> Result<()> {
        let mut sql = Sql::new("UPDATE saved_views SET blueprint = ");
        sql.bind(view.blueprint.as_str()).push(", owner = ").bind(view.owner.clone());
        sql.push(", title = ").bind(view.title.as_str()).push(", spec = ").bind(view.spec.to_string());
        sql.push(", revision = ").bind(view.revision);
        sql.push(", updated_at = ").bind(view.stamps.updated_at.0);
        sql.push(", updated_by = ").bind(view.stamps.updated_by.as_str());
        sql.push(" WHERE tenant_id = ").bind(self.tenant().0).push(" AND view_id = ").bind(view.id);
        self.execute(sql).await.map(drop)
    }

    pub async fn delete_saved_view(&self, id: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM saved_views WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND view_id = ").bind(id);
        self.execute(sql).await.map(drop)
    }

    /// Removes all views of a blueprint.
    pub async fn delete_saved_views_of(&self, blueprint: &str) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM saved_views WHERE tenant_id = ");
        sql.bind(self.tenant().0).push(" AND blueprint = ").bind(blueprint);
        self.execute(sql).await.map(drop)
    }
}

fn view(row: &QueryResult) -> Result<SavedView> {
    Ok(SavedView {
        id: column(row, 0)?,
        blueprint: column(row, 1)?,
        owner: column(row, 2)?,
        title: column(row, 3)?,
        spec: json_column(row, 4)?,
        revision: column(row, 5)?,
        stamps: stamps(row, 6)?,
    })
}
