//! The HTTP client as ingestors see it.

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use secrecy::SecretString;

/// Sends requests. The server supplies one that guards addresses and bounds time and size.
///
/// It follows no redirects and adds no credentials: the request goes out as it is (signed requests depend on this).
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Where no whole answer came. Never because of a status.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError>;

    /// Sends a request and answers as soon as status and headers are there; the body follows in pieces, without a bound
    /// on its size or on the time it takes. Whoever reads it bounds both.
    ///
    /// # Errors
    /// Where no answer begins. Never because of a status. A piece is an error where the body breaks off.
    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        let whole = self.send(request).await?;
        Ok(whole.map(|body| futures::stream::iter([Ok(body)]).boxed()))
    }
}

/// A body in pieces, as they come.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, HttpError>> + Send>>;

/// How the source is known and how it knows us, where that is not the web's way: an extension of a request.
/// A certificate that cannot be read is [`HttpError::Unreachable`].
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Authorities to trust beside the usual ones: PEM, any number of certificates.
    pub authorities: Option<String>,
    /// Our certificate with its chain and its private key: PEM.
    pub identity: Option<SecretString>,
}

/// Why no whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The operator does not allow this address.
    #[error("the address {address} is not allowed")]
    Refused { address: String },
    /// No connection, a failed handshake, or a connection that ended before the answer did. The detail holds no secret.
    #[error("cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// The answer took longer than allowed.
    #[error("no answer in time")]
    Timeout,
    /// The answer is larger than the limit, in bytes.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: u64 },
}

impl HttpError {
    /// Whether the same request may succeed a moment later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout)
    }
}
