//! Reading the log of changes of the model.

use portolan_schema::{Error, Instant, Result};
use serde_json::Value;

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// What a revision did to one blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRevision {
    pub revision: i64,
    pub at: Instant,
    pub actor: String,
    /// After the change, or before it where the blueprint was deleted.
    pub identifier: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl TenantScope {
    /// The changes of about `limit` blueprints in the revisions before one, newest first and no revision cut; and whether
    /// there are more.
    pub async fn model_revisions(&self, before: i64, limit: usize) -> Result<(Vec<ModelRevision>, bool)> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut sql = Sql::new(
            "SELECT revision, at, actor, before_definition, after_definition FROM model_revisions WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND revision < ").bind(before);
        // Down to the revision of the last row of the page.
        sql.push(
            " AND revision >= coalesce((SELECT min(revision) FROM (SELECT revision FROM model_revisions WHERE tenant_id = ",
        );
        sql.bind(self.tenant().0).push(" AND revision < ").bind(before);
        sql.push(" ORDER BY revision DESC, blueprint_no LIMIT ").bind(limit);
        sql.push(") page), 0) ORDER BY revision DESC, blueprint_no");
        let mut found = Vec::new();
        for row in self.all(sql).await? {
            let json = |text: Option<String>| -> Result<Option<Value>> {
                text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)
            };
            let (before, after) = (json(column(&row, 3)?)?, json(column(&row, 4)?)?);
            let named = after.as_ref().or(before.as_ref()).and_then(|known| known["identifier"].as_str());
            found.push(ModelRevision {
                revision: column(&row, 0)?,
                at: Instant(column(&row, 1)?),
                actor: column(&row, 2)?,
                identifier: named.unwrap_or_default().to_owned(),
                before,
                after,
            });
        }
        let more = match found.last() {
            Some(last) => {
                let mut sql = Sql::new("SELECT 1 FROM model_revisions WHERE tenant_id = ");
                sql.bind(self.tenant().0).push(" AND revision < ").bind(last.revision).push(" LIMIT 1");
                self.one(sql).await?.is_some()
            }
            None => false,
        };
        Ok((found, more))
    }
}
