//! The small signed client: AWS's Query, JSON and REST JSON protocols over the context's HTTP client.

use bytes::Bytes;
use portolan_aws_signature::sign;
use portolan_ingestor_contract::SourceError;
use serde_json::Value;
use url::Url;

use crate::fault;
use crate::session::{self, Session};
use crate::xml::{self, Fields};

/// A service of the Query protocol.
pub(crate) struct QueryService {
    /// Name in addresses and permissions.
    pub name: &'static str,
    /// Date of the API.
    pub version: &'static str,
    pub fields: &'static Fields,
}

/// A service of the JSON protocol, whose action is a header and whose parameters are the body.
pub(crate) struct JsonService {
    /// Name in addresses and permissions.
    pub name: &'static str,
    /// What stands before the action in `x-amz-target`.
    pub target: &'static str,
    /// The protocol's version as its content type has it.
    pub content_type: &'static str,
    /// Whether some answer may say nothing but `{}`, so that only those under the protocol's name count.
    pub is_terse: bool,
}

/// Why a call brought no answer.
#[derive(Debug)]
pub(crate) struct Refused {
    /// AWS's own word for it, where AWS said anything.
    code: Option<String>,
    error: SourceError,
}

impl Refused {
    /// Whether AWS said one of these.
    pub fn says(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// Whether AWS's explanation has these words.
    pub fn mentions(&self, words: &str) -> bool {
        self.error.message.contains(words)
    }
}

impl From<Refused> for SourceError {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

impl From<SourceError> for Refused {
    fn from(error: SourceError) -> Self {
        Self { code: None, error }
    }
}

/// The answer about a single item; none where AWS says with one of the codes `gone` that it is no longer there.
///
/// # Errors
/// What else went wrong.
pub(crate) fn unless_gone(
    answer: Result<Value, Refused>,
    gone: &[&str],
) -> Result<Option<Value>, SourceError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(refused) if refused.says(gone) => Ok(None),
        Err(refused) => Err(refused.into()),
    }
}

/// Calls an action of a Query service: `{Action, Version, …parameters}` as a form, the answer as JSON.
///
/// # Errors
/// What AWS or the network said, with the action and region in its sentence.
pub(crate) async fn query(
    session: &Session,
    service: &QueryService,
    region: &str,
    action: &str,
    parameters: &[(&str, String)],
) -> Result<Value, Refused> {
    let call = format!("{}:{action} in {region}", service.name);
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", action)
        .append_pair("Version", service.version)
        .extend_pairs(parameters)
        .finish();
    let request = http::Request::builder()
        .method("POST")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let address = session.address(service.name, region)?;
    let answer = send(session, service.name, region, &call, &address, request, body.into()).await?;
    xml::to_json(answer.body(), service.fields)
        .map_err(|error| SourceError::failed(format!("the answer to {call} cannot be read: {error}")).into())
}

/// Calls an action of a JSON service.
///
/// # Errors
/// As for [`query`].
pub(crate) async fn post_json(
    session: &Session,
    service: &JsonService,
    region: &str,
    action: &str,
    parameters: &Value,
) -> Result<Value, Refused> {
    let call = format!("{}:{action} in {region}", service.name);
    let request = http::Request::builder()
        .method("POST")
        .header("content-type", service.content_type)
        .header("x-amz-target", format!("{}.{action}", service.target));
    let address = session.address(service.name, region)?;
    let body = parameters.to_string().into();
    let answer = send(session, service.name, region, &call, &address, request, body).await?;
    let named = answer.headers().get("content-type").and_then(|name| name.to_str().ok()).unwrap_or_default();
    if service.is_terse && !named.starts_with("application/x-amz-json-") {
        return Err(SourceError::failed(format!("the answer to {call} is not in AWS's JSON protocol")).into());
    }
    read_json(&call, &answer)
}

/// Gets a REST JSON resource. `path` starts with `/`; `parameters` become the query string.
///
/// # Errors
/// As for [`query`].
pub(crate) async fn get_json(
    session: &Session,
    service: &str,
    region: &str,
    action: &str,
    path: &str,
    parameters: &[(&str, String)],
) -> Result<Value, Refused> {
    let call = format!("{service}:{action} in {region}");
    let mut address = session.address(service, region)?;
    address.set_path(&format!("{}{path}", address.path().trim_end_matches('/')));
    if !parameters.is_empty() {
        address.query_pairs_mut().extend_pairs(parameters);
    }
    let request = http::Request::builder().method("GET");
    let answer = send(session, service, region, &call, &address, request, Bytes::new()).await?;
    read_json(&call, &answer)
}

fn read_json(call: &str, answer: &http::Response<Bytes>) -> Result<Value, Refused> {
    serde_json::from_slice(answer.body())
        .map_err(|_| SourceError::failed(format!("the answer to {call} is not well-formed JSON")).into())
}

async fn send(
    session: &Session,
    service: &str,
    region: &str,
    call: &str,
    address: &Url,
    request: http::request::Builder,
    body: Bytes,
) -> Result<http::Response<Bytes>, Refused> {
    let unsent = |_| SourceError::failed(format!("{call} cannot be written as a request"));
    let mut request = request.uri(address.as_str()).body(body).map_err(unsent)?;
    let credentials = session.credentials.current().await?;
    let region = session::signing_region(service, region);
    sign(&mut request, credentials, service, region, session.clock.now().into())
        .map_err(|_| SourceError::failed(format!("{call} cannot be signed")))?;
    let response = session
        .http
        .send(request)
        .await
        .map_err(|error| SourceError::from_http(&session.host(service, region), &error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let told = fault::told(&response);
    let error = fault::from_answer(call, response.status().as_u16(), &told);
    Err(Refused { code: told.code, error })
}
