//! Pages: where they begin and end, and what is told of their neighbours.

use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Error, Result};

use crate::entity::Entity;
use crate::query::{EntityNode, EntityPage, Page};
use crate::sort::{Cursor, Key, Ordering};
use crate::sql::Sql;

/// The cursors of a page, read.
pub(crate) struct Bounds {
    pub after: Option<Cursor>,
    pub before: Option<Cursor>,
}

impl Bounds {
    pub(crate) fn parse(page: &Page, keys: &[Key]) -> Result<Self> {
        let read = |text: &Option<String>| text.as_deref().map(|text| Cursor::parse(text, keys)).transpose();
        Ok(Self { after: read(&page.after)?, before: read(&page.before)? })
    }

    /// Appends the keyset conditions of a whole list.
    pub(crate) fn push(&self, sql: &mut Sql, ordering: &Ordering<'_>) {
        for (cursor, reverse) in [(&self.after, false), (&self.before, true)] {
            if let Some(cursor) = cursor {
                sql.push(" AND ");
                ordering.push_keyset(sql, cursor, reverse);
            }
        }
    }
}

pub(crate) fn blueprint_of(model: &CatalogModel, no: BlueprintNo) -> Result<&BlueprintModel> {
    let found = model
        .by_no(no)
        .ok_or_else(|| Error::internal("a query names a blueprint that is not in its model"))?;
    Ok(found.as_ref())
}

/// Makes a page of rows that were fetched in reading order (reversed, from the end), one more than asked for.
/// Each row comes with the place of its edge, where the list is of a relation.
pub(crate) fn page_of(
    blueprint: &BlueprintModel,
    keys: &[Key],
    page: &Page,
    mut rows: Vec<(Entity, i32)>,
) -> EntityPage {
    let more = rows.len() > page.limit;
    rows.truncate(page.limit);
    if page.from_end {
        rows.reverse();
    }
    let nodes = rows
        .into_iter()
        .map(|(entity, ordinal)| EntityNode {
            cursor: Cursor::of(blueprint, &entity, keys, ordinal).text(),
            entity,
            related: std::collections::HashMap::new(),
            graphs: std::collections::HashMap::new(),
        })
        .collect();
    let (has_next, has_previous) = if page.from_end {
        (page.before.is_some(), more)
    } else {
        (more, page.after.is_some() || page.offset > 0)
    };
    EntityPage { nodes, has_next, has_previous, total: None }
}
