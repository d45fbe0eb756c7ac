//! Integrations: one tenant's configured use of an ingestor, and its runs (stage → plan → guard → commit).

mod collection;
mod commit;
mod configuration;
mod following;
mod http;
mod run;

pub use configuration::NewIntegration;
pub use portolan_ingestor_contract::{Descriptor, Ingestor};
pub use portolan_store::integration::{Integration, Run, RunKind};

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use portolan_catalog::Catalog;
use portolan_foundation::jq::JqPool;
use portolan_foundation::outbound::Outbound;
use portolan_foundation::secrets::Sealer;
use portolan_schema::{Code, Error, Instant, Pointer, Result};
use portolan_store::Store;

/// The integrations of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Integrations(Arc<Inner>);

struct Inner {
    store: Store,
    catalog: Catalog,
    sealer: Sealer,
    jq: JqPool,
    outbound: Outbound,
    ingestors: Vec<Box<dyn Ingestor>>,
    /// Runs that this process is at work on.
    at_work: Mutex<HashSet<i64>>,
}

impl Integrations {
    pub fn new(
        store: Store,
        catalog: Catalog,
        sealer: Sealer,
        jq: JqPool,
        outbound: Outbound,
        ingestors: Vec<Box<dyn Ingestor>>,
    ) -> Self {
        catalog.add_follower(Arc::new(following::Mappings));
        Self(Arc::new(Inner { store, catalog, sealer, jq, outbound, ingestors, at_work: Mutex::default() }))
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
