//! Tokens and the organization.

use axum::Json;
use axum::extract::State;
use portolan_schema::{Code, Pointer, Problems};
use serde_json::{Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::Authenticated;
use crate::body::JsonBody;
use crate::client::Client;
use crate::session::NotLetIn;

pub(crate) async fn issue(
    State(app): State<App>,
    Client(origin): Client,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, NotLetIn> {
    let mut problems = Problems::default();
    let mut text = |key: &str| {
        let found = body.get(key).and_then(Value::as_str).map(str::to_owned);
        if found.is_none() {
            problems.add(Code::Required, Pointer::root().key(key), format!("\"{key}\" is a string"));
        }
        found.unwrap_or_default()
    };
    let (id, secret) = (text("clientId"), text("clientSecret"));
    problems.into_result(())?;
    let token = app.identity.issue_token_to(&id, &secret, &origin).await?;
    Ok(Json(json!({
        "ok": true, "accessToken": token.access_token, "expiresIn": token.expires_in, "tokenType": "Bearer",
    })))
}

pub(crate) async fn organization(
    State(app): State<App>,
    Authenticated(ctx): Authenticated,
) -> Result<Json<Value>, Refusal> {
    let tenant = app.identity.tenant(ctx.tenant()).await?;
    let id = format!("org_{}", tenant.id.0);
    Ok(Json(json!({
        "ok": true,
        "organization": {"id": id, "name": tenant.title, "slug": tenant.slug, "featureFlags": []},
    })))
}
