//! Orders and the cursors that go with them: which columns sort a list, and where a page begins.
//!
//! Nulls come last whatever the direction. Ties are broken by the entity's id, in the direction of the last key; rows
//! without a value for a single key are ordered by identifier, for which there is an index.

mod cursor;
mod ordering;

pub(crate) use cursor::{Cursor, KeyValue};
pub(crate) use ordering::{Ordering, push_joins};

use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, Code, Error, Field, Meta, PropertyNo, Result};

use crate::filter_sql::{column_name, meta_column};
use crate::query::{Order, Parts};

/// Where a key's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A column of `entities`.
    Column { name: &'static str, nullable: bool, instant: bool },
    /// Value rows of a property (the first item of a list).
    Value { property: PropertyNo, column: Column, list: bool },
    /// The place of an edge in its relation.
    Ordinal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub source: Source,
    pub descending: bool,
}

impl Key {
    pub(crate) const IDENTIFIER: Key = Key {
        source: Source::Column { name: "identifier", nullable: false, instant: false },
        descending: false,
    };
    pub(crate) const ORDINAL: Key = Key { source: Source::Ordinal, descending: false };

    pub(crate) fn is_identifier(&self) -> bool {
        matches!(self.source, Source::Column { name: "identifier", .. })
    }

    pub(crate) fn nullable(&self) -> bool {
        match self.source {
            Source::Column { nullable, .. } => nullable,
            Source::Value { .. } => true,
            Source::Ordinal => false,
        }
    }

    /// The SQL expression of the key; `at` is its place, which names the join of a value row.
    pub(crate) fn expression(&self, at: usize) -> String {
        match self.source {
            Source::Column { name, .. } => format!("e.{name}"),
            Source::Value { column, .. } => format!("k{at}.{}", column_name(column)),
            Source::Ordinal => "r.ordinal".to_owned(),
        }
    }
}

/// Turns an order into keys.
///
/// # Errors
/// [`Code::InvalidOperator`] where a field cannot be sorted by.
pub(crate) fn keys(blueprint: &BlueprintModel, order: &[Order], default: Key) -> Result<Vec<Key>> {
    if order.is_empty() {
        return Ok(vec![default]);
    }
    order
        .iter()
        .map(|order| {
            let source = match order.field {
                Field::Property(no) => {
                    let property = blueprint.property_by_no(no);
                    let column = property.and_then(|property| property.property.column());
                    match (property, column) {
                        (Some(property), Some(column)) => Source::Value {
                            property: no,
                            column,
                            list: property.property.value_type.is_list(),
                        },
                        _ => return Err(unsortable(property.map_or("?", |p| &p.property.identifier))),
                    }
                }
                Field::Meta(meta @ (Meta::Team | Meta::Blueprint)) => {
                    return Err(unsortable(if meta == Meta::Team { "$team" } else { "$blueprint" }));
                }
                Field::Meta(meta) => Source::Column {
                    name: meta_column(order.field)?,
                    nullable: matches!(meta, Meta::Title | Meta::Icon | Meta::Datasource),
                    instant: meta.is_instant(),
                },
            };
            Ok(Key { source, descending: order.descending })
        })
        .collect()
}

/// What is to be read of entities so that their places in a list with these keys are known.
pub(crate) fn parts(blueprint: &BlueprintModel, keys: &[Key], wanted: &Parts) -> Parts {
    let mut parts = wanted.clone();
    for key in keys {
        if let Source::Value { property, .. } = key.source {
            match blueprint.computed_by_no(property) {
                Some(_) => parts.computed = true,
                None => parts.add(property),
            }
        }
    }
    parts
}

fn unsortable(name: &str) -> Error {
    Error::problem(Code::InvalidOperator, format!("lists cannot be ordered by \"{name}\""))
}
