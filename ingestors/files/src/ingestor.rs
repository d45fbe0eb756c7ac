//! The ingestor itself: settings, the check, then format by format.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Defaults, Descriptor, IngestError, Ingestor, KindRequest, Settings, Sink, SourceError, read_kind,
};
use portolan_schema::{Code, Problems};
use serde_json::Value;

use crate::descriptor;
use crate::format::Format;
use crate::reading::{Reading, is_meant, nothing};
use crate::settings::{self, Wanted};
use crate::source::{self, Place, Source};

/// Reads files.
pub struct Files {
    descriptor: Descriptor,
}

impl Files {
    pub fn new() -> Self {
        Self { descriptor: descriptor::descriptor() }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for Files {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Those of the format that is configured.
    fn defaults(&self, config: &Value) -> Defaults {
        descriptor::defaults(config["format"].as_str().and_then(Format::parse))
    }

    fn validate(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        settings::parse(settings, context).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let wanted = settings::parse(settings, context)?;
        let asked = async {
            let source = source::open(&wanted, settings, context).await?;
            Ok(look(&wanted, &*source).await?)
        };
        context.check_unless_cancelled("the source", asked).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let wanted = settings::parse(settings, context)?;
        let work = async {
            let (known, unknown): (Vec<_>, Vec<_>) = kinds
                .iter()
                .partition(|request| wanted.format.kinds().iter().any(|kind| kind.name == request.kind));
            if !known.is_empty() {
                let source = source::open(&wanted, settings, context).await?;
                Reading { wanted: &wanted, source: &*source, sink }.all(&known).await?;
            }
            for request in unknown {
                let failed = async { Err(unknown_kind(&wanted, &request.kind)) };
                read_kind::<SourceError>(sink, &request.kind, failed).await?;
            }
            Ok(())
        };
        context.unless_cancelled(work).await
    }
}

/// The first file that would be read, of the first page that has any.
async fn look(wanted: &Wanted, source: &dyn Source) -> Result<(), SourceError> {
    /// Pages of a list that a check looks at.
    const PAGES: usize = 3;
    let mut place = Place::Start;
    for _ in 0..PAGES {
        let page = source.page(&place).await?;
        if let Some(file) = page.files.iter().find(|file| is_meant(wanted, source, file)) {
            return wanted.format.look(source, file, wanted).await;
        }
        match page.next {
            Some(next) => place = next,
            None => return Err(nothing(wanted)),
        }
    }
    Ok(())
}

fn unknown_kind(wanted: &Wanted, kind: &str) -> SourceError {
    let format = wanted.format.as_str();
    let known: Vec<&str> = wanted.format.kinds().iter().map(|kind| kind.name).collect();
    let message =
        format!("files of the format {format} have no \"{kind}\"; their kinds are {}", known.join(", "));
    SourceError::new(Code::InvalidMapping, message)
}
