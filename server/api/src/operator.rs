//! `/api/operator`: tenants as their operator sees them, who reads nothing of what is in them.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, patch};
use axum::{Json, Router};
use portolan_identity::{LimitsChange, NewTenantRequest, Origin, Tenant, TenantChange, TenantStatus};
use portolan_schema::{Code, Pointer, Problems};
use serde_json::{Map, Value, json};

use crate::App;
use crate::answer::Refusal;
use crate::authenticated::bearer;
use crate::body::JsonBody;
use crate::client::origin;
use crate::session::{Fields, NotLetIn};

/// How long a request waits for a deletion, which goes on after it.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/operator/tenants", get(list).post(create))
        .route("/api/operator/tenants/{slug}", patch(change).delete(delete))
}

/// Who showed the operator's token.
struct Operator(Origin);

impl FromRequestParts<App> for Operator {
    type Rejection = NotLetIn;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, NotLetIn> {
        let origin = origin(parts, app);
        app.identity.check_operator(bearer(parts), &origin)?;
        Ok(Self(origin))
    }
}

async fn list(State(app): State<App>, _: Operator) -> Result<Json<Value>, Refusal> {
    let tenants: Vec<Value> = app.identity.tenants().await?.iter().map(shown).collect();
    Ok(Json(json!({"ok": true, "tenants": tenants})))
}

async fn create(
    State(app): State<App>,
    _: Operator,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut fields = Fields::of(&body);
    let request = NewTenantRequest {
        slug: fields.text("slug"),
        title: fields.optional_text("title"),
        admin_email: fields.text("adminEmail"),
    };
    fields.finish()?;
    let made = app.identity.create_tenant(&request).await?;
    let body = json!({
        "ok": true, "tenant": shown(&made.tenant), "adminEmail": made.admin_email,
        "adminPassword": made.admin_password, "clientId": made.client_id, "clientSecret": made.client_secret,
    });
    Ok((StatusCode::CREATED, Json(body)))
}

async fn change(
    State(app): State<App>,
    Operator(origin): Operator,
    Path(slug): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::of(&body);
    let title = fields.optional_text("title");
    let status = match fields.optional_text("status").as_deref() {
        None => None,
        Some("ACTIVE") => Some(TenantStatus::Active),
        Some("SUSPENDED") => Some(TenantStatus::Suspended),
        Some(_) => {
            fields.problem(Code::InvalidValue, "status", "the status is ACTIVE or SUSPENDED");
            None
        }
    };
    let limits = fields.value("limits").cloned();
    fields.finish()?;
    let limits = limits.as_ref().map(limits_change).transpose()?.unwrap_or_default();
    let change = TenantChange { title, status, limits };
    let tenant = app.identity.change_tenant(&slug, &change, &origin).await?;
    Ok(Json(json!({"ok": true, "tenant": shown(&tenant)})))
}

/// Answers 200 when nothing is left, or 202 when much is: the tenant is refused already, and the rest follows.
async fn delete(
    State(app): State<App>,
    _: Operator,
    Path(slug): Path<String>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let id = app.identity.begin_deletion(&slug).await?;
    let identity = app.identity.clone();
    let rest = tokio::spawn(async move {
        let done = identity.finish_deletion(id).await;
        if let Err(error) = &done {
            tracing::error!(error = ?error, tenant.id = id.0, "a deletion goes on later");
        }
        done
    });
    let deleted = match tokio::time::timeout(PATIENCE, rest).await {
        Ok(done) => done.is_ok_and(|done| done.is_ok()),
        Err(_) => false,
    };
    let status = if deleted { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(json!({"ok": true, "deleted": deleted}))))
}

fn shown(tenant: &Tenant) -> Value {
    json!({
        "slug": tenant.slug, "title": tenant.title, "status": tenant.status.as_str(),
        "createdAt": tenant.created_at, "limits": tenant.limits,
    })
}

/// Null goes back to the server's default.
fn limits_change(body: &Value) -> Result<LimitsChange, Problems> {
    let mut problems = Problems::default();
    let (mut change, path) = (LimitsChange::default(), Pointer::root().key("limits"));
    let empty = Map::new();
    let object = body.as_object().unwrap_or_else(|| {
        problems.add(Code::WrongType, path.clone(), "\"limits\" is an object");
        &empty
    });
    for (key, value) in object {
        let field = match key.as_str() {
            "requestsPerMinute" => &mut change.requests_per_minute,
            "bodyBytes" => &mut change.body_bytes,
            "queryCost" => &mut change.query_cost,
            "entities" => &mut change.entities,
            _ => {
                problems.add(Code::UnknownField, path.key(key), format!("\"{key}\" is no limit"));
                continue;
            }
        };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        if number.is_none() && !value.is_null() {
            let message = format!("\"{key}\" is a whole number below 4,294,967,296, or null");
            problems.add(Code::WrongType, path.key(key), message);
        }
        *field = Some(number);
    }
    problems.into_result(change)
}
