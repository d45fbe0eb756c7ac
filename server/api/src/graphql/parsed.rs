//! Documents that were parsed before. Clients send the same few texts again and again, and parsing one takes longer than
//! copying what came of it.
//!
//! What is kept follows from the text alone: it is bounded and validated anew for every request, against the schema of that
//! moment, so a change of the model makes none of it stale, and tenants may share it.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use moka::future::Cache;

/// Most bytes of documents that are kept, by estimate.
const MOST_BYTES: u64 = 32 << 20;
/// Longer texts are not kept: they hardly come again.
const LONGEST: usize = 32 << 10;
/// Bytes of a document for each byte of its text, where the text is as terse as may be.
const GROWTH: usize = 64;

/// Keeps parsed documents by their text. Cheap to clone.
#[derive(Clone)]
pub struct Documents(Cache<Arc<str>, Arc<ExecutableDocument>>);

impl Default for Documents {
    fn default() -> Self {
        let weigh = |text: &Arc<str>, _: &Arc<ExecutableDocument>| {
            u32::try_from(text.len().saturating_mul(GROWTH)).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MOST_BYTES).weigher(weigh).build())
    }
}

impl Documents {
    /// The document of a text.
    ///
    /// # Errors
    /// Where it cannot be read. That is not kept.
    pub async fn read(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(known) = self.0.get(text).await {
            return Ok(known);
        }
        let document = Arc::new(parse_query(text)?);
        if text.len() <= LONGEST {
            self.0.insert(text.into(), document.clone()).await;
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_text_is_parsed_once_and_a_wrong_one_each_time() {
        let documents = Documents::default();
        let first = documents.read("{ a }").await.unwrap();
        assert!(Arc::ptr_eq(&first, &documents.read("{ a }").await.unwrap()));
        assert!(!Arc::ptr_eq(&first, &documents.read("{ b }").await.unwrap()));
        for _ in 0..2 {
            assert!(documents.read("{ a").await.is_err());
        }
        let long = format!("{{ a # {}\n}}", "-".repeat(LONGEST));
        let first = documents.read(&long).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &documents.read(&long).await.unwrap()));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let documents = Documents::default();
        for number in 0..2_000 {
            let text = format!("{{ a{number} # {}\n}}", "-".repeat(2_000));
            documents.read(&text).await.unwrap();
        }
        documents.0.run_pending_tasks().await;
        assert!(documents.0.weighted_size() <= MOST_BYTES);
        assert!(documents.0.entry_count() > 100);
    }
}
