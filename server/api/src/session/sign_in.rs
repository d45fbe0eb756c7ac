//! `/api/session`: signing in and out; `/api/sign-up`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use portolan_identity::{SignUp, SignedIn};
use serde_json::{Value, json};

use super::own_page::OwnPage;
use super::{Fields, NotLetIn, cookie};
use crate::App;
use crate::answer::Refusal;
use crate::authenticated::CSRF;
use crate::body::JsonBody;

pub(crate) async fn sign_in(
    State(app): State<App>,
    page: OwnPage,
    JsonBody(body): JsonBody,
) -> Result<Response, NotLetIn> {
    let mut fields = Fields::of(&body);
    let (email, password) = (fields.text("email"), fields.text("password").into());
    fields.finish()?;
    let signed_in = app.identity.sign_in(&email, &password, &page.browser, &page.origin).await?;
    Ok(begun(&app, &page, &signed_in, StatusCode::OK).await?)
}

pub(crate) async fn sign_up(
    State(app): State<App>,
    page: OwnPage,
    JsonBody(body): JsonBody,
) -> Result<Response, NotLetIn> {
    let mut fields = Fields::of(&body);
    let request = SignUp {
        tenant: fields.text("tenant"),
        title: fields.optional_text("title"),
        email: fields.text("email"),
        password: fields.text("password").into(),
        name: fields.optional_text("name"),
    };
    fields.finish()?;
    let signed_in = app.identity.sign_up(&request, &page.browser, &page.origin).await?;
    Ok(begun(&app, &page, &signed_in, StatusCode::CREATED).await?)
}

pub(crate) async fn show(State(app): State<App>, page: OwnPage) -> Result<Response, Refusal> {
    let shown = shown(&app, page.browser.session.as_deref().unwrap_or_default()).await?;
    Ok((cookie::private(), Json(shown)).into_response())
}

pub(crate) async fn sign_out(State(app): State<App>, page: OwnPage) -> Result<Response, Refusal> {
    if let Some(session) = &page.browser.session {
        app.identity.sign_out(session, csrf(&page.headers)).await?;
    }
    Ok((cookie::end(page.is_https)?, Json(json!({"ok": true}))).into_response())
}

pub(crate) async fn change_password(
    State(app): State<App>,
    page: OwnPage,
    JsonBody(body): JsonBody,
) -> Result<Response, NotLetIn> {
    let mut fields = Fields::of(&body);
    let (present, new) = (fields.text("currentPassword").into(), fields.text("newPassword").into());
    fields.finish()?;
    let csrf = csrf(&page.headers);
    let signed_in = app.identity.change_password(csrf, &present, &new, &page.browser, &page.origin).await?;
    Ok(begun(&app, &page, &signed_in, StatusCode::OK).await?)
}

/// Tells of a session that began.
pub(super) async fn begun(
    app: &App,
    page: &OwnPage,
    signed_in: &SignedIn,
    status: StatusCode,
) -> portolan_schema::Result<Response> {
    let headers = cookie::begin(signed_in, app.identity.settings().session_life, page.is_https)?;
    Ok((status, headers, Json(shown(app, &signed_in.token).await?)).into_response())
}

async fn shown(app: &App, token: &str) -> portolan_schema::Result<Value> {
    let open = app.identity.session(token).await?;
    let tenants: Vec<Value> = open
        .memberships
        .iter()
        .map(|membership| {
            let tenant = &membership.tenant;
            json!({
                "slug": tenant.slug, "title": tenant.title, "status": tenant.status.as_str(),
                "role": membership.role.as_str(),
            })
        })
        .collect();
    let account = json!({"email": open.session.email, "name": open.session.name});
    let ends_at = open.session.ends_at.to_rfc3339();
    Ok(json!({
        "ok": true, "account": account, "tenants": tenants, "csrfToken": open.csrf_token, "endsAt": ends_at,
    }))
}

fn csrf(headers: &HeaderMap) -> &str {
    headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
