//! Removing a tenant's rows, whatever tables there are, a slice at a time.
//!
//! The tables are asked of the database itself, so that a table of another capability is never forgotten. A slice is
//! found by walking the table's primary key: no slice looks again at what the ones before it removed.

use portolan_schema::{Error, Result};
use sea_orm::{DbBackend, QueryResult, Value};

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// A table with a column `tenant_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantTable {
    pub name: String,
    /// The primary key's columns without `tenant_id`, in order.
    key: Vec<KeyColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyColumn {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

/// How far a table was walked: the key of the last row that was removed.
#[derive(Debug, Clone)]
pub struct Position(Vec<Value>);

const SQLITE_TABLES: &str = "SELECT tables.name, keys.name, keys.type FROM sqlite_master AS tables
       LEFT JOIN pragma_table_info(tables.name) AS keys ON keys.pk > 0
     WHERE tables.type = 'table' AND EXISTS (
       SELECT 1 FROM pragma_table_info(tables.name) AS columns WHERE columns.name = 'tenant_id')
     ORDER BY tables.name, keys.pk";

const POSTGRES_TABLES: &str =
    "SELECT tables.relname::text, keys.attname::text, format_type(keys.atttypid, NULL)
     FROM pg_class AS tables
       JOIN pg_attribute AS owner
         ON owner.attrelid = tables.oid AND owner.attname = 'tenant_id' AND NOT owner.attisdropped
       LEFT JOIN pg_index AS primaries ON primaries.indrelid = tables.oid AND primaries.indisprimary
       LEFT JOIN LATERAL unnest(primaries.indkey) WITH ORDINALITY AS parts (number, place) ON true
       LEFT JOIN pg_attribute AS keys ON keys.attrelid = tables.oid AND keys.attnum = parts.number
     WHERE tables.relkind IN ('r', 'p') AND NOT tables.relispartition
       AND tables.relnamespace = to_regnamespace(current_schema())
     ORDER BY tables.relname, parts.place";

impl TenantScope {
    /// Every table that holds rows of tenants, the head row's first: without it nothing is written to the catalog any
    /// more. `tenants` itself is not among them.
    ///
    /// # Errors
    /// A fault where a key has a column of a type that no table of ours has.
    pub async fn tenant_tables(&self) -> Result<Vec<TenantTable>> {
        let text = if self.backend() == DbBackend::Postgres { POSTGRES_TABLES } else { SQLITE_TABLES };
        let mut tables: Vec<TenantTable> = Vec::new();
        for row in &self.all(Sql::new(text)).await? {
            let name: String = column(row, 0)?;
            if name == "tenants" {
                continue;
            }
            if tables.last().is_none_or(|table| table.name != name) {
                tables.push(TenantTable { name, key: Vec::new() });
            }
            let key: Option<String> = column(row, 1)?;
            if let (Some(table), Some(key)) = (tables.last_mut(), key)
                && key != "tenant_id"
            {
                table.key.push(KeyColumn { name: key, kind: kind(&column::<String>(row, 2)?)? });
            }
        }
        tables.sort_by_key(|table| table.name != "tenant_heads");
        Ok(tables)
    }

    /// Removes the next rows of this tenant, at most `most`, and answers how many. `position` moves on; None begins at the
    /// first row, and is None again when the end was reached.
    pub async fn delete_slice(
        &self,
        table: &TenantTable,
        position: &mut Option<Position>,
        most: usize,
    ) -> Result<u64> {
        let end = self.slice_end(table, position.as_ref(), most).await?;
        let mut sql = Sql::new(&format!("DELETE FROM {} WHERE tenant_id = ", table.name));
        sql.bind(self.tenant().0);
        if let Some(begin) = position.as_ref() {
            table.compare(&mut sql, ">", begin);
        }
        if let Some(end) = &end {
            table.compare(&mut sql, "<=", end);
        }
        *position = end;
        self.execute(sql).await
    }

    /// The key of the `most`th row from here. None where there are fewer.
    async fn slice_end(
        &self,
        table: &TenantTable,
        begin: Option<&Position>,
        most: usize,
    ) -> Result<Option<Position>> {
        if table.key.is_empty() {
            return Ok(None);
        }
        let wanted: Vec<String> = table.key.iter().map(KeyColumn::selected).collect();
        // With the table's name: a bare name would be the selected column, which is no longer the index's.
        let order: Vec<String> =
            table.key.iter().map(|part| format!("{}.{}", table.name, part.name)).collect();
        let mut sql =
            Sql::new(&format!("SELECT {} FROM {} WHERE tenant_id = ", wanted.join(", "), table.name));
        sql.bind(self.tenant().0);
        if let Some(begin) = begin {
            table.compare(&mut sql, ">", begin);
        }
        sql.push(&format!(" ORDER BY {} LIMIT 1 OFFSET ", order.join(", ")));
        sql.bind(i64::try_from(most.max(1) - 1).unwrap_or(i64::MAX));
        let Some(row) = self.one(sql).await? else { return Ok(None) };
        let values = table.key.iter().enumerate().map(|(at, part)| part.kind.read(&row, at));
        Ok(Some(Position(values.collect::<Result<_>>()?)))
    }
}

impl TenantTable {
    fn compare(&self, sql: &mut Sql, operator: &str, position: &Position) {
        let names: Vec<&str> = self.key.iter().map(|part| part.name.as_str()).collect();
        sql.push(&format!(" AND ({}) {operator} (", names.join(", ")));
        sql.bind_list(position.0.iter().cloned()).push(")");
    }
}

impl KeyColumn {
    /// Numbers of all widths are read as the widest.
    fn selected(&self) -> String {
        match self.kind {
            Kind::Number => format!("CAST({} AS BIGINT)", self.name),
            Kind::Text | Kind::Bytes => self.name.clone(),
        }
    }
}

impl Kind {
    fn read(self, row: &QueryResult, at: usize) -> Result<Value> {
        Ok(match self {
            Kind::Number => column::<i64>(row, at)?.into(),
            Kind::Text => column::<String>(row, at)?.into(),
            Kind::Bytes => column::<Vec<u8>>(row, at)?.into(),
        })
    }
}

fn kind(name: &str) -> Result<Kind> {
    match name.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "smallint" => Ok(Kind::Number),
        "text" => Ok(Kind::Text),
        "bytea" | "blob" => Ok(Kind::Bytes),
        other => Err(Error::internal(format!("a key of the type {other} cannot be walked"))),
    }
}
