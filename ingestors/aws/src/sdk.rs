//! Lets AWS's SDK send its requests through the context's HTTP client.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use portolan_ingestor_contract::{Http, HttpError};

/// An SDK client over [`Http`]. Trying again is the business of what it wraps; the SDK's own retries are switched off.
#[derive(Clone)]
pub(crate) struct SdkHttp(pub Arc<dyn Http>);

impl std::fmt::Debug for SdkHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SdkHttp")
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move { send(&*http, request).await })
    }
}

async fn send(http: &dyn Http, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::user(error);
    let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = match body.bytes() {
        Some(bytes) => Bytes::copy_from_slice(bytes),
        None => return Err(user("a streamed body cannot be sent".into())),
    };
    let response = http.send(http::Request::from_parts(parts, body)).await.map_err(|error| match &error {
        HttpError::Timeout => ConnectorError::timeout(error.into()),
        HttpError::Unreachable { .. } => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    })?;
    HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| user(error.into()))
}
