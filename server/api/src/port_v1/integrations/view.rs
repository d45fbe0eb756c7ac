//! How an integration is shown: what its client sent, and what it wants to read.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use portolan_integrations::{Integration, RemoteState};
use portolan_schema::{Instant, Result};
use serde_json::{Map, Value, json};
use url::form_urlencoded::byte_serialize;

use crate::App;
use crate::client::{header, is_https};

/// Where the client reaches this server: what it is told to send more to begins with it.
pub(super) struct Base(String);

impl FromRequestParts<App> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        let named = header(parts, HOST.as_str()).map(str::to_owned);
        let host = parts.uri.authority().map(ToString::to_string).or(named);
        Ok(Self(match host {
            Some(host) if is_https(parts, app) => format!("https://{host}"),
            Some(host) => format!("http://{host}"),
            None => app.identity.settings().public_url.clone(),
        }))
    }
}

pub(super) fn shown(integration: &Integration, base: &Base) -> Result<Value> {
    let state = RemoteState::of(integration)?;
    let identifier = integration.identifier.as_str();
    let escaped: String = byte_serialize(identifier.as_bytes()).collect();
    let own = format!("{}/v1/integration/{escaped}", base.0);
    let mut shown = state.attributes;
    let mut tell = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
    tell("_id", format!("integration_{}", integration.id).into());
    tell("identifier", identifier.into());
    tell("installationId", identifier.into());
    tell("installationAppType", integration.ingestor.as_str().into());
    tell("integrationType", integration.ingestor.as_str().into());
    tell("config", integration.mapping.clone());
    tell("logAttributes", json!({"ingestId": identifier, "ingestUrl": format!("{own}/logs")}));
    tell("metricAttributes", json!({"ingestUrl": format!("{own}/metrics")}));
    tell("createdAt", integration.created_at.to_rfc3339().into());
    tell("createdBy", integration.created_by.as_str().into());
    tell("updatedAt", integration.updated_at.to_rfc3339().into());
    tell("updatedBy", integration.updated_by.as_str().into());
    if let Some(at) = state.resync_at {
        tell("resyncState", resync(&state.resync, at));
    }
    Ok(Value::Object(shown))
}

fn resync(said: &Map<String, Value>, at: i64) -> Value {
    let mut said = said.clone();
    said.insert("updatedAt".to_owned(), Instant(at).to_rfc3339().into());
    Value::Object(said)
}
