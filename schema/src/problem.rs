//! A mistake in what a user sent: a stable code, the path of the bad value, and a sentence.

use std::fmt;

use serde::Serialize;

use crate::Code;

/// A JSON Pointer (RFC 6901), built from the outside in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// This place's child with the given name; `~` and `/` are escaped.
    #[must_use]
    pub fn key(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, name.replace('~', "~0").replace('/', "~1")))
    }

    /// This place's element with the given index.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }

    /// This place followed by `suffix`, which is itself a pointer.
    #[must_use]
    pub fn join(&self, suffix: &Pointer) -> Self {
        Self(format!("{}{}", self.0, suffix.0))
    }

    /// A pointer that is already in its text form.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bound that was exceeded: what is allowed, and what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Excess {
    pub maximum: u64,
    pub actual: u64,
}

/// One mistake, as it is shown to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub code: Code,
    pub path: Pointer,
    pub message: String,
    /// Where a bound was exceeded.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub excess: Option<Excess>,
}

impl Problem {
    pub fn new(code: Code, path: Pointer, message: impl Into<String>) -> Self {
        Self { code, path, message: message.into(), excess: None }
    }

    /// A bound was exceeded; `message` names it, the figures are added.
    pub fn over(
        code: Code,
        path: Pointer,
        message: impl fmt::Display,
        maximum: impl TryInto<u64>,
        actual: impl TryInto<u64>,
    ) -> Self {
        let (maximum, actual) =
            (maximum.try_into().unwrap_or(u64::MAX), actual.try_into().unwrap_or(u64::MAX));
        let message = format!("{message}: at most {maximum} are allowed, there are {actual}");
        Self { code, path, message, excess: Some(Excess { maximum, actual }) }
    }

    /// The same problem seen from further out: `outer` comes before its path.
    #[must_use]
    pub fn under(mut self, outer: &Pointer) -> Self {
        self.path = outer.join(&self.path);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.as_str().is_empty() {
            write!(f, "{}: {}", self.code, self.message)
        } else {
            write!(f, "{} at {}: {}", self.code, self.path, self.message)
        }
    }
}

/// All mistakes found; never empty where it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn add(&mut self, code: Code, path: Pointer, message: impl Into<String>) {
        self.0.push(Problem::new(code, path, message));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, unless something was found.
    pub fn into_result<T>(self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
