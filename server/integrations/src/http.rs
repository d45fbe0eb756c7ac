//! The server's guarded client, as ingestors see it.

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use portolan_foundation::outbound::{self, Outbound, OutboundError};
use portolan_ingestor_contract::{Http, HttpError, Pieces, Tls};
use secrecy::ExposeSecret;

pub(crate) struct Guarded(pub Outbound);

#[async_trait]
impl Http for Guarded {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let tls = certificates(&request);
        self.0.send(request, tls.as_ref()).await.map_err(said)
    }

    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        let tls = certificates(&request);
        let answer = self.0.stream(request, tls.as_ref()).await.map_err(said)?;
        Ok(answer.map(|pieces| pieces.map(|piece| piece.map_err(said)).boxed()))
    }
}

fn certificates(request: &http::Request<Bytes>) -> Option<outbound::Tls> {
    let tls: &Tls = request.extensions().get()?;
    let identity = tls.identity.as_ref().map(|pem| pem.expose_secret().as_bytes().to_vec());
    Some(outbound::Tls { authorities: tls.authorities.clone().map(String::into_bytes), identity })
}

fn said(error: OutboundError) -> HttpError {
    match error {
        OutboundError::Refused { address } => HttpError::Refused { address },
        OutboundError::Unreachable { detail } => HttpError::Unreachable { detail },
        OutboundError::Timeout => HttpError::Timeout,
        OutboundError::TooLarge { limit } => {
            HttpError::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) }
        }
    }
}
