//! Value rows: the scalars and list items of an entity, one row each, that filters, orders and groups rest on.

use std::cmp::Ordering;

use portolan_schema::model::computed::{ComputedModel, OWNER};
use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, BlueprintNo, EntityState, Instant, Property, PropertyNo};
use serde_json::Value;

use crate::computed::ComputedValues;

/// The number under which an entity's own teams are stored; properties are numbered from 1.
const OWN_TEAM: PropertyNo = PropertyNo(0);

/// The number under which `$team` is found: that of the inherited owner, or the entities' own teams.
pub(crate) fn team_no(blueprint: &BlueprintModel) -> PropertyNo {
    blueprint.owner().map_or(OWN_TEAM, ComputedModel::no)
}
/// A longer text keeps this many bytes (fewer where a character would be cut) and is marked.
pub(crate) const MAX_TEXT: usize = 256;
/// The ordinal of the row that says "an empty list", which is not the same as no list.
pub(crate) const EMPTY_LIST: i32 = -1;

/// One row of `entity_values`, without tenant and blueprint.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueRow {
    pub property: PropertyNo,
    pub ordinal: i32,
    pub text: Option<String>,
    /// The lower-case form, where it differs; of a cut text the whole lower-case form.
    pub folded: Option<String>,
    pub cut: bool,
    pub number: Option<f64>,
    pub instant: Option<i64>,
}

/// A row with the blueprint and the id of its entity.
pub(crate) type PlacedRow = (BlueprintNo, i64, ValueRow);

impl ValueRow {
    /// The order in which rows are written: by property, then value, so that index pages fill in sequence.
    pub(crate) fn write_order(&self, other: &Self) -> Ordering {
        self.property
            .cmp(&other.property)
            .then_with(|| self.text.cmp(&other.text))
            .then_with(|| self.instant.cmp(&other.instant))
            .then_with(|| self.number.partial_cmp(&other.number).unwrap_or(Ordering::Equal))
    }

    fn empty_list(property: PropertyNo) -> Self {
        Self {
            property,
            ordinal: EMPTY_LIST,
            text: None,
            folded: None,
            cut: false,
            number: None,
            instant: None,
        }
    }

    fn text(property: PropertyNo, ordinal: i32, text: &str) -> Self {
        let (kept, cut) = cut_text(text);
        let folded = text.to_lowercase();
        Self {
            property,
            ordinal,
            folded: (cut || folded != text).then_some(folded),
            text: Some(kept.to_owned()),
            cut,
            number: None,
            instant: None,
        }
    }

    fn of(property: PropertyNo, ordinal: i32, column: Column, value: &Value) -> Option<Self> {
        let empty = Self { ordinal, ..Self::empty_list(property) };
        match (column, value) {
            (Column::Text, Value::String(text)) => Some(Self::text(property, ordinal, text)),
            (Column::Text, Value::Number(number)) => Some(Self::text(property, ordinal, &number.to_string())),
            (Column::Number, Value::Number(number)) => Some(Self { number: number.as_f64(), ..empty }),
            (Column::Boolean, Value::Bool(flag)) => {
                Some(Self { number: Some(f64::from(u8::from(*flag))), ..empty })
            }
            (Column::Instant, Value::String(text)) => {
                Instant::parse(text).map(|at| Self { instant: Some(at.0), ..empty })
            }
            // A value that does not have its property's type any more (after a change of the blueprint).
            _ => None,
        }
    }
}

/// The part of a text that is kept, and whether it is shorter.
pub(crate) fn cut_text(text: &str) -> (&str, bool) {
    if text.len() <= MAX_TEXT {
        return (text, false);
    }
    (&text[..text.floor_char_boundary(MAX_TEXT)], true)
}

/// All value rows of an entity's state.
pub(crate) fn value_rows(blueprint: &BlueprintModel, state: &EntityState) -> Vec<ValueRow> {
    let mut rows = Vec::with_capacity(state.properties.len() + state.team.len());
    for (ordinal, team) in (0..).zip(&state.team) {
        rows.push(ValueRow::text(OWN_TEAM, ordinal, team));
    }
    for (identifier, value) in &state.properties {
        if let Some(model) = blueprint.property(identifier) {
            push_rows(&mut rows, model.no, &model.property, value);
        }
    }
    rows
}

/// All value rows of an entity's computed values.
pub(crate) fn computed_value_rows(blueprint: &BlueprintModel, values: &ComputedValues) -> Vec<ValueRow> {
    let mut rows = Vec::new();
    for computed in &blueprint.computed {
        if let Some(value) = values.get(computed.no()) {
            push_rows(&mut rows, computed.no(), &computed.property.property, value);
        }
    }
    rows
}

fn push_rows(rows: &mut Vec<ValueRow>, no: PropertyNo, property: &Property, value: &Value) {
    let Some(column) = property.column() else { return };
    match value {
        Value::Null => {}
        Value::Array(items) if property.value_type.is_list() => {
            let before = rows.len();
            rows.extend((0..).zip(items).filter_map(|(at, item)| ValueRow::of(no, at, column, item)));
            // No teams are no value, whether they are own or inherited.
            if rows.len() == before && property.identifier != OWNER {
                rows.push(ValueRow::empty_list(no));
            }
        }
        scalar => rows.extend(ValueRow::of(no, 0, column, scalar)),
    }
}
