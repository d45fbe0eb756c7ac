//! Sessions: signed-in browsers. The token is kept as a hash.

use portolan_schema::{Instant, Result};

use crate::GlobalScope;
use crate::row::column;
use crate::sql::Sql;

/// A session to begin.
pub struct NewSession {
    pub token_hash: Vec<u8>,
    pub account: i64,
    pub at: Instant,
    pub ends_at: Instant,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

/// A session with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub account: i64,
    pub email: String,
    pub name: Option<String>,
    pub seen_at: Instant,
    pub ends_at: Instant,
}

impl GlobalScope {
    pub async fn create_session(&self, session: &NewSession) -> Result<()> {
        let mut sql = Sql::new(
            "INSERT INTO sessions (token_hash, account_id, created_at, seen_at, ends_at, address, user_agent) VALUES (",
        );
        sql.bind(session.token_hash.clone()).push(", ").bind(session.account);
        sql.push(", ").bind(session.at.0).push(", ").bind(session.at.0).push(", ").bind(session.ends_at.0);
        sql.push(", ").bind(session.address.clone()).push(", ").bind(session.user_agent.clone()).push(")");
        self.execute(sql).await.map(drop)
    }

    /// The session of an account that may sign in, whether or not its time is over.
    pub async fn session(&self, token_hash: &[u8]) -> Result<Option<Session>> {
        let mut sql = Sql::new(
            "SELECT sessions.account_id, accounts.email, accounts.name, sessions.seen_at, sessions.ends_at
               FROM sessions JOIN accounts ON accounts.account_id = sessions.account_id
             WHERE accounts.status = 'ACTIVE' AND sessions.token_hash = ",
        );
        sql.bind(token_hash.to_vec());
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        Ok(Some(Session {
            account: column(&row, 0)?,
            email: column(&row, 1)?,
            name: column(&row, 2)?,
            seen_at: Instant(column(&row, 3)?),
            ends_at: Instant(column(&row, 4)?),
        }))
    }

    pub async fn touch_session(&self, token_hash: &[u8], at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE sessions SET seen_at = ");
        sql.bind(at.0).push(" WHERE token_hash = ").bind(token_hash.to_vec());
        self.execute(sql).await.map(drop)
    }

    /// Answers whether there was one.
    pub async fn delete_session(&self, token_hash: &[u8]) -> Result<bool> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE token_hash = ");
        sql.bind(token_hash.to_vec());
        Ok(self.execute(sql).await? == 1)
    }

    /// Ends all sessions of an account.
    pub async fn delete_sessions_of(&self, account: i64) -> Result<()> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE account_id = ");
        sql.bind(account);
        self.execute(sql).await.map(drop)
    }

    /// Removes sessions whose time is over: their end has come, or nobody used them since `idle_since`.
    pub async fn delete_ended_sessions(&self, at: Instant, idle_since: Instant) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM sessions WHERE ends_at <= ");
        sql.bind(at.0).push(" OR seen_at <= ").bind(idle_since.0);
        self.execute(sql).await
    }
}
