//! The ingestor itself: settings, sign-in, then kind by kind.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Descriptor, Discreet, IngestError, Ingestor, KindRequest, Settings, Sink, SourceError, read_kind,
};
use portolan_schema::{Code, Pointer, Problems};

use crate::descriptor::descriptor;
use crate::kinds::{self, account, bucket, region, regional, role};
use crate::session::Session;
use crate::settings::{self, Config};

/// Hold tokens of roles that were assumed.
const SECRET_HEADERS: &[&str] = &["x-amz-security-token"];

/// Reads Amazon Web Services.
pub struct Aws {
    descriptor: Descriptor,
}

impl Aws {
    pub fn new() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Default for Aws {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for Aws {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn validate(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        settings::parse(settings, context).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let (config, keys) = settings::parse(settings, context)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let asked = async {
            let session = Session::open(&config, &keys, context).await?;
            check_regions(&session, &config).await
        };
        context.check_unless_cancelled("AWS", asked).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let (config, keys) = settings::parse(settings, context)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let work = async {
            let session = Session::open(&config, &keys, context).await?;
            let run = Run { session, config, sink };
            run.all(kinds).await
        };
        context.unless_cancelled(work).await
    }
}

/// Regions that are named must exist and be enabled, as far as we may ask.
async fn check_regions(session: &Session, config: &Config) -> Result<(), Problems> {
    let enabled = match region::list(session).await {
        Ok(regions) => region::names(&regions),
        Err(error) if error.code == Code::UpstreamForbidden && !config.wants_all_regions() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut problems = Problems::default();
    let at = Pointer::root().key("config").key("regions");
    for (index, name) in config.regions.iter().enumerate() {
        if !config.wants_all_regions() && !enabled.contains(name) {
            let message = format!("the region {name} does not exist or is not enabled for the account");
            problems.add(Code::InvalidValue, at.index(index), message);
        }
    }
    problems.into_result(())
}

/// One collection.
struct Run<'a> {
    session: Session,
    config: Config,
    sink: &'a dyn Sink,
}

impl Run<'_> {
    async fn all(&self, kinds: &[KindRequest]) -> Result<(), IngestError> {
        let regions = self.regions(kinds).await;
        for request in kinds {
            read_kind(self.sink, &request.kind, self.one(&request.kind, &regions)).await?;
        }
        Ok(())
    }

    async fn one(&self, kind: &str, regions: &Result<Vec<String>, SourceError>) -> Result<(), IngestError> {
        let (session, sink) = (&self.session, self.sink);
        if let Some(list) = kinds::regional(kind) {
            let regions = regions.as_ref().map_err(Clone::clone)?;
            return regional::collect(&*list, session, regions, sink).await;
        }
        match kind {
            _ if kind == account::KIND.name => account::collect(session, sink).await,
            _ if kind == region::KIND.name => region::collect(session, sink).await,
            _ if kind == bucket::KIND.name => bucket::collect(session, sink).await,
            _ if kind == role::KIND.name => role::collect(session, sink).await,
            _ => {
                let known = kinds::ALL.map(|kind| kind.name).join(", ");
                let message = format!("aws has no kind \"{kind}\"; its kinds are {known}");
                Err(SourceError::new(Code::InvalidMapping, message).into())
            }
        }
    }

    /// The regions to read. Asked once a run, and only if a requested kind needs them; a failure is each such kind's.
    async fn regions(&self, requests: &[KindRequest]) -> Result<Vec<String>, SourceError> {
        let needed = requests.iter().any(|request| kinds::regional(&request.kind).is_some());
        if !self.config.wants_all_regions() || !needed {
            return Ok(self.config.regions.clone());
        }
        Ok(region::names(&region::list(&self.session).await?))
    }
}
