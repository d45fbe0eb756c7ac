//! One list, read page after page.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use portolan_ingestor_contract::{IngestError, PlainPath, Sink, SourceError, send};
use serde_json::{Value, json};
use url::Url;

use crate::answer::Answer;
use crate::paging::Pages;
use crate::source::Source;

/// A list of the API, which is a kind.
pub(crate) struct List {
    pub kind: String,
    pub url: Url,
    pub items: PlainPath,
    pub paging: Pages,
}

impl List {
    /// Reads the first page only, to see whether it is one.
    pub async fn look(&self, source: &Source) -> Result<(), SourceError> {
        let url = self.paging.first(&self.url, source.page_size);
        let mut answer = source.get(&url).await?;
        self.paging.next(&url, &answer, self.count(&answer)?)?;
        self.take(&mut answer).map(drop)
    }

    /// Reads the list to its end, from a checkpoint where there is one.
    pub async fn collect(
        &self,
        source: &Source,
        from: Option<&Value>,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let mut url = from
            .and_then(|at| self.place(at))
            .unwrap_or_else(|| self.paging.first(&self.url, source.page_size));
        let (mut asked, mut before) = (HashSet::new(), None);
        loop {
            asked.insert(hash(url.as_str()));
            let mut answer = source.get(&url).await?;
            let count = self.count(&answer)?;
            let next = self.paging.next(&url, &answer, count)?;
            let items = self.take(&mut answer)?;
            let this = (count > 0).then(|| hash(&Value::Array(items.clone()).to_string()));
            if this.is_some() && this == before {
                return Err(
                    SourceError::failed("the same page came twice, so there is no end of the list").into()
                );
            }
            before = this;
            send(sink, &self.kind, items).await?;
            let Some(next) = next else { return Ok(()) };
            if next.origin() != self.url.origin() {
                let message = "the next page is at another origin than \"url\", which is not asked";
                return Err(SourceError::failed(message).into());
            }
            if asked.contains(&hash(next.as_str())) {
                let message = "a page names one before it as the next, so there is no end of the list";
                return Err(SourceError::failed(message).into());
            }
            sink.checkpoint(&self.kind, &json!({ "next": next.as_str() })).await?;
            url = next;
        }
    }

    /// The page of a checkpoint, where the settings still lead to its origin.
    fn place(&self, at: &Value) -> Option<Url> {
        let url = Url::parse(at["next"].as_str()?).ok()?;
        (url.origin() == self.url.origin()).then_some(url)
    }

    fn count(&self, answer: &Answer) -> Result<usize, SourceError> {
        let found = self.items.find(&answer.body).and_then(Value::as_array);
        found.map(Vec::len).ok_or_else(|| self.no_items())
    }

    fn take(&self, answer: &mut Answer) -> Result<Vec<Value>, SourceError> {
        match self.items.take(&mut answer.body) {
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => Ok(items),
            Some(Value::Array(_)) => Err(SourceError::failed(format!(
                "the list of {} holds something that is no object",
                self.url.path()
            ))),
            _ => Err(self.no_items()),
        }
    }

    fn no_items(&self) -> SourceError {
        SourceError::failed(format!(
            "the answer of {} has no list where \"items\" says it is",
            self.url.path()
        ))
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
