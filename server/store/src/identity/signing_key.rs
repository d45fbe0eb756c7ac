//! The keys that tokens are signed with, sealed.

use portolan_schema::{Instant, Result};
use sea_orm::QueryResult;

use crate::GlobalScope;
use crate::row::column;
use crate::sql::Sql;

/// A key that tokens are signed with.
pub struct SigningKeyRow {
    pub kid: String,
    pub private_sealed: Vec<u8>,
    pub public_jwk: String,
    /// Since when it signs nothing; what it signed before is still good.
    pub retired_at: Option<Instant>,
}

impl GlobalScope {
    /// All signing keys, the newest first, those in use before the retired.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>> {
        let sql = Sql::new(
            "SELECT kid, private_sealed, public_jwk, retired_at FROM signing_keys
             ORDER BY CASE WHEN retired_at IS NULL THEN 0 ELSE 1 END, created_at DESC, kid",
        );
        let read = |row: &QueryResult| {
            Ok(SigningKeyRow {
                kid: column(row, 0)?,
                private_sealed: column(row, 1)?,
                public_jwk: column(row, 2)?,
                retired_at: column::<Option<i64>>(row, 3)?.map(Instant),
            })
        };
        self.all(sql).await?.iter().map(read).collect()
    }

    /// Which key signs now.
    pub async fn signing_kid(&self) -> Result<Option<String>> {
        let sql = Sql::new(
            "SELECT kid FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC, kid LIMIT 1",
        );
        self.one(sql).await?.map(|row| column(&row, 0)).transpose()
    }

    /// Holds off others who add or retire keys until the end of the transaction.
    pub async fn lock_signing_keys(&self) -> Result<()> {
        self.execute(Sql::new("UPDATE id_blocks SET next_id = next_id WHERE name = 'any'")).await.map(drop)
    }

    pub async fn add_signing_key(&self, key: &SigningKeyRow, at: Instant) -> Result<()> {
        let mut sql =
            Sql::new("INSERT INTO signing_keys (kid, private_sealed, public_jwk, created_at) VALUES (");
        sql.bind(key.kid.as_str()).push(", ").bind(key.private_sealed.clone());
        sql.push(", ").bind(key.public_jwk.as_str()).push(", ").bind(at.0).push(")");
        self.execute(sql).await.map(drop)
    }

    /// From now on only `kid` signs.
    pub async fn retire_other_keys(&self, kid: &str, at: Instant) -> Result<()> {
        let mut sql = Sql::new("UPDATE signing_keys SET retired_at = ");
        sql.bind(at.0).push(" WHERE retired_at IS NULL AND kid <> ").bind(kid);
        self.execute(sql).await.map(drop)
    }

    /// Removes keys that were retired at `until` or before: nothing they signed is good any more.
    pub async fn delete_retired_keys(&self, until: Instant) -> Result<u64> {
        let mut sql = Sql::new("DELETE FROM signing_keys WHERE retired_at <= ");
        sql.bind(until.0);
        self.execute(sql).await
    }
}
