//! The HTTP client as ingestors see it.

use async_trait::async_trait;
use bytes::Bytes;

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
