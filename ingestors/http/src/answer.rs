//! What an API answered: a JSON document, or why it is none.

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use portolan_ingestor_contract::{Outcome, SourceError};
use serde_json::Value;

/// A page.
pub(crate) struct Answer {
    pub headers: HeaderMap,
    pub body: Value,
}

/// Whether the same request may succeed later.
pub(crate) fn judge(response: &http::Response<Bytes>) -> Outcome {
    let again = is_busy(response) || matches!(response.status().as_u16(), 500 | 502 | 503 | 504);
    if again { Outcome::Again } else { Outcome::Final }
}

/// "Slow down", in the forms that APIs have for it.
fn is_busy(response: &http::Response<Bytes>) -> bool {
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE => {
            response.headers().contains_key(RETRY_AFTER)
        }
        _ => false,
    }
}

/// The JSON document. `what` names the request, without its query. Answers that succeed are not quoted.
pub(crate) fn read(what: &str, response: http::Response<Bytes>) -> Result<Answer, SourceError> {
    let status = response.status();
    if status.is_success() {
        let body = serde_json::from_slice(response.body())
            .map_err(|_| SourceError::failed(format!("{what} answered {status} with what is no JSON")))?;
        return Ok(Answer { headers: response.into_parts().0.headers, body });
    }
    let text = String::from_utf8_lossy(response.body());
    let text = text.trim();
    let said = if text.is_empty() || text.starts_with('<') { String::new() } else { format!(": {text}") };
    let message = format!("{what} answered {status}{said}");
    Err(match status {
        _ if is_busy(&response) => SourceError::throttled(message),
        StatusCode::UNAUTHORIZED => SourceError::unauthorized(message),
        StatusCode::FORBIDDEN => SourceError::forbidden(message),
        _ => SourceError::failed(message),
    })
}
