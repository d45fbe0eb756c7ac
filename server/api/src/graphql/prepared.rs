//! A request on its way to the executor: read, bounded, and run for no longer than it may.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::{Request, Response, Value, Variables};
use portolan_schema::{Code, Error, Pointer, Problem};

use super::bounds::{self, Shape, bound};
use super::limits::Limits;
use super::refusal::refused;

/// A request that is within its bounds.
pub struct Prepared {
    pub request: Request,
    /// Rows it may return.
    pub cost: u64,
}

/// Reads a request and checks its bounds.
///
/// # Errors
/// The answer that says what is wrong.
pub fn prepare(mut request: Request, shape: &impl Shape, limits: &Limits) -> Result<Prepared, Box<Response>> {
    let text = || {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        bound(Code::BodyTooLarge, "length in bytes", wide(limits.query_bytes), wide(request.query.len()))?;
        bound(Code::QueryTooDeep, "nesting", limits.nesting, bounds::nesting(&request.query))
    };
    text().map_err(|error| Box::new(refused(error)))?;
    let (operation, mut variables) = (request.operation_name.clone(), std::mem::take(&mut request.variables));
    let document = request.parsed_query().map_err(|error| Box::new(Response::from_errors(vec![error])))?;
    fill_defaults(document, operation.as_deref(), &mut variables);
    let cost = bounds::check(document, operation.as_deref(), &variables, shape, limits)
        .map_err(|error| Box::new(refused(error)))?;
    request.variables = variables;
    Ok(Prepared { request, cost })
}

/// Runs a query; after its time it is stopped.
pub async fn run_within(limits: &Limits, running: impl Future<Output = Response>) -> Response {
    let began = std::time::Instant::now();
    match tokio::time::timeout(limits.time, running).await {
        Ok(response) => response,
        Err(_) => {
            let (maximum, actual) = (limits.time.as_millis(), began.elapsed().as_millis());
            let what = "the query's time in milliseconds is over its bound";
            refused(Error::from(Problem::over(Code::Timeout, Pointer::root(), what, maximum, actual)))
        }
    }
}

/// Variables that are not given take the defaults of their definitions: the executor decides about `@include` and
/// `@skip` without looking there.
fn fill_defaults(document: &ExecutableDocument, operation: Option<&str>, variables: &mut Variables) {
    let Some(operation) = operation_of(document, operation) else { return };
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        if let Some(default) = &definition.node.default_value
            && !variables.contains_key(name)
        {
            variables.insert(name.clone(), default.node.clone());
        }
    }
}

/// The operation that will be run, if that is clear.
pub fn operation_of<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(one), None) => Some(&one.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(many), Some(name)) => many.get(name).map(|one| &one.node),
        (DocumentOperations::Multiple(many), None) if many.len() == 1 => {
            many.values().next().map(|one| &one.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// Puts the cost into an answer's extensions.
pub fn with_cost(response: Response, cost: u64) -> Response {
    response.extension("cost", Value::from(cost))
}
