//! Why a source, a kind or a whole collection failed.

use portolan_schema::{Code, Error, Pointer, Problem, Problems};

use crate::HttpError;

/// Longest message kept of what a source said, in characters.
const MAX_MESSAGE: usize = 500;

/// What went wrong at the source: a code and a sentence that holds no secret, fit to be shown to a tenant's people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SourceError {
    pub code: Code,
    pub message: String,
}

impl SourceError {
    /// Control characters in the message become spaces, and it is cut at 500 characters.
    pub fn new(code: Code, message: impl AsRef<str>) -> Self {
        let mut clean: String = message
            .as_ref()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(MAX_MESSAGE + 1)
            .collect();
        if clean.chars().count() > MAX_MESSAGE {
            clean.pop();
            clean.push('…');
        }
        Self { code, message: clean }
    }

    /// The credentials were refused.
    pub fn unauthorized(message: impl AsRef<str>) -> Self {
        Self::new(Code::UpstreamUnauthorized, message)
    }

    /// The credentials are known but may not do this.
    pub fn forbidden(message: impl AsRef<str>) -> Self {
        Self::new(Code::UpstreamForbidden, message)
    }

    /// No answer came.
    pub fn unreachable(message: impl AsRef<str>) -> Self {
        Self::new(Code::UpstreamUnreachable, message)
    }

    /// The source still asked to slow down after every try.
    pub fn throttled(message: impl AsRef<str>) -> Self {
        Self::new(Code::UpstreamThrottled, message)
    }

    /// The answer is an error or makes no sense.
    pub fn failed(message: impl AsRef<str>) -> Self {
        Self::new(Code::UpstreamFailed, message)
    }

    /// What kept a request to `target` (a host, or the name of a service) from being answered.
    pub fn from_http(target: &str, error: &HttpError) -> Self {
        match error {
            HttpError::Refused { address } => Self::new(
                Code::AddressRefused,
                format!("the address {address} of {target} is not allowed by the operator of this server"),
            ),
            HttpError::Unreachable { detail } => {
                Self::unreachable(format!("{target} cannot be reached: {detail}"))
            }
            HttpError::Timeout => Self::unreachable(format!("{target} did not answer in time")),
            HttpError::TooLarge { limit } => {
                Self::failed(format!("the answer of {target} is larger than {limit} bytes"))
            }
        }
    }

    /// Whether it is about the source as a whole rather than about what was asked: then the next request would meet it too.
    pub fn is_general(&self) -> bool {
        matches!(
            self.code,
            Code::UpstreamUnauthorized
                | Code::UpstreamUnreachable
                | Code::UpstreamThrottled
                | Code::AddressRefused
        )
    }

    /// The error as a problem of the whole input, as `check` reports it.
    pub fn to_problem(&self) -> Problem {
        Problem::new(self.code, Pointer::root(), self.message.clone())
    }
}

impl From<SourceError> for Problems {
    fn from(error: SourceError) -> Self {
        error.to_problem().into()
    }
}

/// Why a collection ended early.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The settings are wrong; all problems, with paths below `/config` and `/secrets`.
    #[error("{0}")]
    Settings(Problems),
    /// The source could not be used at all.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The context's token was cancelled.
    #[error("the run was cancelled")]
    Cancelled,
    /// The sink did not take what it was given.
    #[error(transparent)]
    Sink(Error),
}

impl From<Error> for IngestError {
    fn from(error: Error) -> Self {
        Self::Sink(error)
    }
}

impl From<Problems> for IngestError {
    fn from(problems: Problems) -> Self {
        Self::Settings(problems)
    }
}
