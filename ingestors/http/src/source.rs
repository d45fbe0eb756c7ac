//! The API: sends the user's headers to its own origin, and tries again.

use std::sync::Arc;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderName, HeaderValue};
use portolan_ingestor_contract::{
    Context, Discreet, Http, Retrying, Settings, SourceError, judge, with_words,
};
use url::Url;

use crate::answer::{self, Answer};

/// How requests reach the API.
pub(crate) struct Source {
    http: Retrying,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Items a page, where the run asks for a size.
    pub page_size: Option<u32>,
}

impl Source {
    pub fn open(settings: &Settings, context: &Context, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        let context = Discreet::wrap(context, &with_words(settings, &headers), &[]);
        let http = Retrying::new(context.http, context.retry, Arc::clone(&context.clock), judge);
        Self { http, headers, page_size: context.page_size }
    }

    /// Asks for a document.
    pub async fn get(&self, url: &Url) -> Result<Answer, SourceError> {
        let host = url.host_str().unwrap_or_default();
        let what = format!("GET {host}{}", url.path());
        let mut request = http::Request::get(url.as_str())
            .body(Bytes::new())
            .map_err(|_| SourceError::failed(format!("{what} is no request that can be sent")))?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        let response = self.http.send(request).await.map_err(|error| SourceError::from_http(host, &error))?;
        answer::read(&what, response)
    }
}
