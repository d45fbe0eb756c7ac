//! The audit log of a tenant: who signed in, or tried to, and who changed rights.

use portolan_schema::{Error, Instant, Result};
use sea_orm::QueryResult;
use serde_json::Value;

use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, TenantId, TenantScope};

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $variant:ident = $text:literal;)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[doc = $doc])* $variant,)+ }

        impl AuditAction {
            pub const ALL: &'static [AuditAction] = &[$(AuditAction::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(AuditAction::$variant => $text,)+ }
            }
        }
    };
}

actions! {
    /// A person signed in.
    SignedIn = "SIGNED_IN";
    /// A wrong password for a member's account.
    SignInFailed = "SIGN_IN_FAILED";
    /// A credential was exchanged for a token; at most once a minute for each.
    TokenIssued = "TOKEN_ISSUED";
    /// A wrong secret for one of the tenant's credentials, or one that may not be used.
    TokenRefused = "TOKEN_REFUSED";
    /// A member's password was changed.
    PasswordChanged = "PASSWORD_CHANGED";
    MemberInvited = "MEMBER_INVITED";
    InvitationCancelled = "INVITATION_CANCELLED";
    /// Somebody became a member, by an invitation or with the tenant.
    MemberJoined = "MEMBER_JOINED";
    RoleChanged = "ROLE_CHANGED";
    MemberRemoved = "MEMBER_REMOVED";
    CredentialCreated = "CREDENTIAL_CREATED";
    CredentialRotated = "CREDENTIAL_ROTATED";
    CredentialRevoked = "CREDENTIAL_REVOKED";
    TenantCreated = "TENANT_CREATED";
    TenantSuspended = "TENANT_SUSPENDED";
    TenantResumed = "TENANT_RESUMED";
    TenantLimitsChanged = "TENANT_LIMITS_CHANGED";
}

/// One line of the audit log. It holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    pub id: i64,
    pub at: Instant,
    pub action: AuditAction,
    /// Who did it: an e-mail, a client id, or `system:…`.
    pub actor: String,
    /// Whom or what it was done to: an e-mail or a client id.
    pub target: Option<String>,
    /// Where the request came from.
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    /// What else there is to know, such as the role before and after.
    pub details: Option<Value>,
}

/// Which events are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Any of these; all where empty.
    pub actions: Vec<AuditAction>,
    pub actor: Option<String>,
    pub target: Option<String>,
    /// At this instant or after it.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
}

impl GlobalScope {
    /// Adds an event to the log of one tenant, in the transaction that changes what it tells of.
    pub async fn add_audit_event(&self, tenant: TenantId, event: &AuditEvent) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO audit_events (tenant_id, at, event_id, action, actor, target, address, user_agent, request_id,
               details) VALUES (",
        );
        sql.bind(tenant.0).push(", ").bind(event.at.0).push(", ").bind(event.id);
        sql.push(", ").bind(event.action.as_str()).push(", ").bind(event.actor.as_str());
        sql.push(", ").bind(event.target.clone()).push(", ").bind(event.address.clone());
        sql.push(", ").bind(event.user_agent.clone()).push(", ").bind(event.request_id.as_str());
        sql.push(", ").bind(event.details.as_ref().map(Value::to_string)).push(")");
        self.execute_for(tenant, sql).await.map(drop)
    }
}

impl TenantScope {
    /// The newest events first: at most `limit` of those that come after `after`, which is an event's time and id.
    pub async fn audit_events(
        &self,
        filter: &AuditFilter,
        after: Option<(Instant, i64)>,
        limit: usize,
    ) -> Result<Vec<AuditEvent>> {
        let mut sql = Sql::new(
            "SELECT event_id, at, action, actor, target, address, user_agent, request_id, details FROM audit_events
             WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0);
        if !filter.actions.is_empty() {
            sql.push(" AND action IN (");
            sql.bind_list(filter.actions.iter().map(|action| action.as_str())).push(")");
        }
        if let Some(actor) = &filter.actor {
            sql.push(" AND actor = ").bind(actor.as_str());
        }
        if let Some(target) = &filter.target {
            sql.push(" AND target = ").bind(target.as_str());
        }
        if let Some(from) = filter.from {
            sql.push(" AND at >= ").bind(from.0);
        }
        if let Some(until) = filter.until {
            sql.push(" AND at < ").bind(until.0);
        }
        if let Some((at, id)) = after {
            sql.push(" AND (at, event_id) < (").bind(at.0).push(", ").bind(id).push(")");
        }
        sql.push(" ORDER BY at DESC, event_id DESC LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(event).collect()
    }
}

fn event(row: &QueryResult) -> Result<AuditEvent> {
    let action: String = column(row, 2)?;
    let known = AuditAction::ALL.iter().find(|known| known.as_str() == action);
    Ok(AuditEvent {
        id: column(row, 0)?,
        at: Instant(column(row, 1)?),
        action: *known.ok_or_else(|| Error::internal(format!("the action {action} is not known")))?,
        actor: column(row, 3)?,
        target: column(row, 4)?,
        address: column(row, 5)?,
        user_agent: column(row, 6)?,
        request_id: column(row, 7)?,
        details: match column::<Option<String>>(row, 8)? {
            Some(text) => Some(serde_json::from_str(&text).map_err(Error::internal)?),
            None => None,
        },
    })
}
