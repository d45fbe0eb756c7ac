//! A delivery as it is kept: headers and query sealed, the body compressed.

use http::{HeaderMap, HeaderName, HeaderValue};
use portolan_catalog::TenantId;
use portolan_ingestor_contract::Delivery;
use portolan_schema::{Error, Result};
use portolan_store::integration::{DeliveryContent, StoredDelivery};
use serde::{Deserialize, Serialize};

use crate::Integrations;

/// Longest body that a hook takes, in bytes (port-api.md 5.1).
pub const MAX_BODY: usize = 512 << 10;

#[derive(Serialize, Deserialize)]
struct Head {
    headers: Vec<(String, Vec<u8>)>,
    query: Vec<(String, String)>,
}

impl Integrations {
    pub(crate) fn sealed(&self, tenant: TenantId, id: i64, delivery: &Delivery) -> Result<DeliveryContent> {
        let headers = delivery.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let head = Head { headers, query: delivery.query.clone() };
        let head = serde_json::to_vec(&head).map_err(Error::internal)?;
        Ok(DeliveryContent {
            head: self.0.sealer.seal(&sealing(tenant, id), &head)?,
            body: zstd::bulk::compress(&delivery.body, zstd::DEFAULT_COMPRESSION_LEVEL)
                .map_err(Error::internal)?,
        })
    }

    pub(super) fn opened(
        &self,
        tenant: TenantId,
        stored: &StoredDelivery,
        content: &DeliveryContent,
    ) -> Result<Delivery> {
        let head = self.0.sealer.open(&sealing(tenant, stored.id), &content.head)?;
        let head: Head = serde_json::from_slice(&head).map_err(Error::internal)?;
        let mut headers = HeaderMap::new();
        for (name, value) in head.headers {
            let name: HeaderName = name.parse().map_err(Error::internal)?;
            headers.append(name, HeaderValue::from_bytes(&value).map_err(Error::internal)?);
        }
        let body = zstd::bulk::decompress(&content.body, MAX_BODY).map_err(Error::internal)?;
        Ok(Delivery {
            received_at: stored.received_at.to_chrono(),
            headers,
            query: head.query,
            body: body.into(),
        })
    }
}

fn sealing(tenant: TenantId, id: i64) -> String {
    format!("tenant:{}/delivery:{id}", tenant.0)
}
