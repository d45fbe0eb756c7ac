//! One-time links: invitations into a tenant, and resets of a password. The token is kept as a hash.

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use super::role;
use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, Role, TenantId};

/// A link that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    pub id: i64,
    /// In lower case.
    pub email: String,
    /// Where an invitation leads and as what; None for a reset.
    pub invitation: Option<(TenantId, Role)>,
    pub created_at: Instant,
    pub created_by: String,
    pub expires_at: Instant,
}

const LINK: &str =
    "SELECT link_id, email, tenant_id, role, created_at, created_by, expires_at FROM one_time_links WHERE ";

impl GlobalScope {
    /// Keeps a link. It replaces others for the same purpose and e-mail, which are good for nothing from now on.
    pub async fn create_link(&self, link: &OneTimeLink, token_hash: &[u8]) -> Result<()> {
        let tenant = link.invitation.map(|(tenant, _)| tenant.0);
        let mut sql = Sql::new("DELETE FROM one_time_links WHERE email = ");
        sql.bind(link.email.as_str());
        match tenant {
            Some(tenant) => sql.push(" AND tenant_id = ").bind(tenant),
            None => sql.push(" AND tenant_id IS NULL"),
        };
        self.execute(sql).await?;
        let mut sql = Sql::new(
            "INSERT INTO one_time_links (token_hash, link_id, email, tenant_id, role, created_at, created_by, expires_at)
             VALUES (",
        );
        sql.bind(token_hash.to_vec()).push(", ").bind(link.id).push(", ").bind(link.email.as_str());
        sql.push(", ").bind(tenant).push(", ").bind(link.invitation.map(|(_, role)| role.as_str()));
        sql.push(", ").bind(link.created_at.0).push(", ").bind(link.created_by.as_str());
        sql.push(", ").bind(link.expires_at.0).push(")");
        self.execute(sql).await.map(drop)
    }

    /// Finds a link by its token, whether or not its time is over.
    pub async fn link(&self, token_hash: &[u8]) -> Result<Option<OneTimeLink>> {
        let mut sql = Sql::new(&format!("{LINK}token_hash = "));
        sql.bind(token_hash.to_vec());
        self.one(sql).await?.map(|row| link(&row)).transpose()
    }

    /// Uses a link up; answers whether it was there. Of two who try, one succeeds.
    pub async fn use_link(&self, token_hash: &[u8]) -> Result<bool> {
        let mut sql = Sql::new("DELETE FROM one_time_links WHERE token_hash = ");
        sql.bind(token_hash.to_vec());
        Ok(self.execute(sql).await? == 1)
    }

    /// A tenant's open invitations, by e-mail.
    pub async fn invitations(&self, tenant: TenantId) -> Result<Vec<OneTimeLink>> {
        let mut sql = Sql::new(&format!("{LINK}tenant_id = "));
        sql.bind(tenant.0).push(" ORDER BY email");
        self.all(sql).await?.iter().map(link).collect()
    }

    pub async fn invitation(&self, tenant: TenantId, id: i64) -> Result<Option<OneTimeLink>> {
        let mut sql = Sql::new(&format!("{LINK}tenant_id = "));
        sql.bind(tenant.0).push(" AND link_id = ").bind(id);
        self.one(sql).await?.map(|row| link(&row)).transpose()
    }

    /// Answers whether the tenant has such an invitation.
    pub async fn set_invitation_role(&self, tenant: TenantId, id: i64, role: Role) -> Result<bool> {
        let mut sql = Sql::new("UPDATE one_time_links SET role = ");
        sql.bind(role.as_str()).push(" WHERE tenant_id = ").bind(tenant.0);
        sql.push(" AND link_id = ").bind(id);
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether the tenant had such an invitation.
    pub async fn delete_invitation(&self, tenant: TenantId, id: i64) -> Result<bool> {
        let mut sql = Sql::new("DELETE FROM one_time_links WHERE tenant_id = ");
        sql.bind(tenant.0).push(" AND link_id = ").bind(id);
        Ok(self.execute(sql).await? == 1)
    }

    /// Invitations whose time is over.
    pub async fn ended_invitations(&self, at: Instant) -> Result<Vec<OneTimeLink>> {
        let mut sql = Sql::new(&format!("{LINK}tenant_id IS NOT NULL AND expires_at <= "));
        sql.bind(at.0).push(" ORDER BY tenant_id, email");
        self.all(sql).await?.iter().map(link).collect()
    }

    /// Removes links whose time is over, but for invitations.
    pub async fn delete_ended_links(&self, at: Instant) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM one_time_links WHERE tenant_id IS NULL AND expires_at <= ");
        sql.bind(at.0);
        self.execute(sql).await
    }
}

fn link(row: &QueryResult) -> Result<OneTimeLink> {
    let tenant: Option<i64> = column(row, 2)?;
    Ok(OneTimeLink {
        id: column(row, 0)?,
        email: column(row, 1)?,
        invitation: match tenant {
            Some(tenant) => Some((TenantId(tenant), role(row, 3)?)),
            None => None,
        },
        created_at: Instant(column(row, 4)?),
        created_by: column(row, 5)?,
        expires_at: Instant(column(row, 6)?),
    })
}
