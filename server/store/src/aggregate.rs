//! Counts and functions of number properties, by group.

use std::collections::HashMap;

use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, CatalogModel, Code, Error, Field, Instant, Meta, PropertyNo, Result};
use sea_orm::{DbBackend, QueryResult};
use serde_json::Value;

use crate::TenantScope;
use crate::filter_sql::{column_name, meta_column};
use crate::list::blueprint_of;
use crate::query::{AggregateQuery, Function, Group, GroupBy, Interval};
use crate::row::column;
use crate::sql::Sql;
use crate::value_rows::team_no;

impl TenantScope {
    /// One statement, and one more for each median.
    ///
    /// # Errors
    /// `INVALID_OPERATOR` where a field cannot be grouped by or is not a number.
    pub async fn aggregate(&self, model: &CatalogModel, query: &AggregateQuery) -> Result<Vec<Group>> {
        let blueprint = blueprint_of(model, query.blueprint)?;
        let parts = Parts::of(self.backend(), blueprint, query)?;
        let mut sql = Sql::new("SELECT count(*)");
        for (at, (function, _)) in query.functions.iter().enumerate() {
            let word = match function {
                Function::Sum => "sum",
                Function::Average | Function::Median => "avg",
                Function::Minimum => "min",
                Function::Maximum => "max",
            };
            let alias = parts.alias(at);
            sql.push(&format!(", CAST({word}({alias}.number_value) AS double precision)"));
        }
        parts.push_keys(&mut sql, ", ");
        sql.push(" FROM entities e");
        parts.push_joins(&mut sql);
        sql.push(" WHERE ");
        self.push_scope(&mut sql, model, blueprint, &query.filter)?;
        if !parts.groups.is_empty() {
            sql.push(" GROUP BY ");
            parts.push_keys(&mut sql, "");
            sql.push(" ORDER BY 1 DESC");
            for group in &parts.groups {
                // Absent keys come last on both engines.
                sql.push(", (").push(&group.expression).push(" IS NULL), ").push(&group.expression);
            }
            sql.push(" LIMIT ").bind(i64::try_from(query.limit).unwrap_or(i64::MAX));
        }
        let functions = query.functions.len();
        let mut groups = Vec::new();
        for row in self.all(sql).await? {
            let values = (0..functions).map(|at| column(&row, 1 + at)).collect::<Result<_>>()?;
            let key = parts.read_keys(&row, 1 + functions)?;
            groups.push(Group { key, count: column::<i64>(&row, 0)?.unsigned_abs(), values });
        }
        for (at, (function, _)) in query.functions.iter().enumerate() {
            if *function == Function::Median {
                self.medians(model, blueprint, query, &parts, at, &mut groups).await?;
            }
        }
        Ok(groups)
    }

    /// The mean of the one or two middle values of each group.
    async fn medians(
        &self,
        model: &CatalogModel,
        blueprint: &BlueprintModel,
        query: &AggregateQuery,
        parts: &Parts,
        function: usize,
        groups: &mut [Group],
    ) -> Result<()> {
        let value = format!("{}.number_value", parts.alias(function));
        let names: Vec<String> = (0..parts.groups.len()).map(|at| format!("g{at}_key")).collect();
        let by = if names.is_empty() { String::new() } else { format!("PARTITION BY {}", names.join(", ")) };
        let mut sql = Sql::new("SELECT CAST(avg(value) AS double precision)");
        for name in &names {
            sql.push(", ").push(name);
        }
        sql.push(" FROM (SELECT value");
        for name in &names {
            sql.push(", ").push(name);
        }
        sql.push(&format!(
            ", row_number() OVER ({by} ORDER BY value) AS place, count(*) OVER ({by}) AS size FROM (SELECT {value} AS value"
        ));
        for (group, name) in parts.groups.iter().zip(&names) {
            sql.push(", ").push(&group.expression).push(" AS ").push(name);
        }
        sql.push(" FROM entities e");
        parts.push_joins(&mut sql);
        sql.push(" WHERE ");
        self.push_scope(&mut sql, model, blueprint, &query.filter)?;
        sql.push(&format!(
            " AND {value} IS NOT NULL) valued) placed WHERE place IN ((size + 1) / 2, (size + 2) / 2)"
        ));
        if !names.is_empty() {
            sql.push(" GROUP BY ").push(&names.join(", "));
        }
        let mut found: HashMap<String, Option<f64>> = HashMap::new();
        for row in self.all(sql).await? {
            let key = parts.read_keys(&row, 1)?;
            found.insert(Value::Array(key).to_string(), column(&row, 0)?);
        }
        for group in groups {
            let key = Value::Array(group.key.clone()).to_string();
            group.values[function] = found.get(&key).copied().flatten();
        }
        Ok(())
    }
}

/// A group's SQL expression and how to read it.
struct GroupPart {
    expression: String,
    reading: Reading,
    join: Option<Join>,
}

struct Join {
    alias: String,
    property: PropertyNo,
    /// Whether every item of a list counts, or the property is a scalar.
    list: bool,
}

#[derive(Clone, Copy)]
enum Reading {
    Text,
    Number,
    Boolean,
    Instant,
    /// The beginning of an interval, as text that [`interval_start`] completes.
    Interval(Interval),
}

struct Parts {
    groups: Vec<GroupPart>,
    /// One join a property, however many functions look at it.
    numbers: Vec<Join>,
    /// For each function, its place in `numbers`.
    functions: Vec<usize>,
}

impl Parts {
    fn of(backend: DbBackend, blueprint: &BlueprintModel, query: &AggregateQuery) -> Result<Self> {
        let groups = query
            .group_by
            .iter()
            .enumerate()
            .map(|(at, group)| group_part(backend, blueprint, at, *group))
            .collect::<Result<_>>()?;
        let mut parts = Self { groups, numbers: Vec::new(), functions: Vec::new() };
        for (_, field) in &query.functions {
            let Field::Property(no) = field else { return Err(not_a_number("a meta-property")) };
            let property = blueprint.property_by_no(*no).ok_or_else(|| not_a_number("?"))?;
            if property.property.column() != Some(Column::Number) || property.property.value_type.is_list() {
                return Err(not_a_number(&property.property.identifier));
            }
            let known = parts.numbers.iter().position(|join| join.property == *no);
            let at = known.unwrap_or(parts.numbers.len());
            if known.is_none() {
                parts.numbers.push(Join { alias: format!("f{at}"), property: *no, list: false });
            }
            parts.functions.push(at);
        }
        Ok(parts)
    }

    /// The alias of the value rows that a function looks at.
    fn alias(&self, function: usize) -> &str {
        &self.numbers[self.functions[function]].alias
    }

    fn push_keys(&self, sql: &mut Sql, lead: &str) {
        for (at, group) in self.groups.iter().enumerate() {
            sql.push(if at == 0 { lead } else { ", " }).push(&group.expression);
        }
    }

    fn push_joins(&self, sql: &mut Sql) {
        let groups = self.groups.iter().filter_map(|group| group.join.as_ref());
        for join in groups.chain(&self.numbers) {
            let alias = &join.alias;
            sql.push(" LEFT JOIN entity_values ").push(alias).push(" ON ").push(alias);
            sql.push(".tenant_id = e.tenant_id AND ").push(alias).push(".blueprint_no = e.blueprint_no AND ");
            sql.push(alias).push(".property_no = ").bind(join.property.0);
            sql.push(" AND ").push(alias).push(".entity_id = e.entity_id AND ").push(alias);
            sql.push(if join.list { ".ordinal >= 0" } else { ".ordinal = 0" });
        }
    }

    fn read_keys(&self, row: &QueryResult, from: usize) -> Result<Vec<Value>> {
        self.groups.iter().enumerate().map(|(at, group)| read_key(row, from + at, group.reading)).collect()
    }
}

fn group_part(
    backend: DbBackend,
    blueprint: &BlueprintModel,
    at: usize,
    group: GroupBy,
) -> Result<GroupPart> {
    let field = match group {
        GroupBy::Field(field) | GroupBy::Date { field, .. } => field,
    };
    let alias = format!("g{at}");
    let (expression, column, join) = match field {
        Field::Property(no) => {
            let property = blueprint.property_by_no(no).ok_or_else(|| ungroupable("?"))?;
            let column =
                property.property.column().ok_or_else(|| ungroupable(&property.property.identifier))?;
            let list = property.property.value_type.is_list();
            (format!("{alias}.{}", column_name(column)), column, Some(Join { alias, property: no, list }))
        }
        Field::Meta(Meta::Team) => {
            let property = team_no(blueprint);
            (format!("{alias}.text_value"), Column::Text, Some(Join { alias, property, list: true }))
        }
        Field::Meta(Meta::Blueprint) => return Err(ungroupable("$blueprint")),
        Field::Meta(meta) => {
            let column = if meta.is_instant() { Column::Instant } else { Column::Text };
            (format!("e.{}", meta_column(field)?), column, None)
        }
    };
    let reading = match (group, column) {
        (GroupBy::Date { interval, .. }, Column::Instant) => {
            let expression = interval_expression(backend, &expression, interval);
            return Ok(GroupPart { expression, reading: Reading::Interval(interval), join });
        }
        (GroupBy::Date { .. }, _) => {
            return Err(Error::problem(Code::InvalidOperator, "only dates can be grouped by an interval"));
        }
        (_, Column::Text) => Reading::Text,
        (_, Column::Number) => Reading::Number,
        (_, Column::Boolean) => Reading::Boolean,
        (_, Column::Instant) => Reading::Instant,
    };
    Ok(GroupPart { expression, reading, join })
}

/// The start of an interval as text: `2026-03` for a month, `2026-03-01T09` for an hour. Weeks begin on Monday.
fn interval_expression(backend: DbBackend, micros: &str, interval: Interval) -> String {
    if backend == DbBackend::Postgres {
        let (unit, format) = match interval {
            Interval::Hour => ("hour", "YYYY-MM-DD\"T\"HH24"),
            Interval::Day => ("day", "YYYY-MM-DD"),
            Interval::Week => ("week", "YYYY-MM-DD"),
            Interval::Month => ("month", "YYYY-MM"),
            Interval::Quarter => ("quarter", "YYYY-MM"),
            Interval::Year => ("year", "YYYY"),
        };
        let at = format!("to_timestamp({micros} / 1000000.0) AT TIME ZONE 'UTC'");
        return format!("to_char(date_trunc('{unit}', {at}), '{format}')");
    }
    let at = format!("{micros} / 1000000, 'unixepoch'");
    match interval {
        Interval::Hour => format!("strftime('%Y-%m-%dT%H', {at})"),
        Interval::Day => format!("strftime('%Y-%m-%d', {at})"),
        Interval::Week => format!("strftime('%Y-%m-%d', {at}, '-6 days', 'weekday 1')"),
        Interval::Month => format!("strftime('%Y-%m', {at})"),
        Interval::Quarter => format!(
            "strftime('%Y', {at}) || '-' || substr('010101040404070707101010', 2 * strftime('%m', {at}) - 1, 2)"
        ),
        Interval::Year => format!("strftime('%Y', {at})"),
    }
}

fn read_key(row: &QueryResult, index: usize, reading: Reading) -> Result<Value> {
    Ok(match reading {
        Reading::Text => column::<Option<String>>(row, index)?.into(),
        Reading::Number => column::<Option<f64>>(row, index)?.into(),
        Reading::Boolean => column::<Option<f64>>(row, index)?.map(|number| number != 0.0).into(),
        Reading::Instant => column::<Option<i64>>(row, index)?.map(|at| Instant(at).to_rfc3339()).into(),
        Reading::Interval(interval) => {
            column::<Option<String>>(row, index)?.map(|text| interval_start(&text, interval)).into()
        }
    })
}

fn interval_start(text: &str, interval: Interval) -> String {
    match interval {
        Interval::Hour => format!("{text}:00:00.000Z"),
        Interval::Day | Interval::Week => format!("{text}T00:00:00.000Z"),
        Interval::Month | Interval::Quarter => format!("{text}-01T00:00:00.000Z"),
        Interval::Year => format!("{text}-01-01T00:00:00.000Z"),
    }
}

fn ungroupable(name: &str) -> Error {
    Error::problem(Code::InvalidOperator, format!("entities cannot be grouped by \"{name}\""))
}

fn not_a_number(name: &str) -> Error {
    Error::problem(Code::InvalidOperator, format!("\"{name}\" is not a number property"))
}
