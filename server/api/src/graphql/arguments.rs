//! Reading a field's arguments off the selection: a list and all that is selected below it become one read, so the
//! arguments of inner fields are read before their resolvers run.

use async_graphql::{Name, SelectionField, Value};
use portolan_catalog::query::Page;
use portolan_schema::{Code, Error, Result};

use super::bounds::bound;
use super::limits::MAX_PAGE;

/// The arguments of one field, variables put in.
pub struct Arguments(Vec<(Name, Value)>);

impl Arguments {
    pub fn of(field: &SelectionField<'_>) -> Result<Self> {
        field.arguments().map(Self).map_err(|error| Error::problem(Code::InvalidQuery, error.message))
    }

    /// An argument; one that is null is absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value);
        found.filter(|value| **value != Value::Null)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(text)
    }

    /// # Errors
    /// `INVALID_QUERY` for a number below 0.
    pub fn number(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = match value {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        found
            .map(Some)
            .ok_or_else(|| Error::problem(Code::InvalidQuery, format!("\"{name}\" is a number from 0")))
    }

    /// The page that `first after last before offset` ask for.
    ///
    /// # Errors
    /// `INVALID_QUERY`, `QUERY_TOO_COSTLY`.
    pub fn page(&self, default: usize) -> Result<Page> {
        let (first, last) = (self.number("first")?, self.number("last")?);
        if first.is_some() && last.is_some() {
            return Err(Error::problem(Code::InvalidQuery, "take \"first\" or \"last\", not both"));
        }
        let limit = first.or(last).unwrap_or(default);
        // Checked before the query ran; a page is the one thing that must not depend on that.
        bound(Code::QueryTooCostly, "page size", MAX_PAGE as u64, limit as u64)?;
        let owned = |name: &str| self.text(name).map(str::to_owned);
        Ok(Page {
            limit,
            after: owned("after"),
            before: owned("before"),
            from_end: last.is_some(),
            offset: self.number("offset")?.unwrap_or(0),
        })
    }
}

/// The text of a string or of an enum's name.
pub fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Enum(name) => Some(name.as_str()),
        _ => None,
    }
}

/// A list's items; a single value stands for a list of one, as GraphQL's input coercion has it.
pub fn items(value: Option<&Value>) -> &[Value] {
    match value {
        None | Some(Value::Null) => &[],
        Some(Value::List(items)) => items,
        Some(one) => std::slice::from_ref(one),
    }
}

/// The name under which a field's answer is found again: its alias, or its name.
pub fn key(field: &SelectionField<'_>) -> String {
    field.alias().unwrap_or_else(|| field.name()).to_owned()
}
