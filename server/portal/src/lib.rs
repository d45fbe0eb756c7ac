//! What the web portal keeps for a tenant: pages and folders, saved views, dashboards, preferences, settings. What is in
//! them is checked against the model when it is written, and follows when the model's parts are renamed.

mod dashboard;
mod fields;
mod following;
mod named;
mod page;
mod preferences;
mod sample;
mod settings;
mod starter;
mod subject;
mod supplies;
mod texts;
mod usage;
mod view;

pub use page::{MovePage, NewPage, PageChange};
pub use portolan_store::portal::{Page, PageKind, SavedView};
pub use preferences::{Density, Onboarding, Preferences, PreferencesChange, Recent, RecentKind, Step, Theme};
pub use sample::SampleWorkspace;
pub use settings::{PortalSettings, SettingsChange};
pub use starter::{StarterModel, StarterOutcome};
pub use supplies::{Sample, Source, Supplies};
pub use usage::{Usage, Used};
pub use view::{NewView, Pinned, ViewChange};

use std::sync::Arc;

use portolan_catalog::{Catalog, OpContext};
use portolan_schema::{CatalogModel, Code, Error, Instant, Result};
use portolan_store::portal::Stamps;
use portolan_store::{Store, TenantScope};

/// The portals of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    store: Store,
    catalog: Catalog,
    supplies: Arc<Supplies>,
}

impl Portal {
    pub fn new(store: Store, catalog: Catalog, supplies: Supplies) -> Self {
        catalog.add_follower(Arc::new(following::Names));
        Self { store, catalog, supplies: Arc::new(supplies) }
    }

    /// A transaction in which neither the model nor the portal is changed by others, and the model.
    async fn begin(&self, ctx: &OpContext) -> Result<(TenantScope, Arc<CatalogModel>)> {
        let scope = self.store.write(ctx.tenant()).await?;
        scope.lock_head().await?;
        let model = self.catalog.model_in(&scope).await?;
        Ok((scope, model))
    }
}

/// The present time. The only clock of this crate.
fn now() -> Instant {
    chrono::Utc::now().into()
}

fn stamps(ctx: &OpContext) -> Stamps {
    let (at, by) = (now(), ctx.actor().stamp());
    Stamps { created_at: at, created_by: by.clone(), updated_at: at, updated_by: by }
}

fn restamp(stamps: &mut Stamps, ctx: &OpContext) {
    stamps.updated_at = now();
    stamps.updated_by = ctx.actor().stamp();
}

/// # Errors
/// `CONFLICT` where another revision is expected.
fn expect_revision(what: &str, present: i64, expected: Option<i64>) -> Result<()> {
    match expected.filter(|wanted| *wanted != present) {
        None => Ok(()),
        Some(wanted) => {
            let message = format!("{what} is at revision {present}, not {wanted}");
            Err(Error::problem(Code::Conflict, message))
        }
    }
}
