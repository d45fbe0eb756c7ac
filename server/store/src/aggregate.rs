//! Counts and functions of number properties, by group.

use std::collections::HashMap;

use portolan_schema::property::Column;
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Code, Error, Field, Filter, Instant, Meta, PropertyNo, Result,
};
use sea_orm::{DbBackend, QueryResult};
use serde_json::Value;

use crate::filter_sql::{Driver, FilterWriter, column_name, meta_column, needs_row};
use crate::list::{blueprint_of, rest};
use crate::query::{AggregateQuery, Function, Group, GroupBy, Interval};
use crate::row::column;
use crate::sql::Sql;
use crate::value_rows::team_no;
use crate::{TenantId, TenantScope};

impl TenantScope {
    /// One statement, and one more for each median.
    ///
    /// # Errors
    /// `INVALID_OPERATOR` where a field cannot be grouped by or is not a number.
    pub async fn aggregate(&self, model: &CatalogModel, query: &AggregateQuery) -> Result<Vec<Group>> {
        let blueprint = blueprint_of(model, query.blueprint)?;
        let parts = Parts::of(self.backend(), blueprint, query)?;
        let filter = query.filter.simplified();
        let conjuncts = filter.conjuncts();
        if conjuncts.is_empty() && query.functions.is_empty() && parts.groups.is_empty() {
            let count = self.count_entities(blueprint.no()).await?;
            return Ok(vec![Group { key: Vec::new(), count, values: Vec::new() }]);
        }
        if let ([], [], [GroupPart { expression, reading, join: Some(join) }]) =
            (&conjuncts[..], &query.functions[..], &parts.groups[..])
            && !join.list
        {
            return self.count_values(blueprint, join, expression, *reading, query.limit).await;
        }
        let driver = self.best_driver(model, blueprint, &conjuncts).await?;
        let matching = Matching { model, blueprint, conjuncts: &conjuncts, driver };
        let mut sql = Sql::new("SELECT count(*)");
        for (at, (function, _)) in query.functions.iter().enumerate() {
            let number = format!("{}.number_value", parts.alias(at));
            let value = match function {
                Function::Sum => format!("sum({number})"),
                Function::Average => mean(&number),
                Function::Minimum => format!("min({number})"),
                Function::Maximum => format!("max({number})"),
                // Filled in by a statement of its own.
                Function::Median => "NULL".to_owned(),
            };
            sql.push(&format!(", CAST({value} AS double precision)"));
        }
        parts.push_keys(&mut sql, ", ");
        self.push_grouped(&mut sql, &matching, &parts)?;
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
        self.read_much(true).await?;
        let functions = query.functions.len();
        let mut groups = Vec::new();
        for row in self.all(sql).await? {
            let values = (0..functions).map(|at| column(&row, 1 + at)).collect::<Result<_>>()?;
            let key = parts.read_keys(&row, 1 + functions)?;
            groups.push(Group { key, count: column::<i64>(&row, 0)?.unsigned_abs(), values });
        }
        for (at, (function, _)) in query.functions.iter().enumerate() {
            if *function == Function::Median {
                self.medians(&matching, &parts, at, &mut groups).await?;
            }
        }
        self.read_much(false).await?;
        Ok(groups)
    }

    /// Appends `FROM … WHERE …`: the entities that match, with the value rows that groups and functions look at.
    fn push_grouped(&self, sql: &mut Sql, matching: &Matching<'_>, parts: &Parts) -> Result<()> {
        let Matching { model, blueprint, conjuncts, driver } = matching;
        let mut writer = FilterWriter::new(self.backend(), self.tenant(), model);
        let Some(driver) = driver else {
            sql.push(" FROM entities e");
            parts.push_joins(sql, self.tenant(), blueprint.no(), "e.entity_id");
            sql.push(" WHERE ");
            let filter = Filter::All(conjuncts.iter().map(|part| (*part).clone()).collect());
            return self.push_scope(sql, model, blueprint, &filter);
        };
        let rest = rest(conjuncts, driver);
        let joined = parts.need_row() || needs_row(blueprint, &rest);
        sql.push(" FROM (");
        writer.push_distinct_ids(sql, driver)?;
        sql.push(") h").push(if joined { " CROSS JOIN entities e" } else { "" });
        parts.push_joins(sql, self.tenant(), blueprint.no(), "h.id");
        sql.push(" WHERE ");
        if joined {
            sql.push("e.tenant_id = ").bind(self.tenant().0).push(" AND e.entity_id = h.id AND ");
        }
        writer.write(sql, &FilterWriter::behind(blueprint), &rest)
    }

    /// How many entities have each value of a property: its index is read and nothing else.
    async fn count_values(
        &self,
        blueprint: &BlueprintModel,
        join: &Join,
        expression: &str,
        reading: Reading,
        limit: usize,
    ) -> Result<Vec<Group>> {
        let alias = &join.alias;
        let mut sql = Sql::new(&format!("SELECT count(*), {expression} FROM entity_values {alias} WHERE "));
        sql.push(alias).push(".tenant_id = ").bind(self.tenant().0);
        sql.push(" AND ").push(alias).push(".blueprint_no = ").bind(blueprint.no().0);
        sql.push(" AND ").push(alias).push(".property_no = ").bind(join.property.0);
        sql.push(&format!(" AND {alias}.{} IS NOT NULL GROUP BY {expression}", join.column));
        sql.push(&format!(" ORDER BY 1 DESC, {expression} LIMIT "));
        sql.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut groups = Vec::new();
        for row in self.all(sql).await? {
            let key = vec![read_key(&row, 1, reading)?];
            groups.push(Group { key, count: column::<i64>(&row, 0)?.unsigned_abs(), values: Vec::new() });
        }
        let entities = self.count_entities(blueprint.no()).await?;
        let present = match groups.len() < limit {
            true => groups.iter().map(|group| group.count).sum(),
            false => self.count_present(blueprint.no(), join.property, join.column).await?,
        };
        if present < entities {
            let absent = Group { key: vec![Value::Null], count: entities - present, values: Vec::new() };
            let at = groups.partition_point(|group| group.count >= absent.count);
            groups.insert(at, absent);
            groups.truncate(limit);
        }
        Ok(groups)
    }

    /// Lets PostgreSQL read tables as a whole, join them by hashes, and look at values to find out; or forbids it again.
    async fn read_much(&self, allowed: bool) -> Result<()> {
        if self.backend() != DbBackend::Postgres {
            return Ok(());
        }
        let (flag, plans) = if allowed { ("on", "force_custom_plan") } else { ("off", "force_generic_plan") };
        let set = |name, value| format!("set_config('{name}', '{value}', true)");
        let settings = [
            set("enable_hashjoin", flag),
            set("enable_mergejoin", flag),
            set("enable_seqscan", flag),
            set("plan_cache_mode", plans),
        ];
        self.one(Sql::new(&format!("SELECT {}", settings.join(", ")))).await.map(drop)
    }

    /// The mean of the one or two middle values of each group.
    async fn medians(
        &self,
        matching: &Matching<'_>,
        parts: &Parts,
        function: usize,
        groups: &mut [Group],
    ) -> Result<()> {
        let value = format!("{}.number_value", parts.alias(function));
        let names: Vec<String> = (0..parts.groups.len()).map(|at| format!("g{at}_key")).collect();
        let by = if names.is_empty() { String::new() } else { format!("PARTITION BY {}", names.join(", ")) };
        let mut sql = Sql::new(&format!("SELECT CAST({} AS double precision)", mean("value")));
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
        self.push_grouped(&mut sql, matching, parts)?;
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

/// The mean as an aggregate. PostgreSQL's `avg` adds up squares, too, which are out of range for large numbers.
pub(crate) fn mean(number: &str) -> String {
    format!("sum({number}) / count({number})")
}

/// The entities that an aggregate is of.
struct Matching<'a> {
    model: &'a CatalogModel,
    blueprint: &'a BlueprintModel,
    conjuncts: &'a [&'a Filter],
    driver: Option<Driver<'a>>,
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
    /// The column of its values.
    column: &'static str,
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
    backend: DbBackend,
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
        let mut parts = Self { backend, groups, numbers: Vec::new(), functions: Vec::new() };
        for (_, field) in &query.functions {
            let Field::Property(no) = field else { return Err(not_a_number("a meta-property")) };
            let property = blueprint.property_by_no(*no).ok_or_else(|| not_a_number("?"))?;
            if property.property.column() != Some(Column::Number) || property.property.value_type.is_list() {
                return Err(not_a_number(&property.property.identifier));
            }
            let known = parts.numbers.iter().position(|join| join.property == *no);
            let at = known.unwrap_or(parts.numbers.len());
            if known.is_none() {
                parts.numbers.push(Join {
                    alias: format!("f{at}"),
                    property: *no,
                    column: "number_value",
                    list: false,
                });
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

    /// Whether a group is of a column of the entity's own row.
    fn need_row(&self) -> bool {
        self.groups.iter().any(|group| group.join.is_none())
    }

    fn push_joins(&self, sql: &mut Sql, tenant: TenantId, blueprint: BlueprintNo, id: &str) {
        let groups = self.groups.iter().filter_map(|group| group.join.as_ref());
        for join in groups.chain(&self.numbers) {
            let alias = &join.alias;
            sql.push(" LEFT JOIN entity_values ").push(alias).push(" ON ").push(alias);
            sql.push(".tenant_id = ").bind(tenant.0).push(" AND ").push(alias).push(".blueprint_no = ");
            sql.bind(blueprint.0).push(" AND ").push(alias).push(".property_no = ").bind(join.property.0);
            sql.push(" AND ").push(alias).push(".entity_id = ").push(id).push(" AND ").push(alias);
            match (self.backend, join.list) {
                (_, true) => drop(sql.push(".ordinal >= 0")),
                // So that it can be read from the index by value alone.
                (DbBackend::Postgres, false) => drop(sql.push(".").push(join.column).push(" IS NOT NULL")),
                (_, false) => drop(sql.push(".ordinal = 0")),
            }
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
            (
                format!("{alias}.{}", column_name(column)),
                column,
                Some(Join { alias, property: no, column: column_name(column), list }),
            )
        }
        Field::Meta(Meta::Team) => (
            format!("{alias}.text_value"),
            Column::Text,
            Some(Join { alias, property: team_no(blueprint), column: "text_value", list: true }),
        ),
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
    // Whole seconds, rounded down also before 1970.
    let at = format!("({micros} - ({micros} % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch'");
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
        // Minus nought is nought.
        Reading::Number => column::<Option<f64>>(row, index)?.map(|number| number + 0.0).into(),
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
