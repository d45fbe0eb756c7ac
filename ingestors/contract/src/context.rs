//! What an ingestor is given to work with: the only ways out of its own code.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use portolan_schema::Problems;
use tokio_util::sync::CancellationToken;

use crate::{Files, Http, IngestError, NoFiles, RetryPolicy, SourceError};

/// Tells the time. A trait, so that a test can hold it still.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The surroundings of one check or run.
#[derive(Clone)]
pub struct Context {
    /// The server's guarded client: it decides which addresses may be reached. All traffic to the source goes through it.
    pub http: Arc<dyn Http>,
    /// Files of the machine, below the directories that the operator allows.
    pub files: Arc<dyn Files>,
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the run is cancelled or the server stops.
    pub cancellation: CancellationToken,
    /// How often and how patiently a call is tried again.
    pub retry: RetryPolicy,
    /// Items a page to ask for; none = the source's own default.
    pub page_size: Option<u32>,
    /// Whether the server's own cloud identity may be used where the settings have no credentials. Only the operator
    /// grants this.
    pub ambient_credentials: bool,
    /// Made by the server, one a tenant: the proof towards a role that it is assumed for this tenant.
    pub external_id: Option<String>,
}

impl Context {
    /// A context with the machine's clock, nothing granted and the usual patience.
    pub fn new(http: Arc<dyn Http>) -> Self {
        Self {
            http,
            files: Arc::new(NoFiles),
            clock: Arc::new(SystemClock),
            cancellation: CancellationToken::new(),
            retry: RetryPolicy::default(),
            page_size: None,
            ambient_credentials: false,
            external_id: None,
        }
    }

    /// What the work comes to, or [`IngestError::Cancelled`] as soon as the token is cancelled.
    ///
    /// # Errors
    /// Those of the work, and that one.
    pub async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, IngestError>>,
    ) -> Result<T, IngestError> {
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(IngestError::Cancelled),
            result = work => result,
        }
    }

    /// The same for a check; `source` is who is asked, for people.
    ///
    /// # Errors
    /// Those of the check, and `UPSTREAM_UNREACHABLE`.
    pub async fn check_unless_cancelled(
        &self,
        source: &str,
        asked: impl Future<Output = Result<(), Problems>>,
    ) -> Result<(), Problems> {
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => {
                let message = format!("the check was cancelled before {source} answered");
                Err(SourceError::unreachable(message).into())
            }
            result = asked => result,
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("page_size", &self.page_size)
            .field("ambient_credentials", &self.ambient_credentials)
            .finish_non_exhaustive()
    }
}
