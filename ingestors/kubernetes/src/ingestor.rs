//! The ingestor itself: settings, discovery, then lists or watches.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Descriptor, Discreet, EventSink, IngestError, Ingestor, KindRequest, Settings, Sink,
};
use portolan_schema::{Code, Pointer, Problem, Problems};

use crate::api::Api;
use crate::collect::Run;
use crate::descriptor::descriptor;
use crate::discovery::Discovery;
use crate::fault::Fault;
use crate::follow::Following;
use crate::kinds;
use crate::list::{Page, Pages};
use crate::object::Object;
use crate::owners::Owners;
use crate::selection;
use crate::settings::{self, Target};

/// Hold the token.
const SECRET_HEADERS: &[&str] = &["authorization"];

/// Reads a Kubernetes cluster.
pub struct Kubernetes {
    descriptor: Descriptor,
}

impl Kubernetes {
    pub fn new() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self::new()
    }
}

/// The cluster's API, whose errors quote no secret.
fn api(settings: &Settings, target: &Target, context: &Context) -> Api {
    Api::new(target, &Discreet::wrap(context, &target.access.secrets(settings), SECRET_HEADERS))
}

#[async_trait]
impl Ingestor for Kubernetes {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn validate(&self, settings: &Settings, _context: &Context) -> Result<(), Problems> {
        settings::parse(settings).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let target = settings::parse(settings)?;
        let api = api(settings, &target, context);
        context.check_unless_cancelled("the cluster", check(&api, &target)).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let target = settings::parse(settings)?;
        let api = api(settings, &target, context);
        let work = async {
            let discovery = Discovery::open(&api).await?;
            let owners = Owners::of_lists(&api, &target.config);
            Run { api: &api, config: &target.config, discovery, owners, sink }.all(kinds).await
        };
        context.unless_cancelled(work).await
    }

    fn wants_following(&self, settings: &Settings) -> bool {
        settings::parse(settings).is_ok_and(|target| target.config.follow)
    }

    async fn follow(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn EventSink,
    ) -> Result<(), IngestError> {
        let target = settings::parse(settings)?;
        let api = api(settings, &target, context);
        let work = async {
            let discovery = Discovery::open(&api).await?;
            let owners = Owners::of_events(&api, &target.config);
            Following { api: &api, config: &target.config, discovery, owners, sink }.all(kinds).await
        };
        context.unless_cancelled(work).await
    }
}

/// Whether the first kind that is to be read (pods, unless the settings say) can be listed.
async fn check(api: &Api, target: &Target) -> Result<(), Problems> {
    let discovery = Discovery::open(api).await?;
    let config = &target.config;
    let mut problems = Problems::default();
    let at = Pointer::root().key("config").key("kinds");
    let mut first = None;
    for (index, kind) in config.kinds.iter().enumerate().filter(|(_, kind)| *kind != kinds::CLUSTER.name) {
        // Without the aggregated form each group costs a request.
        if !discovery.is_whole() && (index > 0 || kinds::group_of(kind).is_none()) {
            continue;
        }
        match discovery.find(api, kind).await {
            Ok(resource) => {
                first.get_or_insert(resource);
            }
            Err(error) if error.code == Code::InvalidMapping => {
                problems.0.push(Problem::new(Code::InvalidValue, at.index(index), error.message));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let resource = match first {
        Some(resource) => resource,
        None if config.kinds.is_empty() => discovery.find(api, "pods").await?,
        None => return Ok(()),
    };
    let scopes = selection::scopes(&resource, &serde_json::Map::new(), config)?;
    if let Some(scope) = scopes.first() {
        let page = Pages::slim(api, &resource, scope).single().read::<Object>("").await;
        let _: Page<Object> = page.map_err(|fault: Fault| fault.error)?;
    }
    Ok(())
}
