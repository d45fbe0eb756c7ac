//! Prefix search over the names of entities.
//!
//! The index is walked blueprint by blueprint, for it has to begin with the blueprint where only some are searched; each
//! gives no more rows than the page has. An entity whose names match in several ways is found by the best of them, and
//! passed over by the others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portolan_schema::words::{WordKind, best, cut, wanted};
use portolan_schema::{CatalogModel, Code, Error, Pointer, Result};
use serde::{Deserialize, Serialize};

use crate::TenantScope;
use crate::query::{EntityPage, SearchQuery};
use crate::row::column;
use crate::sql::Sql;

/// Blueprints of one statement: SQLite takes 500 parts of a compound.
const BLUEPRINTS: usize = 200;

/// Rows that are asked for at least: some may be of entities that were found before.
const LEAST: usize = 20;
/// Rows that are asked for at most.
const MOST: usize = 2_000;

/// A place in the order of hits: by kind, then word, then entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(i32, String, i64);

impl Place {
    fn parse(text: &str) -> Result<Self> {
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        read.ok_or_else(|| {
            Error::at(Code::InvalidCursor, Pointer::root().key("after"), "the cursor is not one of a search")
        })
    }

    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl TenantScope {
    /// A page of the entities whose identifier, title, or title from one of its words on begins with a text, whatever the
    /// case. The best come first: a whole identifier, the beginning of one, that of a title, that of a word. Nothing begins
    /// with an empty text.
    ///
    /// # Errors
    /// `INVALID_CURSOR`.
    pub async fn search(&self, model: &CatalogModel, query: &SearchQuery) -> Result<EntityPage> {
        let text = wanted(&query.text);
        let after = query.after.as_deref().map(Place::parse).transpose()?;
        let mut found: Vec<Place> = Vec::new();
        if !text.is_empty() {
            for kind in WordKind::ALL {
                if found.len() <= query.limit {
                    self.search_kind(query, &text, kind, after.as_ref(), &mut found).await?;
                }
            }
        }
        let has_next = found.len() > query.limit;
        found.truncate(query.limit);
        let ids: Vec<i64> = found.iter().map(|place| place.2).collect();
        let mut nodes = self.nodes(model, &ids, &query.nodes).await?;
        let place = |id: i64| ids.iter().position(|found| *found == id);
        nodes.sort_by_key(|node| place(node.entity.id));
        for node in &mut nodes {
            node.cursor = place(node.entity.id).map(|at| found[at].text()).unwrap_or_default();
        }
        Ok(EntityPage { nodes, has_next, has_previous: after.is_some(), total: None })
    }

    /// Adds hits of one kind, until there is one more than the page takes.
    async fn search_kind(
        &self,
        query: &SearchQuery,
        text: &str,
        kind: WordKind,
        after: Option<&Place>,
        found: &mut Vec<Place>,
    ) -> Result<()> {
        if after.is_some_and(|after| after.0 > kind.number()) {
            return Ok(());
        }
        let mut from = after.filter(|after| after.0 == kind.number()).cloned();
        let mut limit = (query.limit + 1 - found.len()).max(LEAST);
        loop {
            let mut rows: Vec<(Place, bool)> = Vec::new();
            for blueprints in query.blueprints.chunks(BLUEPRINTS) {
                let mut sql = Sql::new("SELECT h.word, h.entity_id, e.identifier, e.title FROM (");
                for (at, blueprint) in blueprints.iter().enumerate() {
                    sql.push(if at == 0 { "" } else { " UNION ALL " });
                    self.push_range(&mut sql, blueprint.0, text, kind, from.as_ref(), limit);
                }
                // Cut before the entities are looked up, and so only those are.
                sql.push(&format!(" ORDER BY word, entity_id LIMIT {limit}) h CROSS JOIN entities e"));
                sql.push(" WHERE e.tenant_id = ").bind(self.tenant().0);
                sql.push(" AND e.entity_id = h.entity_id ORDER BY h.word, h.entity_id");
                for row in self.all(sql).await? {
                    let (word, id): (String, i64) = (column(&row, 0)?, column(&row, 1)?);
                    let (identifier, title): (String, Option<String>) = (column(&row, 2)?, column(&row, 3)?);
                    // Of an entity that has a better one, or whose text goes on otherwise behind what is kept.
                    let hit = best(&identifier, title.as_deref(), text);
                    let is_best = hit.is_some_and(|hit| hit.0 == kind && hit.1 == word);
                    rows.push((Place(kind.number(), word, id), is_best));
                }
            }
            rows.sort();
            rows.truncate(limit);
            let is_end = rows.len() < limit;
            from = rows.last().map(|(place, _)| place.clone());
            found.extend(rows.into_iter().filter(|(_, is_best)| *is_best).map(|(place, _)| place));
            if is_end || found.len() > query.limit {
                return Ok(());
            }
            limit = (limit * 2).min(MOST);
        }
    }

    /// Appends the first rows of one blueprint.
    fn push_range(
        &self,
        sql: &mut Sql,
        blueprint: i32,
        text: &str,
        kind: WordKind,
        from: Option<&Place>,
        limit: usize,
    ) {
        let least = cut(text);
        sql.push("SELECT * FROM (SELECT words.word, words.entity_id FROM entity_words words");
        sql.push(" WHERE words.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND words.blueprint_no = ").bind(blueprint).push(" AND words.kind = ").bind(kind.number());
        match from {
            None => drop(sql.push(" AND words.word >= ").bind(least)),
            // Said twice: as a range for the index, and to the point.
            Some(Place(_, word, id)) => {
                sql.push(" AND words.word >= ").bind(word.as_str());
                sql.push(" AND (words.word, words.entity_id) > (").bind(word.as_str());
                sql.push(", ").bind(*id).push(")");
            }
        }
        sql.push(" AND words.word < ").bind(format!("{least}{}", char::MAX));
        sql.push(&format!(" ORDER BY words.word, words.entity_id LIMIT {limit}) p{blueprint}"));
    }
}
