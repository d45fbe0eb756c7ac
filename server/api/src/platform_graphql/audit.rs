//! The audit log: sign-ins and changes of rights.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, SimpleObject};
use portolan_catalog::OpContext;
use portolan_identity::{AuditEvent, AuditFilter, Identity};
use portolan_schema::{Code, Error, Instant, Pointer};
use serde_json::Value;

use super::page_info::PageInfo;
use super::problem::refuse;

/// What happened.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_identity::AuditAction")]
enum AuditAction {
    /// A person signed in.
    SignedIn,
    /// A wrong password for a member's account.
    SignInFailed,
    /// A credential was exchanged for a token; at most once a minute for each.
    TokenIssued,
    /// A wrong secret for one of the tenant's credentials, or one that may not be used.
    TokenRefused,
    /// A member's password was changed.
    PasswordChanged,
    MemberInvited,
    InvitationCancelled,
    /// Somebody became a member, by an invitation or with the tenant.
    MemberJoined,
    RoleChanged,
    MemberRemoved,
    CredentialCreated,
    CredentialRotated,
    CredentialRevoked,
    TenantCreated,
    TenantSuspended,
    TenantResumed,
    TenantLimitsChanged,
}

/// Which lines of the log are wanted; all that is named must hold.
#[derive(InputObject, Default)]
struct AuditLogFilter {
    /// Any of these.
    actions: Option<Vec<AuditAction>>,
    /// An e-mail, a client id, or `system:operator`.
    actor: Option<String>,
    /// Whom or what it was done to.
    target: Option<String>,
    /// At this time (RFC 3339) or after it.
    from: Option<String>,
    /// Before this time.
    until: Option<String>,
}

/// A line of the audit log.
#[derive(SimpleObject)]
struct AuditLogEntry {
    id: ID,
    at: String,
    action: AuditAction,
    actor: String,
    target: Option<String>,
    /// The network address that the request came from; null for commands on the server's machine.
    address: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    /// What else there is to know, such as the role before and after.
    details: Option<Json<Value>>,
}

impl From<AuditEvent> for AuditLogEntry {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id.into(),
            at: event.at.to_rfc3339(),
            action: event.action.into(),
            actor: event.actor,
            target: event.target,
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            details: event.details.map(Json),
        }
    }
}

#[derive(SimpleObject)]
struct AuditLogEdge {
    cursor: String,
    node: AuditLogEntry,
}

/// Lines of the audit log, the newest first.
struct AuditLogConnection {
    edges: Vec<(String, AuditEvent)>,
    has_next_page: bool,
    /// A page after a cursor has what the cursor stands for before it.
    has_previous_page: bool,
}

#[Object]
impl AuditLogConnection {
    async fn nodes(&self) -> Vec<AuditLogEntry> {
        self.edges.iter().map(|(_, event)| event.clone().into()).collect()
    }

    async fn edges(&self) -> Vec<AuditLogEdge> {
        let edge = |(cursor, event): &(String, AuditEvent)| AuditLogEdge {
            cursor: cursor.clone(),
            node: event.clone().into(),
        };
        self.edges.iter().map(edge).collect()
    }

    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: Option<&(String, AuditEvent)>| edge.map(|(cursor, _)| cursor.clone());
        PageInfo {
            has_next_page: self.has_next_page,
            has_previous_page: self.has_previous_page,
            start_cursor: cursor(self.edges.first()),
            end_cursor: cursor(self.edges.last()),
        }
    }
}

#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Sign-ins, also failed ones, and changes of rights, the newest first. `first` is at most 500.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditLogFilter>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> async_graphql::Result<AuditLogConnection> {
        let (identity, who): (&Identity, &OpContext) = (ctx.data()?, ctx.data()?);
        let filter = filter.unwrap_or_default().read().map_err(refuse)?;
        let first = usize::try_from(first).map_err(|_| refuse(negative()))?;
        let page = identity.audit_log(who, &filter, first, after.as_deref()).await.map_err(refuse)?;
        Ok(AuditLogConnection {
            edges: page.events,
            has_next_page: page.has_next_page,
            has_previous_page: after.is_some(),
        })
    }
}

impl AuditLogFilter {
    fn read(self) -> Result<AuditFilter, Error> {
        let actions = self.actions.unwrap_or_default().into_iter();
        Ok(AuditFilter {
            actions: actions.map(portolan_identity::AuditAction::from).collect(),
            actor: self.actor,
            target: self.target,
            from: instant(self.from, "from")?,
            until: instant(self.until, "until")?,
        })
    }
}

fn instant(text: Option<String>, key: &str) -> Result<Option<Instant>, Error> {
    let Some(text) = text else { return Ok(None) };
    let path = Pointer::root().key("filter").key(key);
    let wrong = || Error::at(Code::InvalidValue, path, format!("\"{text}\" is no RFC 3339 date"));
    Instant::parse(&text).map(Some).ok_or_else(wrong)
}

fn negative() -> Error {
    Error::at(Code::InvalidValue, Pointer::root().key("first"), "\"first\" is not negative")
}
