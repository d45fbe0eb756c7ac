//! Everything that belongs to one request: resolvers find it in the request's data, never in a closure.

use std::sync::{Arc, Mutex};

use async_graphql::{Context, PathSegment, QueryPathSegment, Value};
use portolan_catalog::OpContext;
use portolan_schema::{CatalogModel, Code, Error, Instant, Result};
use tokio::sync::Semaphore;

use super::entities::Entities;
use super::type_index::TypeIndex;

/// Most warnings in one answer; the rest are counted.
const MAX_WARNINGS: usize = 100;
/// Most root fields that read at the same time, so that one request does not take every connection.
const CONCURRENT_READS: usize = 4;

/// One request's context.
pub struct RequestScope {
    pub context: OpContext,
    pub model: Arc<CatalogModel>,
    pub index: Arc<TypeIndex>,
    pub entities: Arc<dyn Entities>,
    /// What relative dates are relative to.
    pub now: Instant,
    deadline: std::time::Instant,
    reads: Semaphore,
    warnings: Mutex<Warnings>,
}

#[derive(Default)]
struct Warnings {
    shown: Vec<Value>,
    more: usize,
}

impl RequestScope {
    pub fn new(
        context: OpContext,
        model: Arc<CatalogModel>,
        index: Arc<TypeIndex>,
        entities: Arc<dyn Entities>,
        now: Instant,
        deadline: std::time::Instant,
    ) -> Self {
        let reads = Semaphore::new(CONCURRENT_READS);
        let warnings = Mutex::default();
        Self { context, model, index, entities, now, deadline, reads, warnings }
    }

    /// The scope of the request being answered.
    ///
    /// # Errors
    /// A fault where the request was started without one.
    pub fn of<'a>(ctx: &Context<'a>) -> Result<&'a Self> {
        match ctx.data_opt::<Arc<Self>>() {
            Some(scope) => Ok(scope),
            None => Err(Error::internal("a GraphQL request was started without its scope")),
        }
    }

    /// Waits for a turn to read.
    pub async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        self.reads.acquire().await.map_err(Error::internal)
    }

    /// # Errors
    /// `TIMEOUT` once the request's time is over. For work that never waits, which a timer cannot stop.
    pub fn check_time(&self) -> Result<()> {
        if std::time::Instant::now() < self.deadline {
            return Ok(());
        }
        Err(Error::problem(Code::Timeout, "the query took longer than allowed and was stopped"))
    }

    /// Notes that the value at the context's path could not be shown.
    pub fn warn(&self, ctx: &Context<'_>, message: &str) {
        let Ok(mut warnings) = self.warnings.lock() else { return };
        if warnings.shown.len() >= MAX_WARNINGS {
            warnings.more += 1;
            return;
        }
        let path = path(ctx).into_iter().map(|segment| match segment {
            PathSegment::Field(name) => Value::from(name),
            PathSegment::Index(index) => Value::from(index),
        });
        let entry = [("path", Value::List(path.collect())), ("message", Value::from(message))];
        warnings.shown.push(object(entry));
    }

    /// The entry `warnings` of the answer's extensions, if there is something to say.
    pub fn take_warnings(&self) -> Option<Value> {
        let mut warnings = std::mem::take(&mut *self.warnings.lock().ok()?);
        if warnings.shown.is_empty() {
            return None;
        }
        if warnings.more > 0 {
            let message = format!("{} more values could not be shown", warnings.more);
            let entry = [("path", Value::List(Vec::new())), ("message", Value::from(message))];
            warnings.shown.push(object(entry));
        }
        Some(Value::List(warnings.shown))
    }
}

/// A GraphQL object of a few entries.
pub fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.into_iter().map(|(key, value)| (async_graphql::Name::new(key), value)).collect())
}

/// The path of the field being resolved.
pub fn path(ctx: &Context<'_>) -> Vec<PathSegment> {
    let mut path = Vec::new();
    let mut node = ctx.path_node.as_ref();
    while let Some(at) = node {
        path.push(match at.segment {
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        });
        node = at.parent;
    }
    path.reverse();
    path
}
