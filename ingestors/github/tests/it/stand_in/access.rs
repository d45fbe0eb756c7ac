//! Who may ask: the bearer of a token, an App that signs, and its installations.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method};
use chrono::{TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::json;

use super::Said;
use crate::examples;

/// The token that the server knows.
pub const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
/// One that it does not.
pub const STRANGE: &str = "ghp_strangestrangestrangestrangestrange0";

/// An App, and what it may.
pub struct App {
    pub id: String,
    pub installation: u64,
    /// Its public key: PKCS#1, DER.
    pub key: Vec<u8>,
    /// How long an installation's token is good.
    pub life: TimeDelta,
}

#[derive(Default)]
pub struct Access {
    pub app: Option<App>,
    /// Installation tokens with the moment at which they expire.
    pub issued: BTreeMap<String, chrono::DateTime<Utc>>,
    /// What time it is for the server: so much later than it is.
    pub later: TimeDelta,
}

/// GitHub's documentation ("Generating a JSON Web Token"): at most ten minutes, issued in the past, by the App.
#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

fn bearer(headers: &HeaderMap) -> &str {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    header.strip_prefix("Bearer ").unwrap_or_default()
}

impl Access {
    fn now(&self) -> chrono::DateTime<Utc> {
        Utc::now() + self.later
    }

    /// None for who may ask.
    pub fn refuse(&self, _method: &Method, path: &str, headers: &HeaderMap) -> Option<Said> {
        let token = bearer(headers);
        let known = match path.starts_with("/app") {
            true => self.app.as_ref().is_some_and(|app| self.is_signed(app, token)),
            false => token == TOKEN || self.issued.get(token).is_some_and(|expires| *expires > self.now()),
        };
        let message = match path.starts_with("/app") {
            true => "A JSON web token could not be decoded",
            false => "Bad credentials",
        };
        (!known).then(|| Said::error(401, message))
    }

    fn is_signed(&self, app: &App, token: &str) -> bool {
        let mut validation = Validation::new(Algorithm::RS256);
        // By the server's own clock, below.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["iss"]);
        let decoded =
            jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_rsa_der(&app.key), &validation);
        let Ok(Claims { iat, exp, iss }) = decoded.map(|decoded| decoded.claims) else { return false };
        let now = self.now().timestamp();
        iss == app.id && iat <= now && exp > now && exp - now <= 600
    }

    /// What only an App asks.
    pub fn sign_in(&mut self, method: &Method, path: &str) -> Option<Said> {
        let (id, life) = self.app.as_ref().map(|app| (app.installation, app.life))?;
        if path == format!("/app/installations/{id}") && method == Method::GET {
            let mut installation = examples::rest("base-installation");
            installation["id"] = id.into();
            installation["account"]["login"] = "octo-org".into();
            installation["account"]["type"] = "Organization".into();
            return Some(Said::new(200, installation));
        }
        if path == format!("/app/installations/{id}/access_tokens") && method == Method::POST {
            let token = format!("ghs_{:036}", self.issued.len());
            let expires = self.now() + life;
            self.issued.insert(token.clone(), expires);
            let mut answer = examples::rest("installation-token");
            answer["token"] = token.into();
            answer["expires_at"] = json!(expires.format("%FT%TZ").to_string());
            return Some(Said::new(201, answer));
        }
        None
    }
}
