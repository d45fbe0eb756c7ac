//! What stands behind the pages `/invite/…` and `/reset/…`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portolan_identity::Acceptance;
use serde_json::json;

use super::own_page::OwnPage;
use super::sign_in::begun;
use super::{Fields, NotLetIn, cookie};
use crate::App;
use crate::answer::Refusal;
use crate::body::JsonBody;

pub(crate) async fn invitation(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, Refusal> {
    let view = app.identity.invitation(&token).await?;
    let body = json!({
        "ok": true, "email": view.email, "role": view.role.as_str(), "hasAccount": view.has_account,
        "tenant": {"slug": view.tenant.slug, "title": view.tenant.title},
    });
    Ok((cookie::private(), Json(body)).into_response())
}

pub(crate) async fn accept(
    State(app): State<App>,
    page: OwnPage,
    JsonBody(body): JsonBody,
) -> Result<Response, NotLetIn> {
    let mut fields = Fields::of(&body);
    let acceptance = Acceptance {
        token: fields.text("token"),
        password: fields.text("password").into(),
        name: fields.optional_text("name"),
    };
    fields.finish()?;
    let signed_in = app.identity.accept_invitation(&acceptance, &page.browser, &page.origin).await?;
    Ok(begun(&app, &page, &signed_in, StatusCode::CREATED).await?)
}

pub(crate) async fn password_reset(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Response, Refusal> {
    let email = app.identity.password_reset(&token).await?;
    Ok((cookie::private(), Json(json!({"ok": true, "email": email}))).into_response())
}

pub(crate) async fn reset(
    State(app): State<App>,
    page: OwnPage,
    JsonBody(body): JsonBody,
) -> Result<Response, Refusal> {
    let mut fields = Fields::of(&body);
    let (token, password) = (fields.text("token"), fields.text("password").into());
    fields.finish()?;
    let mark = app.identity.reset_password(&token, &password, &page.origin).await?;
    Ok((cookie::mark(&mark, page.is_https)?, Json(json!({"ok": true}))).into_response())
}
