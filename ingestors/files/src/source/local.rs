//! A directory of this machine, as far as the operator allows it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::{Context, Files, Listing, SourceError};

use super::{Page, Part, Place, Source};
use crate::format::MAX_DOCUMENT;

/// Files a page where the run asks for no size.
const PAGE: usize = 1_000;

pub(crate) struct Local {
    files: Arc<dyn Files>,
    listing: Listing,
    /// Whether the settings name a file.
    is_file: bool,
    page: usize,
}

impl Local {
    /// # Errors
    /// Where the directory is not allowed, not there or cannot be read.
    pub async fn open(path: &str, context: &Context) -> Result<Self, SourceError> {
        let files = Arc::clone(&context.files);
        let listing = files.list(path).await?;
        let is_file = listing.directory.trim_end_matches('/') != path.trim_end_matches('/');
        let page = context.page_size.map_or(PAGE, |size| (size as usize).clamp(1, PAGE));
        Ok(Self { files, listing, is_file, page })
    }
}

#[async_trait]
impl Source for Local {
    fn has_answered(&self) -> bool {
        true
    }

    fn is_listed(&self) -> bool {
        !self.is_file
    }

    fn is_remote(&self) -> bool {
        false
    }

    async fn page(&self, from: &Place) -> Result<Page, SourceError> {
        let all = &self.listing.files;
        let from = match from {
            Place::After(path) => all.partition_point(|file| file <= path),
            Place::Start | Place::Token(_) => 0,
        };
        let to = all.len().min(from + self.page);
        let files = all[from..to].to_vec();
        let next = files.last().filter(|_| to < all.len()).map(|last| Place::After(last.clone()));
        Ok(Page { files, next })
    }

    async fn whole(&self, file: &str) -> Result<Bytes, SourceError> {
        let piece = self.files.read(&self.listing.directory, file, 0, MAX_DOCUMENT).await?;
        if piece.size > MAX_DOCUMENT as u64 {
            let message = format!("\"{file}\" has {} bytes; at most {MAX_DOCUMENT} are read", piece.size);
            return Err(SourceError::failed(message));
        }
        if piece.bytes.len() as u64 != piece.size {
            return Err(SourceError::failed(format!("\"{file}\" changed while it was read")));
        }
        Ok(piece.bytes)
    }

    async fn part(&self, file: &str, from: u64, most: usize) -> Result<Part, SourceError> {
        let piece = self.files.read(&self.listing.directory, file, from, most).await?;
        Ok(Part { bytes: piece.bytes, size: piece.size, version: Some(piece.version) })
    }
}
