//! Rows of identity: tenants, accounts, memberships, credentials, sessions, one-time links, signing keys, the audit log.
//!
//! All but the audit log are global tables: they say who may enter which tenant, so they are read before the tenant is
//! known.

mod account;
mod audit;
mod credential;
mod deletion;
mod limits;
mod membership;
mod one_time_link;
mod session;
mod signing_key;
mod tenant;

pub use account::{Account, NewAccount};
pub use audit::{AuditAction, AuditEvent, AuditFilter};
pub use credential::{Credential, CredentialCheck};
pub use deletion::{Position, TenantTable};
pub use limits::TenantLimits;
pub use membership::{AccountMembership, MemberRow};
pub use one_time_link::OneTimeLink;
pub use session::{NewSession, Session};
pub use signing_key::SigningKeyRow;
pub use tenant::{Tenant, TenantStatus};

use portolan_schema::{Error, Result};
use sea_orm::QueryResult;

use crate::Role;
use crate::row::column;

fn role(row: &QueryResult, index: usize) -> Result<Role> {
    let text: String = column(row, index)?;
    Role::parse(&text).ok_or_else(|| Error::internal(format!("the role {text} is not known")))
}
