//! The files that the operator lets integrations read, as ingestors see them.

use async_trait::async_trait;
use portolan_foundation::files::{FileRefusal, FileRoots};
use portolan_ingestor_contract::{FileError, Files, Listing, Piece};

pub(crate) struct Allowed(pub FileRoots);

#[async_trait]
impl Files for Allowed {
    fn allows(&self, path: &str) -> Result<(), FileError> {
        if self.0.allows(path) { Ok(()) } else { Err(FileError::Refused { path: path.to_owned() }) }
    }

    async fn list(&self, path: &str) -> Result<Listing, FileError> {
        let found = self.0.list(path).await.map_err(|refusal| said(path, refusal))?;
        Ok(Listing { directory: found.directory.to_string_lossy().into_owned(), files: found.files })
    }

    async fn read(&self, directory: &str, path: &str, from: u64, most: usize) -> Result<Piece, FileError> {
        let portion =
            self.0.read(directory, path, from, most).await.map_err(|refusal| said(path, refusal))?;
        Ok(Piece { bytes: portion.bytes, size: portion.size, version: portion.version })
    }
}

fn said(path: &str, refusal: FileRefusal) -> FileError {
    let path = path.to_owned();
    match refusal {
        FileRefusal::NotAllowed => FileError::Refused { path },
        FileRefusal::Missing => FileError::Missing { path },
        FileRefusal::Unreadable(detail) => FileError::Unreadable { path, detail },
        FileRefusal::TooMany(limit) => FileError::TooMany { path, limit },
    }
}
