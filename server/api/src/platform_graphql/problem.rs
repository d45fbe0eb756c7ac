//! Mistakes in the input, as every payload shows them.

use async_graphql::SimpleObject;
use portolan_schema::{Code, Error, Pointer, Problem, Problems};

pub use crate::graphql::refusal::refuse;

/// A mistake in the input: a stable code, a sentence, and the JSON Pointer of the bad value.
#[derive(SimpleObject)]
#[graphql(name = "Problem")]
pub struct ProblemObject {
    code: String,
    message: String,
    path: String,
}

impl From<Problem> for ProblemObject {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.as_str().to_owned(),
            message: problem.message,
            path: problem.path.to_string(),
        }
    }
}

/// Splits a result: mistakes go into the payload, missing rights and faults are errors of the query.
pub fn payload<T>(result: Result<T, Error>) -> async_graphql::Result<(Option<T>, Vec<ProblemObject>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(error) if matches!(error, Error::Fault { .. }) || error.code() == Code::Forbidden => {
            Err(refuse(error))
        }
        Err(error) => Ok((None, error.public().into_iter().map(ProblemObject::from).collect())),
    }
}

/// The same error seen from further out: `outer` comes before the paths of its problems. A revision that is not the
/// present one is the argument `ifRevision`'s.
pub fn under(error: Error, outer: &Pointer) -> Error {
    let moved = |problem: Problem| match problem.code {
        Code::Conflict => Problem { path: Pointer::root().key("ifRevision"), ..problem },
        _ => problem.under(outer),
    };
    match error {
        Error::Problems(problems) => Problems(problems.into_iter().map(moved).collect()).into(),
        fault => fault,
    }
}
