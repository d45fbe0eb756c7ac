//! Filters compiled to SQL. Every condition here is two-valued: it is never NULL, so that `NOT` is its opposite.
//!
//! A condition on value rows or edges is a *probe*: a subquery by key, asked once for each entity that comes into view.
//! What the engines may not do is turn probes into joins, whose order would hang on statistics; see [`FENCE`] and
//! `docs/decisions/004-lists-choose-their-own-plan.md`.

mod chain;
mod columns;
mod compare;
mod driver;
mod emptiness;
mod items;
mod related;
mod text;

pub(crate) use columns::{column_name, meta_column};
pub(crate) use driver::{Driver, drivers};
pub(crate) use related::needs_row;

use portolan_schema::filter::Comparison;
use portolan_schema::rules::text_matches;
use portolan_schema::{BlueprintModel, CatalogModel, Code, Error, Field, Filter, Meta, PropertyNo, Result};
use sea_orm::DbBackend;

use self::chain::Chain;
use crate::TenantId;
use crate::sql::Sql;
use crate::value_rows::team_no;

/// Ends a probe. Neither engine pulls a subquery with an `OFFSET` up into its outer statement.
const FENCE: &str = " LIMIT 1 OFFSET 0)";

/// Most values bound by one statement. SQLite allows 32,766.
const MAX_BOUND: usize = 32_000;

/// Writes conditions into a statement.
pub(crate) struct FilterWriter<'a> {
    backend: DbBackend,
    tenant: TenantId,
    model: &'a CatalogModel,
    aliases: usize,
}

/// The entity that a condition is about.
#[derive(Clone)]
pub(crate) struct Subject<'a> {
    /// A column that holds its id; better one that is at hand before the entity's row is.
    pub id: String,
    /// The alias of its row in `entities`.
    pub row: String,
    pub blueprint: &'a BlueprintModel,
    /// A property, not a list, whose value row is joined already, and the row's alias. The row has a value.
    pub at_hand: Option<(PropertyNo, String)>,
}

impl<'a> Subject<'a> {
    /// The entity whose row is `e`, known by the column `id`.
    pub(crate) fn new(id: &str, blueprint: &'a BlueprintModel) -> Self {
        Self { id: id.to_owned(), row: "e".to_owned(), blueprint, at_hand: None }
    }
}

/// Where a condition finds the values of a field.
enum Place {
    /// In value rows under this alias, inside of a probe that has been opened.
    Probe(String),
    /// In a value row that is joined already.
    AtHand(String),
    /// In a column of the entity's row, which may be NULL.
    Column(String),
}

impl<'a> FilterWriter<'a> {
    pub(crate) fn new(backend: DbBackend, tenant: TenantId, model: &'a CatalogModel) -> Self {
        Self { backend, tenant, model, aliases: 0 }
    }

    /// Appends the condition that the entity matches.
    ///
    /// # Errors
    /// `TOO_MANY_ITEMS` where the statement would bind more values than the engines allow.
    pub(crate) fn write(&mut self, sql: &mut Sql, subject: &Subject<'a>, filter: &Filter) -> Result<()> {
        if filter.follows_clock() {
            return Err(open());
        }
        self.condition(sql, subject, filter)?;
        if sql.bound() > MAX_BOUND {
            let message =
                format!("the filter comes to {} bound values; at most {MAX_BOUND} are allowed", sql.bound());
            return Err(Error::problem(Code::TooManyItems, message));
        }
        Ok(())
    }

    fn condition(&mut self, sql: &mut Sql, subject: &Subject<'a>, filter: &Filter) -> Result<()> {
        if let Some(field) = filter.field().filter(|field| *field == Field::Meta(Meta::Blueprint)) {
            debug_assert!(field.is_text());
            sql.push(truth(text_matches(subject.blueprint.identifier(), filter)));
            return Ok(());
        }
        match filter {
            Filter::All(parts) => self.junction(sql, subject, parts, " AND ", true),
            Filter::Any(parts) => self.junction(sql, subject, parts, " OR ", false),
            Filter::Not(inner) => {
                sql.push("NOT (");
                self.condition(sql, subject, inner)?;
                sql.push(")");
                Ok(())
            }
            Filter::Compare { field, comparison, value } => {
                self.compare(sql, subject, *field, &[(*comparison, value)])
            }
            Filter::Item { field, values } => self.item(sql, subject, *field, values),
            Filter::Range { field, from, to } => {
                let bounds = [(Comparison::GreaterOrEqual, from), (Comparison::LessOrEqual, to)];
                self.compare(sql, subject, *field, &bounds)
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
            Filter::Chain { relations, direction, most, blueprint, filter } => {
                let chain = Chain {
                    relations: relations.as_deref(),
                    direction: *direction,
                    most: *most,
                    blueprint: *blueprint,
                    filter,
                };
                sql.push(&subject.id).push(" IN (");
                self.push_chain(sql, &chain)?;
                sql.push(")");
                Ok(())
            }
            Filter::Contextual(_) => Err(open()),
        }
    }

    /// Written as a balanced tree: SQLite refuses expressions that nest more than 1,000 deep, and a chain of `OR` does.
    fn junction(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        parts: &[Filter],
        word: &str,
        nothing: bool,
    ) -> Result<()> {
        match parts {
            [] => sql.push(truth(nothing)),
            [only] => return self.condition(sql, subject, only),
            parts => {
                let (left, right) = parts.split_at(parts.len() / 2);
                sql.push("(");
                self.junction(sql, subject, left, word, nothing)?;
                sql.push(word);
                self.junction(sql, subject, right, word, nothing)?;
                sql.push(")")
            }
        };
        Ok(())
    }

    /// Opens the place of a field's values for a condition on the value rows' column `column`; the caller appends the
    /// condition and calls [`FilterWriter::close`].
    fn open(&mut self, sql: &mut Sql, subject: &Subject<'a>, field: Field, column: &str) -> Result<Place> {
        let property = match field {
            Field::Property(no) => no,
            Field::Meta(Meta::Team) => team_no(subject.blueprint),
            Field::Meta(_) => {
                let column = format!("{}.{}", subject.row, meta_column(field)?);
                sql.push("(").push(&column).push(" IS NOT NULL AND ");
                return Ok(Place::Column(column));
            }
        };
        let model = subject.blueprint.property_by_no(property);
        if let Some((_, alias)) = subject.at_hand.as_ref().filter(|(no, _)| *no == property)
            && model.and_then(|model| model.property.column()).map(column_name) == Some(column)
        {
            sql.push("(");
            return Ok(Place::AtHand(alias.clone()));
        }
        let list = model.is_none_or(|model| model.property.value_type.is_list());
        Ok(Place::Probe(self.open_probe(sql, subject, property, list)))
    }

    /// Opens a probe of value rows and answers their alias.
    fn open_probe(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        property: PropertyNo,
        list: bool,
    ) -> String {
        let alias = self.alias("v");
        sql.push("EXISTS (SELECT 1 FROM entity_values ").push(&alias);
        sql.push(" WHERE ").push(&alias).push(".tenant_id = ").bind(self.tenant.0);
        sql.push(" AND ").push(&alias).push(".blueprint_no = ").bind(subject.blueprint.no().0);
        sql.push(" AND ").push(&alias).push(".property_no = ").bind(property.0);
        sql.push(" AND ").push(&alias).push(".entity_id = ").push(&subject.id).push(" AND ");
        if !list {
            // The whole key, so that one row is expected whatever the statistics say.
            sql.push(&alias).push(".ordinal = 0 AND ");
        }
        alias
    }

    fn close(sql: &mut Sql, place: &Place) {
        sql.push(if matches!(place, Place::Probe(_)) { FENCE } else { ")" });
    }

    fn alias(&mut self, letter: &str) -> String {
        self.aliases += 1;
        format!("{letter}{}", self.aliases)
    }
}

fn truth(holds: bool) -> &'static str {
    if holds { "1 = 1" } else { "1 = 0" }
}

fn open() -> Error {
    Error::internal("a filter is asked before the time and the caller are put in")
}

fn gone(what: &str) -> Error {
    Error::internal(format!("a filter names a {what} that the model does not have"))
}
