//! The error every layer returns: either the caller's mistakes, or a fault whose detail never leaves the server.

use std::error::Error as StdError;
use std::fmt;

use crate::{Code, Pointer, Problem, Problems};

/// Why an operation did not happen.
pub enum Error {
    /// What the caller can put right. Shown whole.
    Problems(Problems),
    /// What the caller cannot put right. Clients see the code's general sentence; `detail` is only logged.
    Fault { code: Code, detail: Box<dyn StdError + Send + Sync> },
}

impl Error {
    /// One mistake that belongs to no particular value.
    pub fn problem(code: Code, message: impl Into<String>) -> Self {
        Problem::new(code, Pointer::root(), message).into()
    }

    /// One mistake at a path.
    pub fn at(code: Code, path: Pointer, message: impl Into<String>) -> Self {
        Problem::new(code, path, message).into()
    }

    /// `what` does not exist, or may not be known to the caller.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::problem(Code::NotFound, format!("{what} was not found"))
    }

    /// A failure of the server itself.
    pub fn internal(detail: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Fault { code: Code::Internal, detail: detail.into() }
    }

    /// Something needed is away for now; the same call may succeed later.
    pub fn unavailable(detail: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Fault { code: Code::Unavailable, detail: detail.into() }
    }

    /// The first (or only) code.
    pub fn code(&self) -> Code {
        match self {
            Self::Problems(problems) => problems.0.first().map_or(Code::Internal, |problem| problem.code),
            Self::Fault { code, .. } => *code,
        }
    }

    /// What a client may see: the problems, or the fault's code with a general sentence.
    pub fn public(&self) -> Problems {
        match self {
            Self::Problems(problems) => problems.clone(),
            Self::Fault { code, .. } => {
                Problem::new(*code, Pointer::root(), code.explanation().trim()).into()
            }
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problems(problem.into())
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

/// For logs only: it shows the detail of a fault.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => fmt::Display::fmt(problems, f),
            Self::Fault { code, detail } => write!(f, "{code}: {detail}"),
        }
    }
}

/// What may be shown: a fault's detail is not.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.public(), f)
    }
}

impl StdError for Error {}

/// The result of almost every function above the pure language.
pub type Result<T, E = Error> = std::result::Result<T, E>;
