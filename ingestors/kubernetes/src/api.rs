//! One use of a cluster's API: where it is, who we are, and requests to it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use portolan_ingestor_contract::{Context, Http, HttpError, Pieces, RetryPolicy, Retrying, SourceError, Tls};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use crate::fault::{self, Fault};
use crate::settings::Target;

const AGENT: &str = concat!("portolan/", env!("CARGO_PKG_VERSION"));
/// Answers in plain JSON.
pub(crate) const JSON: &str = "application/json";

/// The API of one cluster. Connects when it is first asked.
pub(crate) struct Api {
    http: Arc<dyn Http>,
    /// Address without a slash at its end.
    base: String,
    token: Option<SecretString>,
    tls: Option<Tls>,
    /// The cluster's name.
    pub cluster: String,
    pub page_size: Option<u32>,
    pub retry: RetryPolicy,
}

impl Api {
    pub fn new(target: &Target, context: &Context) -> Self {
        let http =
            Retrying::new(Arc::clone(&context.http), context.retry, Arc::clone(&context.clock), fault::judge);
        let tls = &target.access.tls;
        let special = tls.authorities.is_some() || tls.identity.is_some();
        Self {
            http: Arc::new(http),
            base: target.access.server.as_str().trim_end_matches('/').to_owned(),
            token: target.access.token.clone(),
            tls: special.then(|| tls.clone()),
            cluster: target.cluster.clone(),
            page_size: context.page_size,
            retry: context.retry,
        }
    }

    /// What is asked, for messages: the address may be nobody's business.
    fn name(&self) -> String {
        format!("the API server of {}", self.cluster)
    }

    fn request(
        &self,
        call: &str,
        path: &str,
        query: &[(&str, String)],
        accept: &str,
    ) -> Result<http::Request<Bytes>, Fault> {
        let mut address = format!("{}{path}", self.base);
        if !query.is_empty() {
            address.push('?');
            address += &url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        }
        let mut request =
            http::Request::get(address).header(ACCEPT, accept).header(USER_AGENT, AGENT).body(Bytes::new());
        let unsent = || Fault {
            status: None,
            too_large: false,
            error: SourceError::failed(format!("\"{call}\" cannot be written as a request")),
        };
        let request_mut = request.as_mut().map_err(|_| unsent())?;
        if let Some(token) = &self.token {
            let bearer = format!("Bearer {}", token.expose_secret());
            let mut bearer = http::HeaderValue::try_from(bearer).map_err(|_| unsent())?;
            bearer.set_sensitive(true);
            request_mut.headers_mut().insert(AUTHORIZATION, bearer);
        }
        if let Some(tls) = &self.tls {
            request_mut.extensions_mut().insert(tls.clone());
        }
        request.map_err(|_| unsent())
    }

    /// Gets an answer that succeeds. `call` is what is done, in Kubernetes' words: `list pods`.
    ///
    /// # Errors
    /// What the API server or the network said, after all tries.
    pub async fn get(
        &self,
        call: &str,
        path: &str,
        query: &[(&str, String)],
        accept: &str,
    ) -> Result<http::Response<Bytes>, Fault> {
        let request = self.request(call, path, query, accept)?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| Fault::from_http(&self.name(), &error))?;
        match answer.status().as_u16() {
            200 => Ok(answer),
            status => Err(Fault::from_answer(call, status, answer.body())),
        }
    }

    /// Gets a document.
    ///
    /// # Errors
    /// As [`Api::get`], and where the answer does not fit.
    pub async fn read<T: DeserializeOwned>(
        &self,
        call: &str,
        path: &str,
        query: &[(&str, String)],
        accept: &str,
    ) -> Result<T, Fault> {
        let answer = self.get(call, path, query, accept).await?;
        serde_json::from_slice(answer.body()).map_err(|_| Fault::nonsense(call))
    }

    /// Begins an answer that comes in pieces. Tried once.
    ///
    /// # Errors
    /// Where none begins; never because of a status.
    pub async fn stream(
        &self,
        call: &str,
        path: &str,
        query: &[(&str, String)],
        accept: &str,
    ) -> Result<Result<http::Response<Pieces>, HttpError>, Fault> {
        let request = self.request(call, path, query, accept)?;
        Ok(self.http.stream(request).await)
    }

    /// What kept a request from being answered.
    pub fn said(&self, error: &HttpError) -> SourceError {
        SourceError::from_http(&self.name(), error)
    }
}
