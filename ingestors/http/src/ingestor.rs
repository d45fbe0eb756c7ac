//! The ingestor itself: settings, the check, then kind by kind.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Descriptor, IngestError, Ingestor, KindRequest, Settings, Sink, SourceError,
};
use portolan_schema::{Code, Problems};

use crate::descriptor::descriptor;
use crate::settings::{self, Wanted};
use crate::source::Source;

/// Reads lists of any JSON API.
pub struct HttpPull {
    descriptor: Descriptor,
}

impl HttpPull {
    pub fn new() -> Self {
        Self { descriptor: descriptor() }
    }
}

impl Default for HttpPull {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for HttpPull {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn validate(&self, settings: &Settings, _context: &Context) -> Result<(), Problems> {
        settings::parse(settings).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let wanted = settings::parse(settings)?;
        let source = Source::open(settings, context, wanted.headers.clone());
        let asked = async {
            if let Some(url) = &wanted.check {
                source.get(url).await?;
            }
            match wanted.first() {
                Some(list) => Ok(list.look(&source).await?),
                None => Ok::<(), Problems>(()),
            }
        };
        context.check_unless_cancelled("the API", asked).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let wanted = settings::parse(settings)?;
        let source = Source::open(settings, context, wanted.headers.clone());
        context.unless_cancelled(all(&wanted, &source, kinds, sink)).await
    }
}

async fn all(
    wanted: &Wanted,
    source: &Source,
    kinds: &[KindRequest],
    sink: &dyn Sink,
) -> Result<(), IngestError> {
    let mut known = false;
    if let Some(url) = wanted.check.as_ref().filter(|_| !kinds.is_empty()) {
        source.get(url).await?;
        known = true;
    }
    for request in kinds {
        let kind = request.kind.as_str();
        sink.kind_started(kind).await?;
        match one(wanted, source, request, sink).await {
            Ok(()) => {
                known = true;
                sink.kind_done(kind).await?;
            }
            // Nobody has vouched for address and credentials yet: they are the run's matter, not the kind's.
            Err(IngestError::Source(error)) if !known && error.is_general() => return Err(error.into()),
            Err(IngestError::Source(error)) => {
                tracing::debug!(kind, code = %error.code, "a kind failed");
                sink.kind_failed(kind, &error).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn one(
    wanted: &Wanted,
    source: &Source,
    request: &KindRequest,
    sink: &dyn Sink,
) -> Result<(), IngestError> {
    let Some(list) = wanted.lists.iter().find(|list| list.kind == request.kind) else {
        let known: Vec<&str> = wanted.lists.iter().map(|list| list.kind.as_str()).collect();
        let message =
            format!("the settings name no list \"{}\"; their lists are {}", request.kind, known.join(", "));
        return Err(SourceError::new(Code::InvalidMapping, message).into());
    };
    list.collect(source, request.checkpoint.as_ref(), sink).await
}
