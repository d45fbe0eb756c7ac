//! An answer of GitHub's, and what it must look like to be one.

use serde_json::{Map, Value};
use url::Url;

use crate::fault::Fault;

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The call that it answers, such as `GET /user`.
    pub call: String,
    /// Null where nothing has changed.
    pub body: Value,
    /// Where the list goes on.
    pub next: Option<Url>,
    /// What the answer can be asked for again by.
    pub etag: Option<String>,
    /// What was asked for is as it was (status 304).
    pub unchanged: bool,
    /// Whether there was a `Link` header: then a missing `next` is the end.
    pub linked: bool,
}

impl Answer {
    /// The body, where it is an object that has these keys.
    ///
    /// # Errors
    /// Where it is not.
    pub fn object(&self, keys: &[&str]) -> Result<&Map<String, Value>, Fault> {
        let object = self.body.as_object().filter(|object| keys.iter().all(|key| object.contains_key(*key)));
        object.ok_or_else(|| {
            Fault::nonsense(format!(
                "the answer to {} is not what GitHub answers: no {}",
                self.call,
                keys.join(", ")
            ))
        })
    }

    /// The objects of a list, which is the body itself or under a key of it.
    ///
    /// # Errors
    /// Where there is no list, or something else than objects in it.
    pub fn into_list(mut self, key: Option<&str>) -> Result<Vec<Value>, Fault> {
        let list = match key {
            Some(key) => self.body.get_mut(key).map(Value::take),
            None => Some(self.body),
        };
        match list {
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => Ok(items),
            _ => Err(Fault::nonsense(format!(
                "the answer to {} is not the list that GitHub answers",
                self.call
            ))),
        }
    }
}
