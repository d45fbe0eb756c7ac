//! The ingestor itself: settings, sign-in, then kind by kind.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Delivery, Descriptor, Discreet, Event, IngestError, Ingestor, KindRequest, Level, Settings, Sink,
};
use portolan_schema::{Code, Pointer, Problems};
use tokio::sync::mpsc::unbounded_channel;

use crate::descriptor::descriptor;
use crate::events;
use crate::kinds::{Run, organization};
use crate::repositories::Repositories;
use crate::session::Session;
use crate::settings::{self, Config};

/// Holds the tokens of installations.
const SECRET_HEADERS: &[&str] = &["authorization"];
/// Named organizations that a check asks for: it asks as little as possible.
const CHECKED: usize = 3;

/// Reads GitHub.
pub struct Github {
    descriptor: Descriptor,
}

impl Github {
    pub fn new() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Default for Github {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for Github {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn validate(&self, settings: &Settings, _context: &Context) -> Result<(), Problems> {
        settings::parse(settings).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let (config, _, access) = settings::parse(settings)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let asked = async {
            let session = Session::new(&config, access, context, None)?.open(&config).await?;
            check_organizations(&session, &config).await
        };
        context.check_unless_cancelled("GitHub", asked).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let (config, _, access) = settings::parse(settings)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let (notices, mut noticed) = unbounded_channel();
        let work = async {
            let session = Session::new(&config, access, context, Some(notices))?.open(&config).await?;
            Run { session, repositories: Repositories::default(), sink }.all(kinds).await
        };
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = context.cancellation.cancelled() => return Err(IngestError::Cancelled),
                Some(notice) = noticed.recv() => sink.log(Level::Info, None, &notice, None).await?,
                result = &mut work => return result,
            }
        }
    }

    fn authenticate(&self, settings: &Settings, delivery: &Delivery) -> Result<(), Problems> {
        events::signature::check(settings, delivery)
    }

    fn delivery_key(&self, _: &Settings, delivery: &Delivery) -> Option<String> {
        let key = delivery.headers.get(events::DELIVERY)?.to_str().ok()?;
        Some(key.to_owned())
    }

    async fn events(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        delivery: &Delivery,
        context: &Context,
    ) -> Result<Vec<Event>, IngestError> {
        let (config, keys, access) = settings::parse(settings)?;
        let context = &Discreet::wrap(context, settings, SECRET_HEADERS);
        let read = async {
            let session = Session::new(&config, access, context, None)?;
            events::read(session, &config, &keys, kinds, delivery).await
        };
        context.unless_cancelled(read).await
    }
}

/// Organizations that are named must be there.
async fn check_organizations(session: &Session, config: &Config) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let at = Pointer::root().key("config").key("organizations");
    if !session.is_app() {
        for (index, name) in config.organizations.iter().take(CHECKED).enumerate() {
            match organization::read(session, name).await {
                Ok(_) => {}
                Err(fault) if fault.is_missing() => {
                    let message = format!("there is no organization {name}, or the token may not see it");
                    problems.add(Code::InvalidValue, at.index(index), message);
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }
    problems.into_result(())
}
