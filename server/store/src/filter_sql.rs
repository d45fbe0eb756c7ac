//! Filters compiled to SQL. Every condition here is two-valued: it is never NULL, so that `NOT` is its opposite.

use portolan_schema::filter::{Comparison, Direction, Quantifier, TextMatch};
use portolan_schema::model::PropertyModel;
use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, CatalogModel, Error, Field, Filter, Meta, RelationNo, Result, Scalar};
use sea_orm::{DbBackend, Value};

use crate::TenantId;
use crate::property_sql::{computed_column, json_value};
use crate::sql::Sql;
use crate::value_rows::{MAX_TEXT, cut_text, team_no};

/// Writes conditions into a statement.
pub(crate) struct FilterWriter<'a> {
    pub backend: DbBackend,
    pub tenant: TenantId,
    pub model: &'a CatalogModel,
    aliases: usize,
}

/// The entity that a condition is about: its alias in the statement and its blueprint.
#[derive(Clone)]
struct Subject<'a> {
    alias: String,
    blueprint: &'a BlueprintModel,
}

impl<'a> FilterWriter<'a> {
    pub(crate) fn new(backend: DbBackend, tenant: TenantId, model: &'a CatalogModel) -> Self {
        Self { backend, tenant, model, aliases: 0 }
    }

    /// Appends the condition that the entity under `alias`, of `blueprint`, matches.
    pub(crate) fn write(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        blueprint: &'a BlueprintModel,
        filter: &Filter,
    ) -> Result<()> {
        self.condition(sql, &Subject { alias: alias.to_owned(), blueprint }, filter)
    }

    fn condition(&mut self, sql: &mut Sql, subject: &Subject<'a>, filter: &Filter) -> Result<()> {
        match filter {
            Filter::All(parts) => self.junction(sql, subject, parts, " AND ", "1 = 1"),
            Filter::Any(parts) => self.junction(sql, subject, parts, " OR ", "1 = 0"),
            Filter::Not(inner) => {
                sql.push("NOT (");
                self.condition(sql, subject, inner)?;
                sql.push(")");
                Ok(())
            }
            Filter::Compare { field, comparison, value } => {
                self.compare(sql, subject, *field, *comparison, value)
            }
            Filter::In { field, values } => self.one_of(sql, subject, *field, values),
            Filter::Text { field, matching, value, fold } => {
                self.text(sql, subject, *field, *matching, value, *fold)
            }
            Filter::IsNull { field } => self.is_null(sql, subject, *field),
            Filter::IsEmpty { field } => self.is_empty(sql, subject, *field),
            Filter::Related { relation, direction, quantifier, filter } => {
                self.related(sql, subject, *relation, *direction, *quantifier, filter)
            }
            Filter::RelatedIdentifiers { relation, identifiers } => {
                self.related_identifiers(sql, subject, *relation, identifiers);
                Ok(())
            }
        }
    }

    fn junction(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        parts: &[Filter],
        word: &str,
        nothing: &str,
    ) -> Result<()> {
        if parts.is_empty() {
            sql.push(nothing);
            return Ok(());
        }
        sql.push("(");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                sql.push(word);
            }
            self.condition(sql, subject, part)?;
        }
        sql.push(")");
        Ok(())
    }

    /// Opens `EXISTS (SELECT 1 FROM entity_values …` for a field stored there; the caller appends conditions and `)`.
    /// Answers the alias of the value row, or None for a field that is a column of the entity.
    fn open_values(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Option<String> {
        let property = match field {
            Field::Property(no) => no,
            Field::Meta(Meta::Team) => team_no(subject.blueprint),
            Field::Meta(_) => return None,
        };
        let alias = self.alias("v");
        sql.push("EXISTS (SELECT 1 FROM entity_values ").push(&alias);
        sql.push(" WHERE ").push(&alias).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&alias).push(".blueprint_no = ").bind(subject.blueprint.no().0);
        sql.push(" AND ").push(&alias).push(".property_no = ").bind(property.0);
        sql.push(" AND ").push(&alias).push(".entity_id = ").push(&subject.alias).push(".entity_id AND ");
        Some(alias)
    }

    fn alias(&mut self, letter: &str) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }

    fn compare(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        comparison: Comparison,
        value: &Scalar,
    ) -> Result<()> {
        let Some(row) = self.open_values(sql, subject, field) else {
            let column = meta_column(field)?;
            let column = format!("{}.{column}", subject.alias);
            sql.push("(").push(&column).push(" IS NOT NULL AND ").push(&column);
            sql.push(operator(comparison)).bind(bound(value)).push(")");
            return Ok(());
        };
        if let Scalar::Text(text) = value {
            self.compare_text(sql, subject, field, &row, comparison, text)?;
        } else {
            sql.push(&row).push(".").push(value_column(value)).push(operator(comparison)).bind(bound(value));
        }
        sql.push(")");
        Ok(())
    }

    /// Texts are compared by what is kept of them; only where that does not decide is the JSON looked at.
    fn compare_text(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        row: &str,
        comparison: Comparison,
        text: &str,
    ) -> Result<()> {
        let column = format!("{row}.text_value");
        let (kept, operand_cut) = cut_text(text);
        if comparison == Comparison::Equal && !operand_cut {
            sql.push(&column).push(" = ").bind(text).push(" AND ").push(row).push(".cut = 0");
            return Ok(());
        }
        // A stored text that was cut can only be undecided where its kept part begins like the operand's.
        sql.push("((").push(row).push(".cut = 0 AND ").push(&column).push(operator(comparison)).bind(text);
        sql.push(") OR (").push(row).push(".cut = 1 AND ");
        if comparison == Comparison::Equal {
            sql.push(&column).push(" = ").bind(kept).push(" AND ");
        }
        let whole = self.whole_text(subject, field, row)?;
        sql.push(&whole).push(operator(comparison)).bind(text).push("))");
        Ok(())
    }

    /// The whole of a text whose value row was cut, out of the entity's JSON.
    fn whole_text(&self, subject: &Subject<'a>, field: Field, row: &str) -> Result<String> {
        let property = match field {
            Field::Meta(Meta::Team) => subject.blueprint.owner().map(|owner| &owner.property),
            Field::Property(no) => {
                Some(subject.blueprint.property_by_no(no).ok_or_else(|| unknown_field(field))?)
            }
            Field::Meta(_) => return Err(unknown_field(field)),
        };
        let (column, is_list) = match property {
            None => (format!("{}.team", subject.alias), true),
            Some(property) => (self.json(subject, property), property.property.value_type.is_list()),
        };
        Ok(match (self.backend, is_list) {
            (DbBackend::Postgres, true) => format!("(({column}::json ->> {row}.ordinal) COLLATE \"C\")"),
            (DbBackend::Postgres, false) => format!("(({column} #>> '{{}}') COLLATE \"C\")"),
            (_, true) => format!("({column} ->> {row}.ordinal)"),
            (_, false) => format!("({column} ->> '$')"),
        })
    }

    fn one_of(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        values: &[Scalar],
    ) -> Result<()> {
        let long = |value: &Scalar| matches!(value, Scalar::Text(text) if text.len() > MAX_TEXT);
        if values.is_empty() {
            sql.push("1 = 0");
            return Ok(());
        }
        if values.iter().any(long) {
            let parts: Vec<_> = values.iter().map(|value| Filter::equal(field, value.clone())).collect();
            return self.junction(sql, subject, &parts, " OR ", "1 = 0");
        }
        if let Some(row) = self.open_values(sql, subject, field) {
            sql.push(&row).push(".").push(value_column(&values[0])).push(" IN (");
            sql.bind_list(values.iter().map(bound)).push(")");
            if matches!(values[0], Scalar::Text(_)) {
                sql.push(" AND ").push(&row).push(".cut = 0");
            }
            sql.push(")");
        } else {
            let column = format!("{}.{}", subject.alias, meta_column(field)?);
            sql.push("(").push(&column).push(" IS NOT NULL AND ").push(&column).push(" IN (");
            sql.bind_list(values.iter().map(bound)).push("))");
        }
        Ok(())
    }

    fn text(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        matching: TextMatch,
        value: &str,
        fold: bool,
    ) -> Result<()> {
        let operand = if fold { value.to_lowercase() } else { value.to_owned() };
        let Some(row) = self.open_values(sql, subject, field) else {
            let column = format!("{}.{}", subject.alias, meta_column(field)?);
            sql.push("(").push(&column).push(" IS NOT NULL AND ");
            let shown = if fold { Self::lower(field, &subject.alias, &column) } else { column };
            self.text_match(sql, &shown, matching, &operand);
            sql.push(")");
            return Ok(());
        };
        if fold {
            let column = format!("coalesce({row}.folded, {row}.text_value)");
            sql.push(&row).push(".text_value IS NOT NULL AND ");
            self.text_match(sql, &column, matching, &operand);
        } else {
            let column = format!("{row}.text_value");
            if matching == TextMatch::StartsWith && value.len() <= MAX_TEXT / 2 && !value.is_empty() {
                // The kept part decides, and a range can use the index.
                sql.push(&column).push(" >= ").bind(value);
                if let Some(end) = prefix_end(value) {
                    sql.push(" AND ").push(&column).push(" < ").bind(end);
                }
            } else {
                sql.push("((").push(&row).push(".cut = 0 AND ");
                self.text_match(sql, &column, matching, &operand);
                sql.push(") OR (").push(&row).push(".cut = 1 AND ");
                let whole = self.whole_text(subject, field, &row)?;
                self.text_match(sql, &whole, matching, &operand);
                sql.push("))");
            }
        }
        sql.push(")");
        Ok(())
    }

    /// The lower-case form of a column. Titles and identifiers have theirs stored where it differs; stamps and
    /// datasources are folded by the engine, which knows ASCII only.
    fn lower(field: Field, alias: &str, column: &str) -> String {
        match field {
            Field::Meta(Meta::Title) => format!("coalesce({alias}.title_folded, {column})"),
            Field::Meta(Meta::Identifier) => format!("coalesce({alias}.identifier_folded, {column})"),
            _ => format!("lower({column})"),
        }
    }

    fn text_match(&self, sql: &mut Sql, column: &str, matching: TextMatch, operand: &str) {
        let length = i32::try_from(operand.chars().count()).unwrap_or(i32::MAX);
        match matching {
            _ if operand.is_empty() && matching != TextMatch::Equals => {
                sql.push(column).push(" IS NOT NULL");
            }
            TextMatch::Equals => {
                sql.push(column).push(" = ").bind(operand);
            }
            TextMatch::Contains => {
                let function = if self.backend == DbBackend::Postgres { "strpos(" } else { "instr(" };
                sql.push(function).push(column).push(", ").bind(operand).push(") > 0");
            }
            TextMatch::StartsWith => {
                sql.push("substr(").push(column).push(", 1, ").bind(length).push(") = ").bind(operand);
            }
            TextMatch::EndsWith if self.backend == DbBackend::Postgres => {
                sql.push("right(").push(column).push(", ").bind(length).push(") = ").bind(operand);
            }
            TextMatch::EndsWith => {
                sql.push("substr(").push(column).push(", -").bind(length).push(") = ").bind(operand);
            }
        }
    }

    fn is_null(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Result<()> {
        if let Some(json) = self.unindexed(subject, field)? {
            sql.push(&json).push(" = 'null'");
            return Ok(());
        }
        sql.push("NOT ");
        if let Some(row) = self.open_values(sql, subject, field) {
            sql.push(&row).push(".ordinal IS NOT NULL)");
        } else {
            sql.push("(").push(&subject.alias).push(".").push(meta_column(field)?).push(" IS NOT NULL)");
        }
        Ok(())
    }

    fn is_empty(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field) -> Result<()> {
        if let Some(json) = self.unindexed(subject, field)? {
            sql.push(&json).push(" IN ('null', '\"\"', '[]', '{}')");
            return Ok(());
        }
        sql.push("NOT ");
        if let Some(row) = self.open_values(sql, subject, field) {
            sql.push(&row).push(".ordinal >= 0 AND coalesce(").push(&row).push(".text_value, 'x') <> '')");
        } else if meta_is_text(field) {
            let column = format!("{}.{}", subject.alias, meta_column(field)?);
            sql.push("(").push(&column).push(" IS NOT NULL AND ").push(&column).push(" <> '')");
        } else {
            sql.push("(").push(&subject.alias).push(".").push(meta_column(field)?).push(" IS NOT NULL)");
        }
        Ok(())
    }

    /// The JSON text of a property that has no value rows, `null` where absent; None for other fields.
    fn unindexed(&self, subject: &Subject<'a>, field: Field) -> Result<Option<String>> {
        let Field::Property(no) = field else { return Ok(None) };
        let property = subject.blueprint.property_by_no(no).ok_or_else(|| unknown_field(field))?;
        if property.property.column().is_some() {
            return Ok(None);
        }
        let json = self.json(subject, property);
        Ok(Some(match self.backend {
            DbBackend::Postgres => format!("coalesce({json}::text, 'null')"),
            _ => format!("coalesce({json}, 'null')"),
        }))
    }

    fn json(&self, subject: &Subject<'a>, property: &PropertyModel) -> String {
        let own = format!("{}.properties", subject.alias);
        json_value(self.backend, subject.blueprint, property, &own, &computed_column(&subject.alias))
    }

    fn related(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        relation: RelationNo,
        direction: Direction,
        quantifier: Quantifier,
        filter: &Filter,
    ) -> Result<()> {
        let (holder, found) = self.model.relation(relation).ok_or_else(|| gone("relation"))?;
        let other = match direction {
            Direction::Forward => self.model.by_no(found.target).ok_or_else(|| gone("blueprint"))?,
            Direction::Backward => holder,
        };
        let (mine, theirs) = match direction {
            Direction::Forward => ("source_id", "target_id"),
            Direction::Backward => ("target_id", "source_id"),
        };
        let edge = self.alias("r");
        if quantifier != Quantifier::Some {
            sql.push("NOT ");
        }
        sql.push("EXISTS (SELECT 1 FROM relations ").push(&edge);
        let trivial = *filter == Filter::always();
        let target = Subject { alias: self.alias("t"), blueprint: other };
        if !trivial {
            sql.push(" JOIN entities ")
                .push(&target.alias)
                .push(" ON ")
                .push(&target.alias)
                .push(".tenant_id = ");
            sql.push(&edge).push(".tenant_id AND ").push(&target.alias).push(".entity_id = ");
            sql.push(&edge).push(".").push(theirs);
        }
        sql.push(" WHERE ").push(&edge).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&edge).push(".relation_no = ").bind(relation.0);
        sql.push(" AND ")
            .push(&edge)
            .push(".")
            .push(mine)
            .push(" = ")
            .push(&subject.alias)
            .push(".entity_id");
        sql.push(" AND ").push(&edge).push(".target_id IS NOT NULL");
        if quantifier == Quantifier::Every {
            sql.push(" AND NOT (");
            if trivial {
                sql.push("1 = 1");
            } else {
                self.condition(sql, &target, filter)?;
            }
            sql.push(")");
        } else if !trivial {
            sql.push(" AND ");
            self.condition(sql, &target, filter)?;
        }
        sql.push(")");
        Ok(())
    }

    fn related_identifiers(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        relation: RelationNo,
        identifiers: &[String],
    ) {
        let (edge, target) = (self.alias("r"), self.alias("t"));
        sql.push("EXISTS (SELECT 1 FROM relations ").push(&edge).push(" LEFT JOIN entities ").push(&target);
        sql.push(" ON ").push(&target).push(".tenant_id = ").push(&edge).push(".tenant_id AND ");
        sql.push(&target).push(".entity_id = ").push(&edge).push(".target_id WHERE ");
        sql.push(&edge).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&edge).push(".source_id = ").push(&subject.alias).push(".entity_id AND ");
        sql.push(&edge).push(".relation_no = ").bind(relation.0);
        sql.push(" AND coalesce(").push(&target).push(".identifier, ").push(&edge).push(".pending) IN (");
        sql.bind_list(identifiers.iter().map(String::as_str)).push("))");
    }
}

/// The column of `entity_values` for a property.
pub(crate) fn column_name(column: Column) -> &'static str {
    match column {
        Column::Text => "text_value",
        Column::Number | Column::Boolean => "number_value",
        Column::Instant => "instant_value",
    }
}

fn value_column(value: &Scalar) -> &'static str {
    match value {
        Scalar::Text(_) => "text_value",
        Scalar::Number(_) | Scalar::Boolean(_) => "number_value",
        Scalar::Instant(_) => "instant_value",
    }
}

fn bound(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Number(number) => (*number).into(),
        Scalar::Boolean(flag) => f64::from(u8::from(*flag)).into(),
        Scalar::Instant(at) => at.0.into(),
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}

/// The column of `entities` that holds a meta value.
pub(crate) fn meta_column(field: Field) -> Result<&'static str> {
    match field {
        Field::Meta(Meta::Identifier) => Ok("identifier"),
        Field::Meta(Meta::Title) => Ok("title"),
        Field::Meta(Meta::Icon) => Ok("icon"),
        Field::Meta(Meta::CreatedAt) => Ok("created_at"),
        Field::Meta(Meta::CreatedBy) => Ok("created_by"),
        Field::Meta(Meta::UpdatedAt) => Ok("updated_at"),
        Field::Meta(Meta::UpdatedBy) => Ok("updated_by"),
        Field::Meta(Meta::Datasource) => Ok("datasource"),
        Field::Meta(Meta::Blueprint | Meta::Team) | Field::Property(_) => Err(unknown_field(field)),
    }
}

fn meta_is_text(field: Field) -> bool {
    matches!(field, Field::Meta(meta) if !meta.is_instant())
}

fn unknown_field(field: Field) -> Error {
    Error::internal(format!("{field:?} cannot be compared here"))
}

fn gone(what: &str) -> Error {
    Error::internal(format!("a filter names a {what} that the model does not have"))
}

/// The smallest text greater than every text that begins with `prefix`, by bytes; None where there is none.
fn prefix_end(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match u32::from(last) + 1 {
            0xD800 => 0xE000,
            code => code,
        };
        if let Some(next) = char::from_u32(next) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}
