//! What people make in the portal: pages, saved views, preferences, the tenant's settings. What their JSON says is the
//! capability's to know.

mod page;
mod preferences;
mod settings;
mod view;

pub use page::{Page, PageKind};
pub use settings::Settings;
pub use view::SavedView;

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use crate::row::column;

/// When and by whom something was made and last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamps {
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
}

/// Four columns.
fn stamps(row: &QueryResult, from: usize) -> Result<Stamps> {
    Ok(Stamps {
        created_at: Instant(column(row, from)?),
        created_by: column(row, from + 1)?,
        updated_at: Instant(column(row, from + 2)?),
        updated_by: column(row, from + 3)?,
    })
}
