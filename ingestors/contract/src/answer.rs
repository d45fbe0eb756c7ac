//! What the status of an answer means, for sources that speak plain HTTP and have no words of their own.

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::{Outcome, SourceError};

/// Whether the same request may succeed later: 429, 500, 502, 503, 504, and 403 with `Retry-After`. For
/// [`crate::Retrying`].
pub fn judge(answer: &http::Response<Bytes>) -> Outcome {
    let again = is_busy(answer) || matches!(answer.status().as_u16(), 500 | 502 | 503 | 504);
    if again { Outcome::Again } else { Outcome::Final }
}

/// "Slow down", in the forms that servers have for it.
fn is_busy(answer: &http::Response<Bytes>) -> bool {
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE => answer.headers().contains_key(RETRY_AFTER),
        _ => false,
    }
}

impl SourceError {
    /// The error of an answer that does not bring what was asked for; `what` names the request, without its query. Web pages
    /// and answers that succeed are not quoted.
    pub fn from_answer(what: &str, answer: &http::Response<Bytes>) -> Self {
        let status = answer.status();
        let text = String::from_utf8_lossy(answer.body());
        let text = text.trim();
        let is_said = status.as_u16() >= 400 && !text.is_empty() && !text.starts_with('<');
        let said = if is_said { format!(": {text}") } else { String::new() };
        let message = format!("{what} answered {status}{said}");
        match status {
            _ if is_busy(answer) => Self::throttled(message),
            StatusCode::UNAUTHORIZED => Self::unauthorized(message),
            StatusCode::FORBIDDEN => Self::forbidden(message),
            _ => Self::failed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use portolan_schema::Code;

    use super::*;

    #[test]
    fn statuses_have_a_meaning() {
        for (status, after, body, outcome, code, message) in [
            (
                401,
                None,
                "who?",
                Outcome::Final,
                Code::UpstreamUnauthorized,
                "GET a answered 401 Unauthorized: who?",
            ),
            (403, None, "", Outcome::Final, Code::UpstreamForbidden, "GET a answered 403 Forbidden"),
            (403, Some("1"), "", Outcome::Again, Code::UpstreamThrottled, "GET a answered 403 Forbidden"),
            (429, None, "", Outcome::Again, Code::UpstreamThrottled, "GET a answered 429 Too Many Requests"),
            (
                503,
                Some("1"),
                "",
                Outcome::Again,
                Code::UpstreamThrottled,
                "GET a answered 503 Service Unavailable",
            ),
            (
                500,
                None,
                " <p>no",
                Outcome::Again,
                Code::UpstreamFailed,
                "GET a answered 500 Internal Server Error",
            ),
            (404, None, "no", Outcome::Final, Code::UpstreamFailed, "GET a answered 404 Not Found: no"),
            (302, None, "there", Outcome::Final, Code::UpstreamFailed, "GET a answered 302 Found"),
        ] {
            let mut answer = http::Response::builder().status(status);
            if let Some(after) = after {
                answer = answer.header("retry-after", after);
            }
            let answer = answer.body(Bytes::from_static(body.as_bytes())).expect("an answer");
            assert_eq!(judge(&answer), outcome, "{status}");
            let error = SourceError::from_answer("GET a", &answer);
            assert_eq!((error.code, error.message.as_str()), (code, message));
        }
    }
}
