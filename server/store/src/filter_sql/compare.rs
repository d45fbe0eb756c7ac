//! Comparisons and membership.

use portolan_schema::filter::Comparison;
use portolan_schema::{Field, Filter, Result, Scalar};

use super::columns::{bound, comparable, operator, value_column};
use super::{FilterWriter, Place, Subject, truth};
use crate::sql::Sql;
use crate::value_rows::{MAX_TEXT, cut_text};

/// What is kept of a longer text has at least this many bytes, so a shorter operand is never equal to a kept part, and
/// compares with it as with the whole.
pub(super) const SHORT: usize = MAX_TEXT - 3;

impl<'a> FilterWriter<'a> {
    /// One value of the field (or item of it) compares so with all of `bounds`.
    pub(super) fn compare(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        bounds: &[(Comparison, &Scalar)],
    ) -> Result<()> {
        let first = bounds.first().map(|(_, value)| value_column(value));
        let fits = |value: &Scalar| comparable(field, value) && Some(value_column(value)) == first;
        let Some(column) = first.filter(|_| bounds.iter().all(|(_, value)| fits(value))) else {
            sql.push(truth(false));
            return Ok(());
        };
        let place = self.open(sql, subject, field, column)?;
        for (at, (comparison, value)) in bounds.iter().enumerate() {
            if at > 0 {
                sql.push(" AND ");
            }
            match (&place, value) {
                (Place::Column(column), _) => {
                    sql.push(column).push(operator(*comparison)).bind(bound(value));
                }
                (Place::Probe(row) | Place::AtHand(row), Scalar::Text(text)) => {
                    self.compare_text(sql, subject, field, row, *comparison, text)?;
                }
                (Place::Probe(row) | Place::AtHand(row), _) => {
                    sql.push(row).push(".").push(column).push(operator(*comparison)).bind(bound(value));
                }
            }
        }
        Self::close(sql, &place);
        Ok(())
    }

    /// Texts are compared by what is kept of them; only where that does not decide is the JSON looked at.
    fn compare_text(
        &self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        row: &str,
        comparison: Comparison,
        text: &str,
    ) -> Result<()> {
        let column = format!("{row}.text_value");
        if text.len() < SHORT {
            sql.push(&column).push(operator(comparison)).bind(text);
            return Ok(());
        }
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

    pub(super) fn one_of(
        &mut self,
        sql: &mut Sql,
        subject: &Subject<'a>,
        field: Field,
        values: &[Scalar],
    ) -> Result<()> {
        let usual = |value: &&Scalar| match value {
            Scalar::Text(text) => text.len() < SHORT,
            _ => true,
        };
        let same = values.windows(2).all(|two| value_column(&two[0]) == value_column(&two[1]));
        if !same || !values.iter().all(|value| usual(&value)) {
            // Long texts one by one; what is left in one list a column.
            let mut parts: Vec<Filter> = values
                .iter()
                .filter(|value| !usual(value))
                .map(|value| Filter::equal(field, value.clone()))
                .collect();
            for column in ["text_value", "number_value", "instant_value"] {
                let of = |value: &&Scalar| usual(value) && value_column(value) == column;
                let values: Vec<Scalar> = values.iter().filter(of).cloned().collect();
                parts.push(Filter::In { field, values });
            }
            return self.junction(sql, subject, &parts, " OR ", false);
        }
        let Some(first) = values.first().filter(|first| comparable(field, first)) else {
            sql.push(truth(false));
            return Ok(());
        };
        let place = self.open(sql, subject, field, value_column(first))?;
        match &place {
            Place::Column(column) => sql.push(column),
            Place::Probe(row) | Place::AtHand(row) => sql.push(row).push(".").push(value_column(first)),
        };
        sql.push(" IN (").bind_list(values.iter().map(bound)).push(")");
        Self::close(sql, &place);
        Ok(())
    }
}
