//! What an API answered: a JSON document, or why it is none.

use bytes::Bytes;
use http::HeaderMap;
use portolan_ingestor_contract::SourceError;
use serde_json::Value;

/// A page.
pub(crate) struct Answer {
    pub headers: HeaderMap,
    pub body: Value,
}

/// The JSON document. `what` names the request, without its query.
pub(crate) fn read(what: &str, response: http::Response<Bytes>) -> Result<Answer, SourceError> {
    let status = response.status();
    if !status.is_success() {
        return Err(SourceError::from_answer(what, &response));
    }
    let body = serde_json::from_slice(response.body())
        .map_err(|_| SourceError::failed(format!("{what} answered {status} with what is no JSON")))?;
    Ok(Answer { headers: response.into_parts().0.headers, body })
}
