//! Who asks: a token as it is, or the installation of a GitHub App, whose tokens last an hour and are renewed.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use portolan_ingestor_contract::SourceError;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::fault::Fault;
use crate::session::Session;
use crate::settings::Access;

/// An installation's token is renewed this long before it expires.
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// Life of the App's own token; GitHub allows ten minutes, and clocks differ.
const LIFE: TimeDelta = TimeDelta::minutes(8);
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// Credentials, and what was got with them.
pub(crate) struct Credentials {
    access: Access,
    /// Held while a token is got, so that many who need one ask once.
    renewing: tokio::sync::Mutex<()>,
    current: Mutex<Option<Current>>,
}

struct Current {
    token: SecretString,
    expires: DateTime<Utc>,
}

impl Credentials {
    pub fn new(access: Access) -> Self {
        Self { access, renewing: tokio::sync::Mutex::default(), current: Mutex::default() }
    }

    /// The number of the installation, where an App asks.
    pub fn installation(&self) -> Option<u64> {
        match &self.access {
            Access::Token(_) => None,
            Access::App { installation, .. } => Some(*installation),
        }
    }

    /// What a request to the API is sent with.
    ///
    /// # Errors
    /// Where GitHub gives the installation no token.
    pub async fn header(&self, session: &Session) -> Result<HeaderValue, Fault> {
        match &self.access {
            Access::Token(token) => bearer(token.expose_secret()),
            Access::App { installation, .. } => {
                let _alone = self.renewing.lock().await;
                if let Some(header) = self.good(session.clock.now()) {
                    return header;
                }
                let current = self.renew(session, *installation).await?;
                let header = bearer(current.token.expose_secret());
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
                header
            }
        }
    }

    /// The token that there is, unless it is about to expire.
    fn good(&self, now: DateTime<Utc>) -> Option<Result<HeaderValue, Fault>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let current = current.as_ref().filter(|current| current.expires - MARGIN > now)?;
        Some(bearer(current.token.expose_secret()))
    }

    /// What the App itself signs in with.
    ///
    /// # Errors
    /// Where there is no App, or its key cannot sign.
    pub fn app_header(&self, now: DateTime<Utc>) -> Result<HeaderValue, Fault> {
        let Access::App { app, key, .. } = &self.access else {
            return Err(Fault::nonsense("there is no GitHub App"));
        };
        bearer(&sign(app, key, now)?)
    }

    async fn renew(&self, session: &Session, installation: u64) -> Result<Current, Fault> {
        let path = format!("/app/installations/{installation}/access_tokens");
        let header = self.app_header(session.clock.now())?;
        let answer = session.post(&path, header).await.map_err(|fault| unknown(fault, installation))?;
        let body = answer.object(&["token", "expires_at"])?;
        let text = |key: &str| body.get(key).and_then(|value| value.as_str());
        let expires = text("expires_at").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        match (text("token"), expires) {
            (Some(token), Some(expires)) if !token.is_empty() => {
                Ok(Current { token: token.into(), expires: expires.to_utc() })
            }
            _ => Err(Fault::nonsense(format!("the answer to POST {path} has no token"))),
        }
    }

    /// A text without the token that is in use.
    pub fn hide(&self, text: &str) -> String {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref() {
            Some(current) => text.replace(current.token.expose_secret(), "***"),
            None => text.to_owned(),
        }
    }
}

/// GitHub hides installations of other Apps.
pub(crate) fn unknown(fault: Fault, installation: u64) -> Fault {
    if !fault.is_missing() || !fault.error.message.contains("Not Found") {
        return fault;
    }
    let message = format!("the GitHub App has no installation {installation}; it may have been uninstalled");
    Fault { status: fault.status, error: SourceError::unauthorized(message) }
}

fn sign(app: &str, key: &EncodingKey, now: DateTime<Utc>) -> Result<String, Fault> {
    let claims = json!({ "iss": app, "iat": (now - SKEW).timestamp(), "exp": (now + LIFE).timestamp() });
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, key)
        .map_err(|_| SourceError::unauthorized("the App's private key cannot sign").into())
}

fn bearer(token: &str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| Fault::from(SourceError::unauthorized("the token cannot be sent in a header")))?;
    header.set_sensitive(true);
    Ok(header)
}
