//! Why somebody was not let in.

use portolan_schema::{Code, Error};

/// Why somebody was not let in.
#[derive(Debug)]
pub enum Refused {
    /// Too many failures: to be tried again after these seconds.
    TooMany {
        seconds: u64,
    },
    Error(Error),
}

impl Refused {
    /// The error without its time.
    pub fn into_error(self) -> Error {
        match self {
            Refused::TooMany { seconds } => {
                let message = format!("too many attempts failed; try again in {seconds} s");
                Error::problem(Code::RateLimited, message)
            }
            Refused::Error(error) => error,
        }
    }

    /// After how many seconds to try again.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Refused::TooMany { seconds } => Some(*seconds),
            Refused::Error(_) => None,
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<portolan_schema::Problems> for Refused {
    fn from(problems: portolan_schema::Problems) -> Self {
        Self::Error(problems.into())
    }
}
