//! Accounts: persons, in all tenants.

use portolan_schema::{Error, Instant, Result};
use sea_orm::QueryResult;

use crate::GlobalScope;
use crate::row::column;
use crate::sql::Sql;

/// A person. Debug shows no hash.
#[derive(Clone)]
pub struct Account {
    pub id: i64,
    /// In lower case.
    pub email: String,
    pub name: Option<String>,
    /// None: no password opens it until one is set by a link.
    pub password_hash: Option<String>,
    pub active: bool,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("email", &self.email).finish_non_exhaustive()
    }
}

/// An account to make.
#[derive(Clone)]
pub struct NewAccount {
    pub id: i64,
    pub email: String,
    pub name: Option<String>,
    pub password_hash: String,
}

const ACCOUNT: &str = "account_id, email, name, password_hash, status";

impl GlobalScope {
    /// Makes the account, or answers the id of the one that has the e-mail already.
    pub async fn ensure_account(&self, account: &NewAccount, at: Instant) -> Result<(i64, bool)> {
        let mut sql = Sql::new(
            "INSERT INTO accounts (account_id, email, name, password_hash, status, created_at) VALUES (",
        );
        sql.bind(account.id).push(", ").bind(account.email.as_str()).push(", ").bind(account.name.clone());
        sql.push(", ").bind(account.password_hash.as_str()).push(", 'ACTIVE', ").bind(at.0);
        sql.push(") ON CONFLICT (email) DO NOTHING");
        let made = self.execute(sql).await? == 1;
        let found = self.account_by_email(&account.email).await?;
        let found = found.ok_or_else(|| Error::internal("an account vanished"))?;
        Ok((found.id, made))
    }

    /// `email` is in lower case.
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        let mut sql = Sql::new(&format!("SELECT {ACCOUNT} FROM accounts WHERE email = "));
        sql.bind(email);
        self.one(sql).await?.map(|row| account(&row)).transpose()
    }

    /// Records a sign-in, provided the password is still the one that was checked; answers whether it is. The account is
    /// locked until the end of the transaction, so that a change of the password comes before or after it as a whole.
    pub async fn record_sign_in(&self, account: i64, password_hash: &str, at: Instant) -> Result<bool> {
        let mut sql = Sql::new("UPDATE accounts SET last_sign_in_at = ");
        sql.bind(at.0).push(" WHERE status = 'ACTIVE' AND account_id = ").bind(account);
        sql.push(" AND password_hash = ").bind(password_hash);
        Ok(self.execute(sql).await? == 1)
    }

    pub async fn set_password(&self, account: i64, password_hash: &str) -> Result<()> {
        let mut sql = Sql::new("UPDATE accounts SET password_hash = ");
        sql.bind(password_hash).push(" WHERE account_id = ").bind(account);
        self.execute(sql).await.map(drop)
    }
}

fn account(row: &QueryResult) -> Result<Account> {
    Ok(Account {
        id: column(row, 0)?,
        email: column(row, 1)?,
        name: column(row, 2)?,
        password_hash: column(row, 3)?,
        active: column::<String>(row, 4)? == "ACTIVE",
    })
}
