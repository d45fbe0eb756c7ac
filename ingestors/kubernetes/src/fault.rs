//! What an API server's errors mean: which are worth another try, and which code and sentence a person sees.

use bytes::Bytes;
use portolan_ingestor_contract::{HttpError, Outcome, SourceError};
use serde::Deserialize;

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// The status of the answer; none where no whole answer came.
    pub status: Option<u16>,
    /// The answer was larger than is allowed.
    pub too_large: bool,
    pub error: SourceError,
}

impl From<Fault> for SourceError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl Fault {
    /// An answer that succeeds and makes no sense.
    pub fn nonsense(call: &str) -> Self {
        let message = format!("the answer to \"{call}\" is not what a Kubernetes API server sends");
        Self { status: None, too_large: false, error: SourceError::failed(message) }
    }

    /// No whole answer came.
    pub fn from_http(target: &str, error: &HttpError) -> Self {
        let too_large = matches!(error, HttpError::TooLarge { .. });
        Self { status: None, too_large, error: SourceError::from_http(target, error) }
    }

    /// The answer is an error.
    pub fn from_answer(call: &str, status: u16, body: &[u8]) -> Self {
        let told: Status = serde_json::from_slice(body).unwrap_or_default();
        let said = match told.message.trim() {
            "" => format!(" (status {status})"),
            message => format!(": {message}"),
        };
        let error = match status {
            // What is refused may be quoted.
            401 => SourceError::unauthorized(format!(
                "the API server refused the credentials for \"{call}\": they are unknown or have expired"
            )),
            403 => SourceError::forbidden(format!("the credentials may not \"{call}\"{said}")),
            429 => SourceError::throttled(format!("the API server keeps asking to slow down (\"{call}\")")),
            _ => SourceError::failed(format!("\"{call}\" failed{said}")),
        };
        Self { status: Some(status), too_large: false, error }
    }

    /// The place in a list or watch is no longer known.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// What an API server says of a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub message: String,
    pub reason: String,
    pub code: u16,
}

impl Status {
    /// The place in a watch is no longer known.
    pub fn is_gone(&self) -> bool {
        self.code == 410 || matches!(self.reason.as_str(), "Expired" | "Gone")
    }
}

/// Whether the same request may succeed later.
pub(crate) fn judge(response: &http::Response<Bytes>) -> Outcome {
    match response.status().as_u16() {
        429 | 500 | 502 | 503 | 504 => Outcome::Again,
        _ => Outcome::Final,
    }
}

#[cfg(test)]
mod tests {
    use portolan_schema::Code;

    use super::*;

    #[test]
    fn errors_are_understood() {
        let status =
            br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no such luck",
            "reason":"Forbidden","details":{"kind":"pods"},"code":403}"#;
        for (code, body, expected, sentence) in [
            (
                403,
                &status[..],
                Code::UpstreamForbidden,
                "the credentials may not \"list pods\": no such luck",
            ),
            (403, b"<html>", Code::UpstreamForbidden, "the credentials may not \"list pods\" (status 403)"),
            (
                401,
                status,
                Code::UpstreamUnauthorized,
                "the API server refused the credentials for \"list pods\": they are unknown or have expired",
            ),
            (
                429,
                status,
                Code::UpstreamThrottled,
                "the API server keeps asking to slow down (\"list pods\")",
            ),
            (400, status, Code::UpstreamFailed, "\"list pods\" failed: no such luck"),
            (302, b"", Code::UpstreamFailed, "\"list pods\" failed (status 302)"),
        ] {
            let fault = Fault::from_answer("list pods", code, body);
            assert_eq!((fault.error.code, fault.error.message.as_str()), (expected, sentence));
        }
    }
}
