//! How an engine finds the rows of a statement: what tests of indexes ask.

use std::collections::BTreeSet;

use portolan_schema::{Error, Result};
use sea_orm::DbBackend;
use serde_json::Value;

use crate::TenantScope;
use crate::row::column;
use crate::sql::Sql;

/// The plan of one statement.
#[derive(Debug, Clone)]
pub struct Plan {
    pub sql: String,
    /// What is used, as `table.index`; the primary key's index is called `key`.
    pub indexes: BTreeSet<String>,
    /// Those of which all is read that belongs to a tenant, a blueprint, a property or a relation, or a range of it,
    /// until enough is found.
    pub walks: BTreeSet<String>,
    /// Tables that are read from end to end.
    pub scans: BTreeSet<String>,
    /// Rows that came by when the statement was run once more, on PostgreSQL, for queries.
    pub touched: Option<u64>,
    /// As the engine tells it.
    pub text: String,
}

/// Begins to record the scope's statements.
pub fn record(scope: &TenantScope) {
    drop(scope.record());
}

/// The plans of the statements that were run since [`record`]. Queries are run once more to count the rows they touch.
///
/// # Errors
/// Where a statement cannot be explained.
pub async fn plans(scope: &TenantScope) -> Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for sql in scope.record() {
        let postgres = scope.backend() == DbBackend::Postgres;
        plans.push(if postgres { postgres_plan(scope, sql).await? } else { sqlite_plan(scope, sql).await? });
        drop(scope.record());
    }
    Ok(plans)
}

async fn sqlite_plan(scope: &TenantScope, sql: Sql) -> Result<Plan> {
    let (text, _) = sql.clone().into_parts(DbBackend::Sqlite);
    let mut explain = Sql::new("EXPLAIN QUERY PLAN ");
    explain.append(sql);
    let mut plan = Plan::new(text);
    for row in scope.all(explain).await? {
        let detail: String = column(&row, 3)?;
        plan.read_sqlite(&detail);
        plan.text.push_str(&detail);
        plan.text.push('\n');
    }
    Ok(plan)
}

async fn postgres_plan(scope: &TenantScope, sql: Sql) -> Result<Plan> {
    let (text, values) = sql.clone().into_parts(DbBackend::Postgres);
    let mut plan = Plan::new(text.clone());
    // As the server's connections keep a statement: with a plan that knows no values.
    scope.execute(Sql::new(&format!("PREPARE explained AS {text}"))).await?;
    let options = if text.starts_with("SELECT") { "ANALYZE, TIMING OFF, " } else { "" };
    let literals = values.iter().map(literal).collect::<Result<Vec<_>>>()?;
    let values = if literals.is_empty() { String::new() } else { format!("({})", literals.join(", ")) };
    let run = explain(scope, &format!("EXPLAIN ({options}FORMAT JSON) EXECUTE explained{values}")).await?;
    scope.execute(Sql::new("DEALLOCATE explained")).await?;
    plan.read_postgres(&run);
    plan.text = serde_json::to_string_pretty(&run).map_err(Error::internal)?;
    plan.touched = (!options.is_empty()).then(|| touched(&run));
    Ok(plan)
}

async fn explain(scope: &TenantScope, sql: &str) -> Result<Value> {
    let row = scope.one(Sql::new(sql)).await?.ok_or_else(|| Error::internal("no plan was told"))?;
    let plan: Value = column(&row, 0)?;
    Ok(plan[0]["Plan"].clone())
}

fn literal(value: &sea_orm::Value) -> Result<String> {
    use sea_orm::Value;
    Ok(match value {
        Value::String(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        Value::Int(Some(number)) => number.to_string(),
        Value::BigInt(Some(number)) => number.to_string(),
        Value::Double(Some(number)) => format!("'{number}'"),
        Value::String(None) | Value::Int(None) | Value::BigInt(None) | Value::Double(None) => "NULL".into(),
        other => return Err(Error::internal(format!("{other:?} is not written into explained statements"))),
    })
}

/// Rows that the scans of a plan that was run have read.
fn touched(node: &Value) -> u64 {
    let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
    let own = if node["Relation Name"].is_string() {
        (number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck"))
            * number("Actual Loops")
    } else {
        0.0
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
    let own = own as u64;
    own + children(node).map(touched).sum::<u64>()
}

fn children(node: &Value) -> impl Iterator<Item = &Value> {
    node["Plans"].as_array().into_iter().flatten()
}

impl Plan {
    fn new(sql: String) -> Self {
        Self {
            sql,
            indexes: BTreeSet::new(),
            walks: BTreeSet::new(),
            scans: BTreeSet::new(),
            touched: None,
            text: String::new(),
        }
    }

    /// Whether it only counts, and no further than to a bound, to find a way.
    pub fn is_estimate(&self) -> bool {
        let counting = ["SELECT (SELECT count(*)", "SELECT count(*) FROM entity_values WHERE"];
        counting.iter().any(|text| self.sql.starts_with(text)) || self.sql.contains("FROM blueprint_counts")
    }

    /// `condition` is on the index's columns.
    fn use_index(&mut self, index: &str, condition: &str) {
        let tables =
            ["entity_values", "entity_words", "entities", "relations", "versions", "computed_values"];
        let table = tables.into_iter().find(|table| index.starts_with(table)).unwrap_or("?");
        let name = index.strip_prefix(table).unwrap_or(index).trim_start_matches('_');
        let name = format!("{table}.{}", if name.is_empty() || name == "pkey" { "key" } else { name });
        let leading = ["tenant_id", "blueprint_no", "property_no", "relation_no", "kind"];
        let found = condition.trim_matches(['(', ')']).split(" AND ").any(|part| {
            let equal = part.split_once('=').map(|(column, _)| column.trim_matches([' ', '(', ')']));
            equal.is_some_and(|column| !column.ends_with(['<', '>']) && !leading.contains(&column))
        });
        if !found {
            self.walks.insert(name.clone());
        }
        self.indexes.insert(name);
    }

    fn read_postgres(&mut self, node: &Value) {
        let text = |name: &str| node[name].as_str().unwrap_or_default();
        let table = text("Relation Name");
        match text("Node Type") {
            "Seq Scan" => drop(self.scans.insert(table.to_owned())),
            "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => {
                self.use_index(text("Index Name"), text("Index Cond"));
            }
            _ => {}
        }
        children(node).for_each(|child| self.read_postgres(child));
    }

    /// `SEARCH e USING INDEX entities_by_title (tenant_id=? AND blueprint_no=?)`; tables go by their aliases, of which the
    /// first letter tells them.
    fn read_sqlite(&mut self, detail: &str) {
        let words: Vec<&str> = detail.split_ascii_whitespace().collect();
        let [verb @ ("SEARCH" | "SCAN"), alias, rest @ ..] = words.as_slice() else { return };
        let condition = detail.split_once('(').map_or("", |(_, condition)| condition);
        let named = rest.iter().position(|word| *word == "INDEX").and_then(|at| rest.get(at + 1));
        if let Some(index) = named {
            self.use_index(index, condition);
        } else if rest.starts_with(&["USING", "PRIMARY", "KEY"]) {
            let table = match (*alias, alias.as_bytes()[0]) {
                ("v" | "p", _) => "versions",
                ("words", _) => "entity_words",
                (_, b'e' | b't' | b'w') => "entities",
                (_, b'r') => "relations",
                (_, b'c') => "computed_values",
                _ => "entity_values",
            };
            self.use_index(table, condition);
        } else if *verb == "SCAN" && !alias.starts_with(['p', 'h', 'i', 'n', '(']) && *alias != "CONSTANT" {
            // Other names are those of subqueries.
            self.scans.insert((*alias).to_owned());
        }
    }
}
