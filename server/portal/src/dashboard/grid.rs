//! Where widgets stand: a grid of twelve columns, as many rows as are needed.

use portolan_schema::{Code, Pointer, Problems};

use crate::fields::Fields;

const COLUMNS: i64 = 12;
/// Last row that a widget may begin in. A bound of ours.
const MAX_ROW: i64 = 1_000;
/// Highest widget, in rows.
const MAX_HEIGHT: i64 = 40;

/// `{x, y, width, height}`, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

impl Place {
    /// The place in a widget's field `grid`. None, and problems, where there is none.
    pub(super) fn read(widget: &Fields<'_>, problems: &mut Problems) -> Option<Self> {
        widget.require("grid", problems);
        let known = ["x", "y", "width", "height"];
        let grid = Fields::of(widget.get("grid")?, &widget.at("grid"), "a place", &known, problems)?;
        known.iter().for_each(|key| grid.require(key, problems));
        let x = grid.integer("x", 0..=COLUMNS - 1, problems);
        let y = grid.integer("y", 0..=MAX_ROW, problems);
        let width = grid.integer("width", 1..=COLUMNS, problems);
        let height = grid.integer("height", 1..=MAX_HEIGHT, problems);
        let place = Self { x: x?, y: y?, width: width?, height: height? };
        if place.x + place.width > COLUMNS {
            let message =
                format!("the grid has {COLUMNS} columns, and this ends in column {}", place.x + place.width);
            problems.add(Code::InvalidValue, grid.at("width"), message);
            return None;
        }
        Some(place)
    }

    fn overlaps(self, other: Self) -> bool {
        let apart = |a: i64, length: i64, b: i64, other: i64| a + length <= b || b + other <= a;
        !apart(self.x, self.width, other.x, other.width) && !apart(self.y, self.height, other.y, other.height)
    }
}

/// A widget that stands on one before it is a problem.
pub(super) fn check_overlaps(places: &[(Pointer, Place)], problems: &mut Problems) {
    for (index, (at, place)) in places.iter().enumerate() {
        if let Some((other, _)) = places[..index].iter().find(|(_, other)| place.overlaps(*other)) {
            problems.add(Code::InvalidValue, at.clone(), format!("this stands on what is at {other}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widgets_do_not_stand_on_each_other() {
        let place = |x, y, width, height| Place { x, y, width, height };
        let first = place(2, 2, 4, 2);
        for (other, overlaps) in [
            (place(2, 2, 4, 2), true),
            (place(5, 3, 1, 1), true),
            (place(0, 0, 12, 3), true),
            (place(6, 2, 2, 2), false),
            (place(0, 2, 2, 2), false),
            (place(2, 4, 4, 1), false),
            (place(2, 0, 4, 2), false),
        ] {
            assert_eq!(first.overlaps(other), overlaps, "{other:?}");
            assert_eq!(other.overlaps(first), overlaps, "{other:?}");
        }
    }
}
