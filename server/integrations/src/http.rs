//! The server's guarded client, as ingestors see it.

use async_trait::async_trait;
use bytes::Bytes;
use portolan_foundation::outbound::{Outbound, OutboundError};
use portolan_ingestor_contract::{Http, HttpError};

pub(crate) struct Guarded(pub Outbound);

#[async_trait]
impl Http for Guarded {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        self.0.send(request).await.map_err(|error| match error {
            OutboundError::Refused { address } => HttpError::Refused { address },
            OutboundError::Unreachable { detail } => HttpError::Unreachable { detail },
            OutboundError::Timeout => HttpError::Timeout,
            OutboundError::TooLarge { limit } => {
                HttpError::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) }
            }
        })
    }
}
