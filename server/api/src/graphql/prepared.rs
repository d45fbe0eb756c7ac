//! A request on its way to the executor: read, bounded, and run for no longer than it may.

use async_graphql::{Request, Response, Value};
use futures::stream::{BoxStream, Stream, StreamExt};
use portolan_schema::{Code, Error, Pointer, Problem};

use super::bounds::{self, Shape, bound};
use super::limits::Limits;
use super::order::Order;
use super::parsed::Documents;
use super::refusal::refused;
use super::variables;

/// A request that is within its bounds.
pub struct Prepared {
    pub request: Request,
    /// Rows it may return.
    pub cost: u64,
    /// In which order its answer has to be.
    pub order: Order,
}

/// Reads a request and checks its bounds.
///
/// # Errors
/// The answer that says what is wrong.
pub async fn prepare(
    mut request: Request,
    documents: &Documents,
    shape: &impl Shape,
    limits: &Limits,
) -> Result<Prepared, Box<Response>> {
    let text = || {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        bound(Code::BodyTooLarge, "length in bytes", wide(limits.query_bytes), wide(request.query.len()))?;
        bound(Code::QueryTooDeep, "nesting", limits.nesting, bounds::nesting(&request.query))
    };
    text().map_err(|error| Box::new(refused(error)))?;
    // Some clients send an empty name for none.
    request.operation_name = request.operation_name.take().filter(|name| !name.is_empty());
    let operation = request.operation_name.clone();
    let read = documents.read(&request.query).await;
    let read = read.map_err(|error| Box::new(Response::from_errors(vec![error])))?;
    let mut document = (*read).clone();
    variables::settle(&mut document, operation.as_deref(), &mut request.variables);
    let cost = bounds::check(&document, operation.as_deref(), &request.variables, shape, limits)
        .map_err(|error| Box::new(refused(error)))?;
    request.set_parsed_query(document);
    let order = Order::new(read, operation, &request.variables, shape.interfaces());
    Ok(Prepared { request, cost, order })
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

/// Puts the cost into an answer's extensions.
pub fn with_cost(response: Response, cost: u64) -> Response {
    response.extension("cost", Value::from(cost))
}

/// Answers of a subscription, each in the order of its questions.
pub fn in_order(
    order: Order,
    answers: impl Stream<Item = Response> + Send + 'static,
) -> BoxStream<'static, Response> {
    let arrange = move |mut answer: Response| {
        order.arrange(&mut answer);
        answer
    };
    answers.map(arrange).boxed()
}
