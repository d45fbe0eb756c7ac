//! Mistakes in the input, as every payload shows them.

use async_graphql::{ErrorExtensions, SimpleObject};
use portolan_schema::{Code, Error};

/// A mistake in the input: a stable code, a sentence, and the JSON Pointer of the bad value.
#[derive(SimpleObject)]
#[graphql(name = "Problem")]
pub struct ProblemObject {
    code: String,
    message: String,
    path: String,
}

/// Splits a result: mistakes go into the payload, missing rights and faults are errors of the query.
pub fn payload<T>(result: Result<T, Error>) -> async_graphql::Result<(Option<T>, Vec<ProblemObject>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(error) if matches!(error, Error::Fault { .. }) || error.code() == Code::Forbidden => {
            Err(refuse(error))
        }
        Err(error) => {
            let problems = error.public().into_iter().map(|problem| ProblemObject {
                code: problem.code.as_str().to_owned(),
                message: problem.message,
                path: problem.path.to_string(),
            });
            Ok((None, problems.collect()))
        }
    }
}

/// An error at the top level.
pub fn refuse(error: Error) -> async_graphql::Error {
    if let Error::Fault { .. } = &error {
        tracing::error!(error = ?error, "a query failed");
    }
    let code = error.code().as_str();
    let message = error.public().into_iter().next().map_or_else(String::new, |problem| problem.message);
    async_graphql::Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}
