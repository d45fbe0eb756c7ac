//! Memberships: the role of an account in a tenant.

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use super::role;
use super::tenant::{TENANT, TENANT_WIDTH, tenant};
use crate::identity::Tenant;
use crate::row::column;
use crate::sql::Sql;
use crate::{GlobalScope, Role, TenantId};

/// A member, as the tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    pub account: i64,
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    pub joined_at: Instant,
    pub last_sign_in_at: Option<Instant>,
}

/// A tenant, as its member sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMembership {
    pub tenant: Tenant,
    pub role: Role,
}

const MEMBER: &str =
    "SELECT accounts.account_id, accounts.email, accounts.name, memberships.role, memberships.created_at, \
     accounts.last_sign_in_at FROM memberships JOIN accounts ON accounts.account_id = memberships.account_id
     WHERE memberships.tenant_id = ";

impl GlobalScope {
    /// Makes a membership; answers whether there was none. One that exists keeps its role.
    pub async fn add_membership(
        &self,
        tenant: TenantId,
        account: i64,
        role: Role,
        at: Instant,
    ) -> Result<bool> {
        let mut sql = Sql::new("INSERT INTO memberships (tenant_id, account_id, role, created_at) VALUES (");
        sql.bind(tenant.0).push(", ").bind(account).push(", ").bind(role.as_str());
        sql.push(", ").bind(at.0).push(") ON CONFLICT (tenant_id, account_id) DO NOTHING");
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether there is such a member.
    pub async fn set_role(&self, tenant: TenantId, account: i64, role: Role) -> Result<bool> {
        let mut sql = Sql::new("UPDATE memberships SET role = ");
        sql.bind(role.as_str()).push(" WHERE tenant_id = ").bind(tenant.0);
        sql.push(" AND account_id = ").bind(account);
        Ok(self.execute(sql).await? == 1)
    }

    /// Answers whether there was such a member.
    pub async fn delete_membership(&self, tenant: TenantId, account: i64) -> Result<bool> {
        let mut sql = Sql::new("DELETE FROM memberships WHERE tenant_id = ");
        sql.bind(tenant.0).push(" AND account_id = ").bind(account);
        Ok(self.execute(sql).await? == 1)
    }

    /// A tenant's members, by e-mail.
    pub async fn members(&self, tenant: TenantId) -> Result<Vec<MemberRow>> {
        let mut sql = Sql::new(MEMBER);
        sql.bind(tenant.0).push(" ORDER BY accounts.email");
        self.all(sql).await?.iter().map(member).collect()
    }

    pub async fn member(&self, tenant: TenantId, account: i64) -> Result<Option<MemberRow>> {
        let mut sql = Sql::new(MEMBER);
        sql.bind(tenant.0).push(" AND memberships.account_id = ").bind(account);
        self.one(sql).await?.map(|row| member(&row)).transpose()
    }

    pub async fn count_members(&self, tenant: TenantId) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM memberships WHERE tenant_id = ");
        sql.bind(tenant.0);
        self.one(sql).await?.map_or(Ok(0), |row| Ok(column::<i64>(&row, 0)?.unsigned_abs()))
    }

    /// How many members have the role Admin.
    pub async fn count_admins(&self, tenant: TenantId) -> Result<i64> {
        let mut sql = Sql::new("SELECT count(*) FROM memberships WHERE role = 'ADMIN' AND tenant_id = ");
        sql.bind(tenant.0);
        self.one(sql).await?.map_or(Ok(0), |row| column(&row, 0))
    }

    /// The tenants that an account belongs to, by slug; only the one named, where one is.
    pub async fn memberships_of(&self, account: i64, slug: Option<&str>) -> Result<Vec<AccountMembership>> {
        let mut sql = Sql::new(&format!(
            "SELECT {TENANT}, memberships.role FROM memberships
               JOIN tenants ON tenants.tenant_id = memberships.tenant_id
             WHERE tenants.status <> 'DELETING' AND memberships.account_id = "
        ));
        sql.bind(account);
        if let Some(slug) = slug {
            sql.push(" AND tenants.slug = ").bind(slug);
        }
        sql.push(" ORDER BY tenants.slug");
        let read = |row: &QueryResult| {
            Ok(AccountMembership { tenant: tenant(row, 0)?, role: role(row, TENANT_WIDTH)? })
        };
        self.all(sql).await?.iter().map(read).collect()
    }
}

fn member(row: &QueryResult) -> Result<MemberRow> {
    Ok(MemberRow {
        account: column(row, 0)?,
        email: column(row, 1)?,
        name: column(row, 2)?,
        role: role(row, 3)?,
        joined_at: Instant(column(row, 4)?),
        last_sign_in_at: column::<Option<i64>>(row, 5)?.map(Instant),
    })
}
