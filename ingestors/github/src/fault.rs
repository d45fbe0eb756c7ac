//! What GitHub's refusals mean: which are worth another try, and which code and sentence a person sees.

use bytes::Bytes;
use http::header::{HeaderMap, RETRY_AFTER};
use portolan_ingestor_contract::{IngestError, Outcome, SourceError};
use portolan_schema::{Code, Error, Problems};
use serde_json::Value;

/// A request that did not bring what it was for.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// The answer's status; 0 where none came, or where it makes no sense.
    pub status: u16,
    pub error: SourceError,
}

impl Fault {
    /// An answer that succeeds and makes no sense.
    pub fn nonsense(message: impl AsRef<str>) -> Self {
        Self { status: 0, error: SourceError::failed(message) }
    }

    /// The credentials may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.error.code == Code::UpstreamForbidden
    }

    /// It is not there, or must not be known to be there.
    pub fn is_missing(&self) -> bool {
        self.status == 404
    }

    /// Asking for more would end alike.
    pub fn is_hopeless(&self) -> bool {
        matches!(
            self.error.code,
            Code::UpstreamUnreachable
                | Code::UpstreamThrottled
                | Code::UpstreamUnauthorized
                | Code::AddressRefused
        )
    }
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        Self { status: 0, error }
    }
}

impl From<Fault> for SourceError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl From<Fault> for IngestError {
    fn from(fault: Fault) -> Self {
        fault.error.into()
    }
}

impl From<Fault> for Problems {
    fn from(fault: Fault) -> Self {
        fault.error.into()
    }
}

/// Why a kind was not read to its end.
#[derive(Debug)]
pub(crate) enum Trouble {
    Source(Fault),
    Sink(Error),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Source(fault)
    }
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Self {
        Self::Source(error.into())
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Sink(error)
    }
}

impl From<Trouble> for IngestError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Source(fault) => fault.into(),
            Trouble::Sink(error) => error.into(),
        }
    }
}

/// What an error answer says of itself.
pub(crate) fn message(response: &http::Response<Bytes>) -> Option<String> {
    let body: Value = serde_json::from_slice(response.body()).ok()?;
    Some(body.get("message")?.as_str()?.to_owned())
}

/// A header that holds a number.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Whether GitHub asks to slow down, in one of its forms: 429; 403 with `Retry-After` (secondary limits), with no
/// requests left (the hourly limit), or with a sentence that says so (GitHub Enterprise Server sends no headers with it).
pub(crate) fn is_throttled(response: &http::Response<Bytes>) -> bool {
    match response.status().as_u16() {
        429 => true,
        403 => {
            let headers = response.headers();
            headers.contains_key(RETRY_AFTER)
                || number(headers, "x-ratelimit-remaining") == Some(0)
                || message(response).is_some_and(|message| {
                    let message = message.to_ascii_lowercase();
                    message.contains("rate limit") || message.contains("abuse detection")
                })
        }
        _ => false,
    }
}

/// Whether the same request may succeed later.
pub(crate) fn judge(response: &http::Response<Bytes>) -> Outcome {
    let failed = matches!(response.status().as_u16(), 500 | 502 | 503 | 504);
    if failed || is_throttled(response) { Outcome::Again } else { Outcome::Final }
}

/// The fault of an answer to `call` (such as `GET /orgs/acme/repos`) that is no success.
pub(crate) fn from_answer(call: &str, response: &http::Response<Bytes>) -> Fault {
    let status = response.status().as_u16();
    let told = message(response).map_or(String::new(), |message| format!(": {message}"));
    let error = match status {
        _ if is_throttled(response) => {
            let until = number(response.headers(), "x-ratelimit-reset")
                .filter(|_| number(response.headers(), "x-ratelimit-remaining") == Some(0))
                .and_then(|reset| chrono::DateTime::from_timestamp(reset, 0))
                .map_or(String::new(), |at| {
                    format!(" (requests are allowed again at {})", at.format("%FT%TZ"))
                });
            SourceError::throttled(format!("GitHub asks to slow down after {call}{until}{told}"))
        }
        401 => SourceError::unauthorized(format!("GitHub refused the credentials for {call}{told}")),
        403 if response.headers().contains_key("x-github-sso") => SourceError::forbidden(format!(
            "{call} is forbidden: the token has to be authorized for the organization's single sign-on{told}"
        )),
        403 => SourceError::forbidden(format!("{call} is forbidden{told}")),
        404 if !told.is_empty() => SourceError::failed(format!(
            "{call} found nothing: it does not exist, or the credentials may not see it{told}"
        )),
        _ => SourceError::failed(format!("{call} failed (status {status}){told}")),
    };
    Fault { status, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&str, &str)], message: &str, again: bool, code: Code) {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(format!("{{\"message\": \"{message}\"}}").into()).unwrap();
        assert_eq!(judge(&response) == Outcome::Again, again, "{status} {message}");
        assert_eq!(from_answer("GET /x", &response).error.code, code, "{status} {message}");
    }

    #[test]
    fn refusals_are_told_apart() {
        let (throttled, failed) = (Code::UpstreamThrottled, Code::UpstreamFailed);
        check(429, &[], "", true, throttled);
        check(403, &[("retry-after", "60")], "You have exceeded a secondary rate limit.", true, throttled);
        check(403, &[("x-ratelimit-remaining", "0")], "no", true, throttled);
        check(403, &[], "API rate limit exceeded for user ID 1.", true, throttled);
        check(403, &[], "You have triggered an abuse detection mechanism.", true, throttled);
        let denied = "Resource not accessible by integration";
        check(403, &[("x-ratelimit-remaining", "4999")], denied, false, Code::UpstreamForbidden);
        check(401, &[], "Bad credentials", false, Code::UpstreamUnauthorized);
        check(404, &[], "Not Found", false, failed);
        check(410, &[], "Issues are disabled for this repo", false, failed);
        check(422, &[], "Validation Failed", false, failed);
        for status in [500, 502, 503, 504] {
            check(status, &[], "", true, failed);
        }
    }
}
