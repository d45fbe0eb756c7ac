//! Lists of entities: one statement a page, or two where rows without a value come into view.
//!
//! A list with a single key walks the index of that key. Lists with several keys, or with an offset, take the general
//! form: all matches are sorted.

use portolan_schema::filter::Filter;
use portolan_schema::{BlueprintModel, BlueprintNo, CatalogModel, Error, Result};

use crate::TenantScope;
use crate::entity::Entity;
use crate::entity_read::{columns, read};
use crate::filter_sql::{FilterWriter, column_name};
use crate::query::{EntityNode, EntityPage, EntityQuery, Page};
use crate::row::column;
use crate::sort::{self, Cursor, Key, KeyValue, Source};
use crate::sql::Sql;

impl TenantScope {
    /// A page of a list with everything it asks for through relations.
    ///
    /// # Errors
    /// `INVALID_CURSOR`, or `INVALID_OPERATOR` where the order names a field that cannot be sorted by.
    pub async fn list(&self, model: &CatalogModel, query: &EntityQuery) -> Result<EntityPage> {
        let blueprint = blueprint_of(model, query.blueprint)?;
        let keys = sort::keys(blueprint, &query.order, Key::IDENTIFIER)?;
        let bounds = Bounds::parse(&query.page, &keys)?;
        let list = List { model, blueprint, filter: &query.filter, keys: &keys, page: &query.page, bounds };
        let entities = if keys.len() == 1 && query.page.offset == 0 {
            self.walk(&list).await?
        } else {
            self.general(&list).await?
        };
        let rows = entities.into_iter().map(|entity| (entity, 0)).collect();
        let mut page = page_of(blueprint, &keys, &query.page, rows);
        if query.count {
            page.total = Some(self.count(model, query.blueprint, &query.filter).await?);
        }
        let mut nodes: Vec<&mut EntityNode> = page.nodes.iter_mut().collect();
        if query.relation_identifiers {
            let mut entities: Vec<&mut Entity> = nodes.iter_mut().map(|node| &mut node.entity).collect();
            self.fill_relations(model, &mut entities).await?;
        }
        self.load_related(model, &mut nodes, &query.relations).await?;
        Ok(page)
    }

    /// How many entities match.
    pub async fn count(&self, model: &CatalogModel, blueprint: BlueprintNo, filter: &Filter) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) FROM entities e WHERE ");
        self.push_scope(&mut sql, model, blueprint_of(model, blueprint)?, filter)?;
        let row = self.one(sql).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(column::<i64>(&row, 0)?.unsigned_abs())
    }

    /// Appends tenant, blueprint and filter conditions on `e`.
    pub(crate) fn push_scope<'m>(
        &self,
        sql: &mut Sql,
        model: &'m CatalogModel,
        blueprint: &'m BlueprintModel,
        filter: &Filter,
    ) -> Result<()> {
        sql.push("e.tenant_id = ").bind(self.tenant().0);
        sql.push(" AND e.blueprint_no = ").bind(blueprint.no().0);
        if *filter != Filter::always() {
            sql.push(" AND ");
            FilterWriter::new(self.backend(), self.tenant(), model).write(sql, "e", blueprint, filter)?;
        }
        Ok(())
    }

    /// Walks the index of the single key: first the rows that have a value, then those that have none.
    async fn walk(&self, list: &List<'_>) -> Result<Vec<Entity>> {
        let key = list.keys[0];
        let reverse = list.page.from_end;
        let mut segments = vec![Segment::Keyed];
        if key.nullable() {
            segments.push(Segment::Null);
        }
        if reverse {
            segments.reverse();
        }
        let wanted = list.page.limit + 1;
        let mut entities = Vec::new();
        for segment in segments {
            if entities.len() >= wanted {
                break;
            }
            if let Some(sql) = self.segment(list, key, segment, wanted - entities.len())? {
                for row in self.all(sql).await? {
                    entities.push(read(list.model, &row, 0)?);
                }
            }
        }
        Ok(entities)
    }

    /// The statement for one segment, or None where the cursors leave nothing of it.
    fn segment(&self, list: &List<'_>, key: Key, segment: Segment, limit: usize) -> Result<Option<Sql>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(&columns("e")).push(" FROM ");
        let sorted = match (segment, key.source) {
            (Segment::Keyed, Source::Value { property, column, list: many }) => {
                // CROSS JOIN keeps SQLite from turning the join around; PostgreSQL takes it as an inner join.
                sql.push("entity_values o CROSS JOIN entities e WHERE o.tenant_id = ").bind(self.tenant().0);
                sql.push(" AND o.blueprint_no = ").bind(list.blueprint.no().0);
                sql.push(" AND o.property_no = ").bind(property.0);
                if many {
                    sql.push(" AND o.ordinal = 0");
                }
                let name = format!("o.{}", column_name(column));
                sql.push(" AND ").push(&name).push(" IS NOT NULL");
                sql.push(" AND e.entity_id = o.entity_id AND ");
                name
            }
            (Segment::Null, Source::Value { property, .. }) => {
                sql.push("entities e WHERE NOT EXISTS (SELECT 1 FROM entity_values o WHERE o.tenant_id = ");
                sql.bind(self.tenant().0).push(" AND o.blueprint_no = ").bind(list.blueprint.no().0);
                sql.push(" AND o.property_no = ").bind(property.0);
                sql.push(" AND o.entity_id = e.entity_id AND o.ordinal = 0) AND ");
                "e.identifier".to_owned()
            }
            (Segment::Keyed, Source::Column { name, nullable, .. }) => {
                sql.push("entities e WHERE ");
                if nullable {
                    sql.push("e.").push(name).push(" IS NOT NULL AND ");
                }
                format!("e.{name}")
            }
            (Segment::Null, Source::Column { name, .. }) => {
                sql.push("entities e WHERE e.").push(name).push(" IS NULL AND ");
                "e.identifier".to_owned()
            }
            (_, Source::Ordinal) => return Err(Error::internal("only relations are ordered by ordinal")),
        };
        self.push_scope(&mut sql, list.model, list.blueprint, list.filter)?;
        let unique = sorted == "e.identifier";
        let descending = segment == Segment::Keyed && key.descending;
        let id = if sorted.starts_with("o.") { "o.entity_id" } else { "e.entity_id" };
        for (cursor, after) in [(&list.bounds.after, true), (&list.bounds.before, false)] {
            let Some(cursor) = cursor else { continue };
            let greater = after != descending;
            match (segment, cursor.keys[0] == KeyValue::Null) {
                // The cursor is in the other segment: all of this one is on its far side, or nothing is.
                (Segment::Keyed, true) if after => return Ok(None),
                (Segment::Null, false) if !after => return Ok(None),
                (Segment::Keyed, true) | (Segment::Null, false) => {}
                (Segment::Null, true) => {
                    let identifier = cursor.identifier.clone().unwrap_or_default();
                    sql.push(if greater { " AND e.identifier > " } else { " AND e.identifier < " })
                        .bind(identifier);
                }
                (Segment::Keyed, false) if unique => {
                    sql.push(if greater { " AND e.identifier > " } else { " AND e.identifier < " });
                    sql.bind(cursor.keys[0].bound());
                }
                (Segment::Keyed, false) => {
                    sql.push(" AND (").push(&sorted).push(", ").push(id).push(if greater {
                        ") > ("
                    } else {
                        ") < ("
                    });
                    sql.bind(cursor.keys[0].bound()).push(", ").bind(cursor.id).push(")");
                }
            }
        }
        let direction = if descending == list.page.from_end { " ASC" } else { " DESC" };
        sql.push(" ORDER BY ").push(&sorted).push(direction);
        if !unique {
            sql.push(", ").push(id).push(direction);
        }
        sql.push(" LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        Ok(Some(sql))
    }

    /// Several keys, or an offset: the matches are sorted as a whole.
    async fn general(&self, list: &List<'_>) -> Result<Vec<Entity>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(&columns("e")).push(" FROM entities e");
        sort::push_joins(&mut sql, list.keys);
        sql.push(" WHERE ");
        self.push_scope(&mut sql, list.model, list.blueprint, list.filter)?;
        list.bounds.push(&mut sql, list.keys);
        sql.push(" ORDER BY ").push(&sort::order_by(list.keys, list.page.from_end)).push(" LIMIT ");
        sql.bind(i64::try_from(list.page.limit + 1).unwrap_or(i64::MAX));
        sql.push(" OFFSET ").bind(i64::try_from(list.page.offset).unwrap_or(i64::MAX));
        self.all(sql).await?.iter().map(|row| read(list.model, row, 0)).collect()
    }
}

/// The parts of one list, resolved.
struct List<'a> {
    model: &'a CatalogModel,
    blueprint: &'a BlueprintModel,
    filter: &'a Filter,
    keys: &'a [Key],
    page: &'a Page,
    bounds: Bounds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment {
    /// Rows that have a value for the key.
    Keyed,
    /// Rows that have none; ordered by identifier.
    Null,
}

/// The cursors of a page, read.
pub(crate) struct Bounds {
    after: Option<Cursor>,
    before: Option<Cursor>,
}

impl Bounds {
    pub(crate) fn parse(page: &Page, keys: &[Key]) -> Result<Self> {
        let read = |text: &Option<String>| text.as_deref().map(|text| Cursor::parse(text, keys)).transpose();
        Ok(Self { after: read(&page.after)?, before: read(&page.before)? })
    }

    /// Appends the keyset conditions of a general list.
    pub(crate) fn push(&self, sql: &mut Sql, keys: &[Key]) {
        for (cursor, reverse) in [(&self.after, false), (&self.before, true)] {
            if let Some(cursor) = cursor {
                sql.push(" AND ");
                sort::push_keyset(sql, keys, cursor, reverse);
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
        })
        .collect();
    let (has_next, has_previous) = if page.from_end {
        (page.before.is_some(), more)
    } else {
        (more, page.after.is_some() || page.offset > 0)
    };
    EntityPage { nodes, has_next, has_previous, total: None }
}
