//! A file at an http or https address, and what it names beside itself: at the same origin, below its own directory.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use portolan_ingestor_contract::{Context, Http, Retrying, SourceError, judge};
use url::Url;

use super::far;
use super::{Page, Part, Place, Source};

pub(crate) struct Web {
    http: Retrying,
    headers: Vec<(HeaderName, HeaderValue)>,
    url: Url,
    /// The last part of the address, by which the file is called.
    name: String,
}

impl Web {
    pub fn new(url: Url, headers: Vec<(HeaderName, HeaderValue)>, context: &Context) -> Self {
        let http = Arc::clone(&context.http);
        let http = Retrying::new(http, context.retry, Arc::clone(&context.clock), judge);
        let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        let name = if last.is_empty() { url.host_str().unwrap_or_default() } else { last }.to_owned();
        Self { http, headers, url, name }
    }

    fn address(&self, file: &str) -> Result<Url, SourceError> {
        if file == self.name {
            return Ok(self.url.clone());
        }
        let outside = || SourceError::failed(format!("\"{file}\" is no address below that of the source"));
        let mut directory = self.url.clone();
        directory.set_query(None);
        let directory = directory.join(".").map_err(|_| outside())?;
        let mut found = directory.clone();
        let mut parts = found.path_segments_mut().map_err(|()| outside())?;
        parts.pop_if_empty().extend(file.split('/'));
        drop(parts);
        let below = found.origin() == directory.origin() && found.path().starts_with(directory.path());
        if below { Ok(found) } else { Err(outside()) }
    }

    async fn get(
        &self,
        file: &str,
        range: Option<(HeaderName, HeaderValue)>,
    ) -> Result<(String, http::Response<Bytes>), SourceError> {
        let url = self.address(file)?;
        let host = url.host_str().unwrap_or_default();
        let what = format!("GET {host}{}", url.path());
        let mut request = http::Request::get(url.as_str())
            .body(Bytes::new())
            .map_err(|_| SourceError::failed(format!("{what} is no request that can be sent")))?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in self.headers.iter().cloned().chain(range) {
            request.headers_mut().insert(name, value);
        }
        let response = self.http.send(request).await.map_err(|error| SourceError::from_http(host, &error))?;
        let page = response.headers().get(CONTENT_TYPE).and_then(|name| name.to_str().ok());
        if response.status().is_success()
            && page.is_some_and(|name| name.trim_start().to_ascii_lowercase().starts_with("text/html"))
        {
            return Err(SourceError::failed(format!("{what} answered with a web page")));
        }
        Ok((what, response))
    }
}

#[async_trait]
impl Source for Web {
    fn has_answered(&self) -> bool {
        false
    }

    fn is_listed(&self) -> bool {
        false
    }

    fn is_remote(&self) -> bool {
        true
    }

    async fn page(&self, _: &Place) -> Result<Page, SourceError> {
        Ok(Page { files: vec![self.name.clone()], next: None })
    }

    async fn whole(&self, file: &str) -> Result<Bytes, SourceError> {
        let (what, response) = self.get(file, None).await?;
        match response.status() {
            StatusCode::OK => far::bounded(file, response.into_body()),
            _ => Err(SourceError::from_answer(&what, &response)),
        }
    }

    async fn part(&self, file: &str, from: u64, most: usize) -> Result<Part, SourceError> {
        let (what, response) = self.get(file, far::range(from, most)).await?;
        far::part(&what, from, &response)?.ok_or_else(|| SourceError::from_answer(&what, &response))
    }
}

#[cfg(test)]
mod tests {
    use portolan_ingestor_contract::conformance::Refusing;

    use super::*;

    #[track_caller]
    fn check(url: &str, file: &str, expected: Option<&str>) {
        let url = Url::parse(url).expect("an address");
        let web = Web::new(url, Vec::new(), &Context::new(Arc::new(Refusing)));
        assert_eq!(web.address(file).ok().as_ref().map(Url::as_str), expected, "{file}");
    }

    #[test]
    fn files_are_beside_the_source() {
        let url = "https://a.example/b/catalog-info.yaml?token=1";
        check(url, "catalog-info.yaml", Some(url));
        check(url, "c/d e.yaml", Some("https://a.example/b/c/d%20e.yaml"));
        check(url, "c?x#y", Some("https://a.example/b/c%3Fx%23y"));
        check(url, "%2e%2e/up", Some("https://a.example/b/%252e%252e/up"));
        check("https://a.example/", "a.example", Some("https://a.example/"));
        check("https://a.example/state", "other", Some("https://a.example/other"));
    }
}
