//! Files in memory, as the server would let an ingestor read them: those of the directory `/shelf`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::conformance::{Record, Recorder, Refusing};
use portolan_ingestor_contract::{
    Context, FileError, Files, IngestError, Ingestor, KindRequest, Listing, Piece, Settings,
};
use portolan_schema::Problems;
use serde_json::{Value, json};

pub const DIRECTORY: &str = "/shelf";

#[derive(Default)]
pub struct Shelf {
    files: Mutex<BTreeMap<String, Bytes>>,
    /// Largest part that was asked for.
    pub largest: AtomicUsize,
    /// Changes a file after so many reads.
    pub changes_after: AtomicUsize,
}

impl Shelf {
    pub fn of(files: &[(&str, &str)]) -> Arc<Self> {
        let own = Self { changes_after: AtomicUsize::new(usize::MAX), ..Self::default() };
        for (path, text) in files {
            own.put(path, text.as_bytes().to_vec());
        }
        Arc::new(own)
    }

    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    pub fn remove(&self, path: &str) {
        self.files.lock().unwrap().remove(path);
    }

    pub fn context(self: &Arc<Self>) -> Context {
        Context { files: Arc::clone(self) as Arc<dyn Files>, ..Context::new(Arc::new(Refusing)) }
    }

    /// Reads kinds from all of the shelf.
    pub async fn collect(self: &Arc<Self>, config: Value, kinds: &[&str]) -> Record {
        let requests: Vec<_> = kinds.iter().map(|kind| KindRequest::new(*kind)).collect();
        let (result, record) = self.collect_with(config, &requests, &self.context()).await;
        result.unwrap();
        record
    }

    pub async fn collect_with(
        self: &Arc<Self>,
        mut config: Value,
        requests: &[KindRequest],
        context: &Context,
    ) -> (Result<(), IngestError>, Record) {
        complete(&mut config);
        let sink = Recorder::default();
        let ingestor = portolan_ingestor_files::Files::new();
        let settings = Settings::new(config, json!({}));
        let result = ingestor.collect(&settings, requests, context, &sink).await;
        (result, sink.record())
    }

    pub async fn check(self: &Arc<Self>, mut config: Value) -> Result<(), Problems> {
        complete(&mut config);
        let settings = Settings::new(config, json!({}));
        portolan_ingestor_files::Files::new().check(&settings, &self.context()).await
    }
}

/// A source that is not named is all of the shelf.
fn complete(config: &mut Value) {
    if config.get("source").is_none() {
        config["source"] = DIRECTORY.into();
    }
}

#[async_trait]
impl Files for Shelf {
    fn allows(&self, path: &str) -> Result<(), FileError> {
        let allowed = path == DIRECTORY || path.starts_with("/shelf/");
        if allowed { Ok(()) } else { Err(FileError::Refused { path: path.to_owned() }) }
    }

    async fn list(&self, path: &str) -> Result<Listing, FileError> {
        self.allows(path)?;
        let below = path.strip_prefix(DIRECTORY).unwrap().trim_matches('/').to_owned();
        let files = self.files.lock().unwrap();
        if files.contains_key(&below) {
            let (directory, name) = path.rsplit_once('/').unwrap();
            return Ok(Listing { directory: directory.to_owned(), files: vec![name.to_owned()] });
        }
        let prefix = if below.is_empty() { below } else { format!("{below}/") };
        let files: Vec<String> =
            files.keys().filter_map(|file| file.strip_prefix(&prefix)).map(ToOwned::to_owned).collect();
        if files.is_empty() && !prefix.is_empty() {
            return Err(FileError::Missing { path: path.to_owned() });
        }
        Ok(Listing { directory: path.trim_end_matches('/').to_owned(), files })
    }

    async fn read(&self, directory: &str, path: &str, from: u64, most: usize) -> Result<Piece, FileError> {
        self.largest.fetch_max(most, Ordering::SeqCst);
        let changes = self.changes_after.fetch_sub(1, Ordering::SeqCst) == 0;
        let full = format!("{directory}/{path}");
        let key = full.strip_prefix("/shelf/").unwrap();
        let files = self.files.lock().unwrap();
        let bytes = files.get(key).ok_or_else(|| FileError::Missing { path: path.to_owned() })?;
        let from = usize::try_from(from).unwrap().min(bytes.len());
        let to = bytes.len().min(from.saturating_add(most));
        let version = if changes { "changed".to_owned() } else { "1".to_owned() };
        Ok(Piece { bytes: bytes.slice(from..to), size: bytes.len() as u64, version })
    }
}
