//! The beginnings of names that prefix search rests on, kept in step with their entities.

use portolan_schema::words::words;
use portolan_schema::{BlueprintNo, Result};

use crate::TenantScope;
use crate::entity_write::EntityChange;
use crate::sql::Sql;

/// Rows of one multi-row statement.
const ROWS: usize = 500;

/// A row of `entity_words`: blueprint, kind, word, entity. The order is that of the table.
type WordRow = (BlueprintNo, i32, String, i64);

impl TenantScope {
    /// Writes what changes take away and bring. Most bring nothing: they change no name.
    pub(crate) async fn write_words(&self, changes: &[EntityChange]) -> Result<()> {
        let (mut gone, mut fresh): (Vec<WordRow>, Vec<WordRow>) = (Vec::new(), Vec::new());
        for EntityChange { before, after, deleted, .. } in changes {
            let names =
                |state: &portolan_schema::EntityState| (state.identifier.clone(), state.title.clone());
            let had = before.as_ref().map(|before| names(&before.state));
            let has = (!deleted).then(|| names(&after.state));
            if had == has {
                continue;
            }
            let rows = |names: Option<(String, Option<String>)>| -> Vec<WordRow> {
                let words = names.map(|(identifier, title)| words(&identifier, title.as_deref()));
                let words = words.unwrap_or_default().into_iter();
                words.map(|(kind, word)| (after.blueprint, kind.number(), word, after.id)).collect()
            };
            let (had, has) = (rows(had), rows(has));
            gone.extend(had.iter().filter(|row| !has.contains(row)).cloned());
            fresh.extend(has.iter().filter(|row| !had.contains(row)).cloned());
        }
        gone.sort_unstable();
        fresh.sort_unstable();
        for part in gone.chunks(ROWS) {
            let mut sql = Sql::new("DELETE FROM entity_words WHERE tenant_id = ");
            sql.bind(self.tenant().0);
            sql.push(" AND (blueprint_no, kind, word, entity_id) IN (VALUES ");
            for (at, (blueprint, kind, word, entity)) in part.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(blueprint.0).push(", ").bind(*kind);
                sql.push(", ").bind(word.as_str()).push(", ").bind(*entity).push(")");
            }
            sql.push(")");
            self.execute(sql).await?;
        }
        for part in fresh.chunks(ROWS) {
            let mut sql =
                Sql::new("INSERT INTO entity_words (tenant_id, blueprint_no, kind, word, entity_id) VALUES ");
            for (at, (blueprint, kind, word, entity)) in part.iter().enumerate() {
                sql.push(if at == 0 { "(" } else { ", (" }).bind(self.tenant().0);
                sql.push(", ").bind(blueprint.0).push(", ").bind(*kind);
                sql.push(", ").bind(word.as_str()).push(", ").bind(*entity).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }
}
