//! Which columns hold what, and how values and names are written.

use portolan_schema::filter::Comparison;
use portolan_schema::property::Column;
use portolan_schema::{Error, Field, Meta, Result, Scalar};
use sea_orm::Value;

/// The column of `entity_values` for a property.
pub(crate) fn column_name(column: Column) -> &'static str {
    match column {
        Column::Text => "text_value",
        Column::Number | Column::Boolean => "number_value",
        Column::Instant => "instant_value",
    }
}

/// The column of `entity_values` that a value is compared with.
pub(super) fn value_column(value: &Scalar) -> &'static str {
    match value {
        Scalar::Text(_) => "text_value",
        Scalar::Number(_) | Scalar::Boolean(_) => "number_value",
        Scalar::Instant(_) | Scalar::Relative(_) => "instant_value",
    }
}

pub(super) fn bound(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Number(number) => (*number).into(),
        Scalar::Boolean(flag) => f64::from(u8::from(*flag)).into(),
        Scalar::Instant(at) => at.0.into(),
        // `FilterWriter::write` refuses it; nothing compares with NULL.
        Scalar::Relative(_) => Value::BigInt(None),
    }
}

pub(super) fn operator(comparison: Comparison) -> &'static str {
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
        Field::Meta(Meta::Blueprint | Meta::Team) | Field::Property(_) => {
            Err(Error::internal(format!("{field:?} is no column of an entity")))
        }
    }
}

/// Whether a value can be compared with a meta column at all.
pub(super) fn comparable(field: Field, value: &Scalar) -> bool {
    match (field, value) {
        (Field::Meta(meta), Scalar::Instant(_)) => meta.is_instant(),
        (Field::Meta(_), Scalar::Text(_)) => field.is_text(),
        (Field::Meta(_), _) => false,
        (Field::Property(_), _) => true,
    }
}
