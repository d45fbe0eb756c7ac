//! Values that could not be shown: collected while a query runs, told in `extensions.warnings`.

use std::sync::{Mutex, PoisonError};

use async_graphql::{Context, Name, QueryPathSegment, Value};

/// Most warnings in one answer; the rest are counted.
const MAX_WARNINGS: usize = 100;

#[derive(Default)]
pub struct Warnings(Mutex<(Vec<Value>, usize)>);

impl Warnings {
    /// Notes that the value at the context's path could not be shown.
    pub fn add(&self, ctx: &Context<'_>, message: &str) {
        let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.0.len() >= MAX_WARNINGS {
            warnings.1 += 1;
            return;
        }
        warnings.0.push(entry(path(ctx), message));
    }

    /// The value of `extensions.warnings`, if there is something to say.
    pub fn take(&self) -> Option<Value> {
        let (mut shown, more) = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if more > 0 {
            shown.push(entry(Vec::new(), &format!("{more} more values could not be shown")));
        }
        (!shown.is_empty()).then_some(Value::List(shown))
    }
}

fn entry(path: Vec<Value>, message: &str) -> Value {
    let entries = [("path", Value::List(path)), ("message", Value::from(message))];
    Value::Object(entries.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
}

fn path(ctx: &Context<'_>) -> Vec<Value> {
    let mut path = Vec::new();
    let mut node = ctx.path_node.as_ref();
    while let Some(at) = node {
        path.push(match at.segment {
            QueryPathSegment::Name(name) => Value::from(name),
            QueryPathSegment::Index(index) => Value::from(index),
        });
        node = at.parent;
    }
    path.reverse();
    path
}
