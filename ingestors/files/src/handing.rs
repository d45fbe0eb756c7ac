//! Hands items over in batches, to the kinds that are asked for, which begin with the first batch at the latest.

use portolan_ingestor_contract::{IngestError, MAX_BATCH, Sink};
use serde_json::{Map, Value};

/// Bytes of a file after which a batch is handed over although there are few items in it.
const MAX_BYTES: usize = 1 << 20;

/// What is not handed over yet, by kind.
pub(crate) struct Hand<'a> {
    sink: &'a dyn Sink,
    begun: bool,
    kinds: Vec<Batch>,
}

struct Batch {
    kind: String,
    items: Vec<Value>,
    bytes: usize,
}

impl<'a> Hand<'a> {
    pub fn new(sink: &'a dyn Sink, kinds: impl Iterator<Item = String>) -> Self {
        let kinds = kinds.map(|kind| Batch { kind, items: Vec::new(), bytes: 0 });
        Self { sink, begun: false, kinds: kinds.collect() }
    }

    /// Begins the kinds, once.
    ///
    /// # Errors
    /// What the sink says.
    pub async fn begin(&mut self) -> Result<(), IngestError> {
        if !std::mem::replace(&mut self.begun, true) {
            for batch in &self.kinds {
                self.sink.kind_started(&batch.kind).await?;
            }
        }
        Ok(())
    }

    /// Whether somebody asks for a kind.
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.iter().any(|batch| batch.kind == kind)
    }

    /// An item of a kind, which is dropped where nobody asks for it. `bytes` is about how large it is.
    ///
    /// # Errors
    /// What the sink says.
    pub async fn give(
        &mut self,
        kind: &str,
        file: &str,
        mut item: Map<String, Value>,
        bytes: usize,
    ) -> Result<(), IngestError> {
        let Some(batch) = self.kinds.iter_mut().find(|batch| batch.kind == kind) else { return Ok(()) };
        item.insert("__File".to_owned(), file.into());
        batch.items.push(item.into());
        batch.bytes += bytes;
        if batch.items.len() >= MAX_BATCH || batch.bytes >= MAX_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Hands over what is left.
    ///
    /// # Errors
    /// What the sink says.
    pub async fn flush(&mut self) -> Result<(), IngestError> {
        if self.kinds.iter().any(|batch| !batch.items.is_empty()) {
            self.begin().await?;
        }
        for batch in &mut self.kinds {
            batch.bytes = 0;
            if !batch.items.is_empty() {
                self.sink.items(&batch.kind, std::mem::take(&mut batch.items)).await?;
            }
        }
        Ok(())
    }
}
