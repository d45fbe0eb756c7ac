//! Integrations: one tenant's configured use of an ingestor, its runs (stage → plan → guard → commit), and the deliveries
//! of its source between runs.

mod access;
mod check;
mod configuration;
mod deliveries;
mod documents;
mod files;
mod follow;
mod following;
mod guard;
mod hook;
mod http;
mod lease;
mod live;
mod masked;
mod place;
mod preview;
mod remote;
mod run;
mod schedule;

pub use check::Check;
pub use configuration::{IntegrationChange, NewIntegration};
pub use deliveries::{MAX_BODY, MAX_WAITING};
pub use documents::{AppliedIntegration, DocumentKind};
pub use follow::{FollowingState, FollowingStatus};
pub use portolan_ingestor_contract::{Descriptor, Ingestor, KindRequest};
pub use portolan_store::integration::{
    Blocked, DeliveryStatus, Integration, KindCounts, KindStatus, LogLevel, LogLine, Run, RunKind, RunStatus,
    StoredDelivery,
};
pub use preview::{Preview, PreviewError};
pub use remote::{RemoteChange, RemoteState};
pub use run::{Closing, Intake, KindEnd, Receipt, Receipts, RunnerConfig};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use portolan_catalog::Catalog;
use portolan_foundation::files::FileRoots;
use portolan_foundation::jq::JqPool;
use portolan_foundation::outbound::Outbound;
use portolan_foundation::secrets::Sealer;
use portolan_schema::{Code, Error, Instant, Pointer, Result};
use portolan_store::Store;
use tokio::sync::Notify;

use crate::run::Halt;

/// What ingestors may reach: addresses, and files of this machine.
#[derive(Clone)]
pub struct Reach {
    pub outbound: Outbound,
    pub files: FileRoots,
}

impl From<Outbound> for Reach {
    /// No files.
    fn from(outbound: Outbound) -> Self {
        Self { outbound, files: FileRoots::default() }
    }
}

/// The integrations of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Integrations(Arc<Inner>);

struct Inner {
    store: Store,
    catalog: Catalog,
    sealer: Sealer,
    jq: JqPool,
    reach: Reach,
    ingestors: Vec<Box<dyn Ingestor>>,
    runner: RunnerConfig,
    /// Tells the runner of this process that there is something to do.
    wake: Notify,
    /// Tells it that a delivery came.
    delivered: Notify,
    /// How to stop the runs that this process is at work on.
    at_work: Mutex<HashMap<i64, Arc<Halt>>>,
}

impl Integrations {
    pub fn new(
        store: Store,
        catalog: Catalog,
        sealer: Sealer,
        jq: JqPool,
        reach: impl Into<Reach>,
        ingestors: Vec<Box<dyn Ingestor>>,
    ) -> Self {
        Self::with_runner(store, catalog, sealer, jq, reach, ingestors, RunnerConfig::default())
    }

    /// [`Integrations::new`] with other times.
    pub fn with_runner(
        store: Store,
        catalog: Catalog,
        sealer: Sealer,
        jq: JqPool,
        reach: impl Into<Reach>,
        ingestors: Vec<Box<dyn Ingestor>>,
        runner: RunnerConfig,
    ) -> Self {
        catalog.add_follower(Arc::new(following::Mappings));
        Self(Arc::new(Inner {
            store,
            catalog,
            sealer,
            jq,
            reach: reach.into(),
            ingestors,
            runner,
            wake: Notify::new(),
            delivered: Notify::new(),
            at_work: Mutex::default(),
        }))
    }

    /// Every kind of source that can be integrated.
    pub fn ingestors(&self) -> impl Iterator<Item = &Descriptor> {
        self.0.ingestors.iter().map(|ingestor| ingestor.descriptor())
    }

    fn ingestor(&self, name: &str) -> Result<&dyn Ingestor> {
        let found = self.0.ingestors.iter().find(|ingestor| ingestor.descriptor().name == name);
        found.map(AsRef::as_ref).ok_or_else(|| {
            let known: Vec<&str> = self.ingestors().map(|descriptor| descriptor.name).collect();
            let message = format!("\"{name}\" is not an ingestor; there are {}", known.join(", "));
            Error::at(Code::InvalidValue, Pointer::root().key("ingestor"), message)
        })
    }
}

/// The present time. The only clock of this crate.
fn now() -> Instant {
    chrono::Utc::now().into()
}
