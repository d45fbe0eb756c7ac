//! Clients for tests: one that counts what passes, and one that refuses every address.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;

use crate::{Http, HttpError, Pieces};

/// A body in pieces may take as long as a test does.
const LONGEST: Duration = Duration::from_secs(600);

/// Sends to wherever it is told, as the server's client would, and counts.
pub struct Client {
    client: reqwest::Client,
    sent: AtomicUsize,
}

impl Client {
    /// `time` is the limit for a whole answer.
    pub fn new(time: Duration) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.timeout(time).build().expect("a client can be made");
        Self { client, sent: AtomicUsize::new(0) }
    }

    /// Requests so far.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Http for Client {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let request = reqwest::Request::try_from(request).map_err(|error| said(&error))?;
        let mut response = self.client.execute(request).await.map_err(|error| said(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut answer = http::Response::new(response.bytes().await.map_err(|error| said(&error))?);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let mut request = reqwest::Request::try_from(request).map_err(|error| said(&error))?;
        *request.timeout_mut() = Some(LONGEST);
        let mut response = self.client.execute(request).await.map_err(|error| said(&error))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let pieces = response.bytes_stream().map(|piece| piece.map_err(|error| said(&error))).boxed();
        let mut answer = http::Response::new(pieces);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

fn said(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    HttpError::Unreachable { detail: cause.to_string() }
}

/// The client of a server whose operator allows no address at all.
#[derive(Debug, Default)]
pub struct Refusing;

#[async_trait]
impl Http for Refusing {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        Err(HttpError::Refused { address: request.uri().host().unwrap_or_default().to_owned() })
    }
}
