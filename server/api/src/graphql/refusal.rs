//! Errors at the top level of an answer: the code and the figures of a bound are in `extensions`, a fault's detail only
//! in the log.

use async_graphql::{ErrorExtensions, Response};
use portolan_schema::{Code, Error};

/// An error of the query.
pub fn refuse(error: Error) -> async_graphql::Error {
    if let Error::Fault { .. } = &error {
        tracing::error!(error = ?error, "a query failed");
    }
    let code = error.code().as_str();
    let Some(problem) = error.public().into_iter().next() else { return async_graphql::Error::new("") };
    async_graphql::Error::new(problem.message).extend_with(|_, extensions| {
        extensions.set("code", code);
        if !problem.path.as_str().is_empty() {
            extensions.set("path", problem.path.as_str());
        }
        if let Some(excess) = problem.excess {
            extensions.set("maximum", excess.maximum);
            extensions.set("actual", excess.actual);
        }
    })
}

/// The answer to a query that is not run.
pub fn refused(error: Error) -> Response {
    Response::from_errors(vec![refuse(error).into_server_error(Default::default())])
}

/// Gives every error a code and the request's id. Errors without a code are the engine's: the query does not fit.
pub fn sign(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_with(Default::default);
        if extensions.get("code").is_none() {
            extensions.set("code", Code::InvalidQuery.as_str());
        }
        extensions.set("requestId", request_id);
    }
}
