//! Files on the machine that an ingestor runs on, as ingestors see them.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use portolan_schema::Code;

use crate::SourceError;

/// Reads files below the directories that the operator allows, and no others. Paths are absolute texts.
#[async_trait]
pub trait Files: Send + Sync {
    /// Whether a path is below an allowed directory, by its text alone: nothing is looked at.
    ///
    /// # Errors
    /// [`FileError::Refused`].
    fn allows(&self, path: &str) -> Result<(), FileError>;

    /// Every file below a directory, or the one that the path names. Directories whose names begin with `.`, and those
    /// that are symbolic links, are not gone into.
    ///
    /// # Errors
    /// Where the path is not allowed, is not there or cannot be read.
    async fn list(&self, path: &str) -> Result<Listing, FileError>;

    /// At most `most` bytes of a file, from a place on. `path` is one of a listing's, or beside those.
    ///
    /// # Errors
    /// The same; also where a link leads out of the allowed directories.
    async fn read(&self, directory: &str, path: &str, from: u64, most: usize) -> Result<Piece, FileError>;
}

/// The files below a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The directory; that of the file, where one was named.
    pub directory: String,
    /// Seen from the directory, `/` between names, sorted.
    pub files: Vec<String>,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    pub bytes: Bytes,
    /// Size of the whole file, in bytes.
    pub size: u64,
    /// Changes when the file does.
    pub version: String,
}

/// Why a file is not there for an ingestor. The text is fit to be shown to a tenant's people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("\"{path}\" is not below a directory that the operator of this server lets integrations read")]
    Refused { path: String },
    #[error("\"{path}\" is not there")]
    Missing { path: String },
    #[error("\"{path}\" cannot be read: {detail}")]
    Unreadable { path: String, detail: String },
    #[error("there are more than {limit} files below \"{path}\"")]
    TooMany { path: String, limit: usize },
}

impl From<FileError> for SourceError {
    fn from(error: FileError) -> Self {
        let code = match &error {
            FileError::Refused { .. } => Code::AddressRefused,
            FileError::Missing { .. } => Code::UpstreamUnreachable,
            FileError::Unreadable { .. } => Code::UpstreamForbidden,
            FileError::TooMany { .. } => Code::UpstreamFailed,
        };
        Self::new(code, error.to_string())
    }
}

/// What there is where the operator allows no directory.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

#[async_trait]
impl Files for NoFiles {
    fn allows(&self, path: &str) -> Result<(), FileError> {
        Err(FileError::Refused { path: path.to_owned() })
    }

    async fn list(&self, path: &str) -> Result<Listing, FileError> {
        Err(FileError::Refused { path: path.to_owned() })
    }

    async fn read(&self, _: &str, path: &str, _: u64, _: usize) -> Result<Piece, FileError> {
        Err(FileError::Refused { path: path.to_owned() })
    }
}

impl fmt::Debug for dyn Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files")
    }
}
