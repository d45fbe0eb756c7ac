//! Files that tenants' integrations may read: those below the directories that the operator names, wherever links lead.

use std::collections::VecDeque;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use portolan_schema::{Error, Result};

/// Most entries that are looked at below one directory.
const MAX_ENTRIES: usize = 200_000;

/// Directories that may be read, with all below them. None by default.
#[derive(Debug, Clone, Default)]
pub struct FileRoots(Arc<[PathBuf]>);

/// Files below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub directory: PathBuf,
    /// Seen from the directory, sorted.
    pub files: Vec<String>,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    pub bytes: Bytes,
    /// Of the whole file, in bytes.
    pub size: u64,
    /// Another one where the file has changed.
    pub version: String,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    #[error("is not below a directory that may be read")]
    NotAllowed,
    #[error("is not there")]
    Missing,
    #[error("cannot be read: {0}")]
    Unreadable(String),
    #[error("has more than {0} files below it")]
    TooMany(usize),
}

impl From<std::io::Error> for FileRefusal {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::Missing,
            kind => Self::Unreadable(kind.to_string()),
        }
    }
}

type Answer<T> = std::result::Result<T, FileRefusal>;

impl FileRoots {
    /// Reads `/srv/catalog,/srv/states` (`PORTOLAN_FILES_ROOTS`). Empty allows none.
    ///
    /// # Errors
    /// Where a part is no absolute path of a directory that is there.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let root = |part: &str| {
            let path = PathBuf::from(part);
            match path.is_absolute() && is_plain(&path) && path.is_dir() {
                true => Ok(path),
                false => Err(Error::unavailable(format!(
                    "PORTOLAN_FILES_ROOTS: \"{part}\" is not the absolute path of a directory"
                ))),
            }
        };
        Ok(Self(parts.map(root).collect::<Result<_>>()?))
    }

    /// Whether a path is below a root by its text alone.
    pub fn allows(&self, path: &str) -> bool {
        self.root(Path::new(path)).is_some()
    }

    /// The files below a directory, or the one file that the path names.
    ///
    /// Directories that are links or whose names begin with `.` are not gone into: a link may lead around, and hidden
    /// directories belong to programs.
    ///
    /// # Errors
    /// [`FileRefusal`].
    pub async fn list(&self, path: &str) -> Answer<Found> {
        let (own, path) = (self.clone(), PathBuf::from(path));
        in_background(move || own.list_now(&path)).await
    }

    /// At most `most` bytes of a file below a directory, from a place on.
    ///
    /// # Errors
    /// [`FileRefusal`]; also where a link leads out of the roots.
    pub async fn read(&self, directory: &str, path: &str, from: u64, most: usize) -> Answer<Portion> {
        let (own, path) = (self.clone(), Path::new(directory).join(path));
        in_background(move || own.read_now(&path, from, most)).await
    }

    fn root(&self, path: &Path) -> Option<&Path> {
        if !path.is_absolute() || !is_plain(path) {
            return None;
        }
        self.0.iter().map(PathBuf::as_path).find(|root| path.starts_with(root))
    }

    /// Where a path leads, which is below its root.
    fn resolve(&self, path: &Path) -> Answer<PathBuf> {
        let root = self.root(path).ok_or(FileRefusal::NotAllowed)?.canonicalize()?;
        let real = path.canonicalize()?;
        if real.starts_with(root) { Ok(real) } else { Err(FileRefusal::NotAllowed) }
    }

    fn list_now(&self, path: &Path) -> Answer<Found> {
        let real = self.resolve(path)?;
        if real.metadata()?.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let directory = path.parent().unwrap_or(path).to_owned();
            return Ok(Found { directory, files: vec![name] });
        }
        let (mut files, mut seen) = (Vec::new(), 0);
        let mut waiting = VecDeque::from([(real, String::new())]);
        while let Some((directory, prefix)) = waiting.pop_front() {
            for entry in directory.read_dir()? {
                let entry = entry?;
                seen += 1;
                if seen > MAX_ENTRIES {
                    return Err(FileRefusal::TooMany(MAX_ENTRIES));
                }
                let name = entry.file_name().to_string_lossy().into_owned();
                let (kind, below) = (entry.file_type()?, format!("{prefix}{name}"));
                if kind.is_dir() {
                    if !name.starts_with('.') {
                        waiting.push_back((entry.path(), format!("{below}/")));
                    }
                } else if !(kind.is_symlink() && entry.path().is_dir()) {
                    files.push(below);
                }
            }
        }
        files.sort_unstable();
        Ok(Found { directory: path.to_owned(), files })
    }

    fn read_now(&self, path: &Path, from: u64, most: usize) -> Answer<Portion> {
        let real = self.resolve(path)?;
        if !real.metadata()?.is_file() {
            return Err(FileRefusal::Unreadable("it is no file".to_owned()));
        }
        let mut file = std::fs::File::open(&real)?;
        let opened = file.metadata()?;
        // What was opened is what the path still leads to: nobody has put a link there in between.
        let again = self.resolve(path)?.metadata()?;
        if (opened.dev(), opened.ino()) != (again.dev(), again.ino()) {
            return Err(FileRefusal::Unreadable("it was replaced while it was opened".to_owned()));
        }
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes)?;
        let version =
            format!("{}-{}.{}-{}", opened.ino(), opened.mtime(), opened.mtime_nsec(), opened.size());
        Ok(Portion { bytes: bytes.into(), size: opened.size(), version })
    }
}

/// Nothing in it leads upwards.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

/// Away from the threads that serve requests.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
    let stopped = |_| FileRefusal::Unreadable("the server is stopping".to_owned());
    tokio::task::spawn_blocking(work).await.map_err(stopped)?
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// `outside/secret`, and `root` with files, links in and out, and hidden things.
    fn tree() -> (tempfile::TempDir, FileRoots, String) {
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("root"), directory.path().join("outside"));
        for made in [&root, &outside, &root.join("deep/er"), &root.join(".git"), &root.join("..data")] {
            std::fs::create_dir_all(made).unwrap();
        }
        let write = |path: PathBuf, text: &str| std::fs::write(path, text).unwrap();
        write(root.join("a.csv"), "0123456789");
        write(root.join("deep/er/b.csv"), "b");
        write(root.join(".git/config"), "hidden");
        write(root.join("..data/mounted.csv"), "mounted");
        write(outside.join("secret"), "secret");
        symlink("..data/mounted.csv", root.join("mounted.csv")).unwrap();
        symlink(outside.join("secret"), root.join("out.csv")).unwrap();
        symlink(&outside, root.join("away")).unwrap();
        symlink("..", root.join("deep/around")).unwrap();
        let text = root.to_str().unwrap().to_owned();
        (directory, FileRoots::parse(&format!(" {text} ,")).unwrap(), text)
    }

    #[tokio::test]
    async fn files_below_a_root_are_listed_and_read_in_parts() {
        let (_tree, roots, root) = tree();
        let found = roots.list(&root).await.unwrap();
        assert_eq!(found.files, ["a.csv", "deep/er/b.csv", "mounted.csv", "out.csv"]);
        let one = roots.list(&format!("{root}/deep/er/b.csv")).await.unwrap();
        assert_eq!(one, Found { directory: format!("{root}/deep/er").into(), files: vec!["b.csv".into()] });
        let mut versions = Vec::new();
        for (from, most, expected) in [(0, 4, "0123"), (4, 100, "456789"), (10, 4, ""), (99, 4, "")] {
            let part = roots.read(&root, "a.csv", from, most).await.unwrap();
            assert_eq!((part.bytes.as_ref(), part.size), (expected.as_bytes(), 10));
            versions.push(part.version);
        }
        assert!(versions.windows(2).all(|pair| pair[0] == pair[1]), "{versions:?}");
        std::fs::write(format!("{root}/a.csv"), "shorter").unwrap();
        assert_ne!(roots.read(&root, "a.csv", 0, 1).await.unwrap().version, versions[0]);
        let mounted = roots.read(&root, "mounted.csv", 0, 100).await.unwrap();
        assert_eq!(mounted.bytes, "mounted");
    }

    #[tokio::test]
    async fn nothing_else_is_read() {
        let (tree, roots, root) = tree();
        let above = tree.path().to_str().unwrap().to_owned();
        for path in
            ["/etc/passwd", "/", "", "relative", &above, &format!("{root}/../outside"), &format!("{root}x")]
        {
            assert!(!roots.allows(path), "{path}");
            assert_eq!(roots.list(path).await, Err(FileRefusal::NotAllowed), "{path}");
            assert!(!FileRoots::default().allows(path) && !FileRoots::default().allows(&root));
        }
        for path in
            ["out.csv", "away/secret", "../outside/secret", "/etc/passwd", "deep/../../outside/secret"]
        {
            let refused = roots.read(&root, path, 0, 10).await;
            assert_eq!(refused, Err(FileRefusal::NotAllowed), "{path}");
        }
        for link in ["out.csv", "away"] {
            assert_eq!(roots.list(&format!("{root}/{link}")).await, Err(FileRefusal::NotAllowed), "{link}");
        }
        assert_eq!(roots.list(&format!("{root}/none")).await, Err(FileRefusal::Missing));
        assert_eq!(roots.read(&root, "none", 0, 1).await, Err(FileRefusal::Missing));
        let directory = roots.read(&root, "deep", 0, 1).await;
        assert_eq!(directory, Err(FileRefusal::Unreadable("it is no file".into())));
    }

    #[test]
    fn a_root_is_a_directory_that_is_there() {
        for bad in ["relative", "/no/such/directory", "/etc/passwd", "/etc/../etc"] {
            let error = format!("{:?}", FileRoots::parse(bad).unwrap_err());
            assert!(error.contains("PORTOLAN_FILES_ROOTS") && error.contains(bad), "{error}");
        }
        assert!(!FileRoots::parse("").unwrap().allows("/"));
    }
}
