//! Where files are: how they are listed and read, whatever is in them.

mod bucket;
mod far;
mod listing;
mod local;
mod web;

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::{Context, Discreet, Settings, SourceError, with_words};

use crate::format::MAX_FILE;
use crate::settings::{self, Wanted};

/// Bytes of a file that are asked for at once where it is read in parts.
const PART: usize = 4 << 20;
/// Hold what signs or proves a request.
const SECRET_HEADERS: &[&str] = &["authorization", "x-amz-security-token"];

/// A place with files. Paths are seen from it, with `/` between names.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Whether it has answered already, so that address and credentials are good.
    fn has_answered(&self) -> bool;

    /// Whether there are as many files as it lists, rather than one that the settings name.
    fn is_listed(&self) -> bool;

    /// Whether it is asked over a network, which may fail for all files alike.
    fn is_remote(&self) -> bool;

    /// Files from a place in the list on, in the order of their paths.
    async fn page(&self, from: &Place) -> Result<Page, SourceError>;

    /// A file of at most [`crate::format::MAX_DOCUMENT`] bytes.
    async fn whole(&self, file: &str) -> Result<Bytes, SourceError>;

    /// About `most` bytes of a file, from a place on.
    async fn part(&self, file: &str, from: u64, most: usize) -> Result<Part, SourceError>;
}

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    /// Behind the file of this path.
    After(String),
    /// Where the source's own word leads.
    Token(String),
}

/// Some files.
#[derive(Debug)]
pub(crate) struct Page {
    pub files: Vec<String>,
    /// Where the next page begins; none where this is the last.
    pub next: Option<Place>,
}

/// Some bytes.
#[derive(Debug)]
pub(crate) struct Part {
    pub bytes: Bytes,
    /// Of the whole file.
    pub size: u64,
    /// Another one where the file has changed; none where the source tells nothing of that.
    pub version: Option<String>,
}

/// Signs in, or lists a directory.
///
/// # Errors
/// Where the source is out of reach or refuses.
pub(crate) async fn open(
    wanted: &Wanted,
    settings: &Settings,
    context: &Context,
) -> Result<Box<dyn Source>, SourceError> {
    Ok(match &wanted.place {
        settings::Origin::Local(path) => Box::new(local::Local::open(path, context).await?),
        settings::Origin::Web { url, headers } => {
            let context = Discreet::wrap(context, &with_words(settings, headers), SECRET_HEADERS);
            Box::new(web::Web::new(url.clone(), headers.clone(), &context))
        }
        settings::Origin::Bucket(bucket) => {
            let context = Discreet::wrap(context, settings, SECRET_HEADERS);
            Box::new(bucket::Objects::open(bucket.clone(), &context).await?)
        }
    })
}

/// A file, part after part.
pub(crate) struct Parts<'a> {
    source: &'a dyn Source,
    file: &'a str,
    at: u64,
    /// Size and version of the first part.
    first: Option<(u64, Option<String>)>,
}

impl<'a> Parts<'a> {
    pub fn of(source: &'a dyn Source, file: &'a str) -> Self {
        Self { source, file, at: 0, first: None }
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// Where they cannot be read, the file is too large, or it has changed since the first ones.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        if self.first.as_ref().is_some_and(|(size, _)| self.at >= *size) {
            return Ok(None);
        }
        let part = self.source.part(self.file, self.at, PART).await?;
        if part.size > MAX_FILE {
            let message = format!("\"{}\" has {} bytes; at most {MAX_FILE} are read", self.file, part.size);
            return Err(SourceError::failed(message));
        }
        let told = (part.size, part.version);
        let first = self.first.get_or_insert_with(|| told.clone());
        if *first != told {
            return Err(SourceError::failed(format!("\"{}\" changed while it was read", self.file)));
        }
        self.at += part.bytes.len() as u64;
        if part.bytes.is_empty() {
            return match self.at >= told.0 {
                true => Ok(None),
                false => Err(SourceError::failed(format!("\"{}\" ended before its end", self.file))),
            };
        }
        Ok(Some(part.bytes))
    }
}

/// Where a target leads that a file names, seen from the source; none where that is no place below it.
pub(crate) fn beside(file: &str, target: &str) -> Option<String> {
    if target.starts_with('/') || target.contains("://") || target.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty() && !target.ends_with('/')).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_below_the_source() {
        for (file, target, expected) in [
            ("catalog-info.yaml", "./a/b.yaml", Some("a/b.yaml")),
            ("a/catalog-info.yaml", "../b.yaml", Some("b.yaml")),
            ("a/catalog-info.yaml", "b//./c.yaml", Some("a/b/c.yaml")),
            ("a/catalog-info.yaml", "../../b.yaml", None),
            ("catalog-info.yaml", "../b.yaml", None),
            ("catalog-info.yaml", "/etc/passwd", None),
            ("catalog-info.yaml", "https://example.com/b.yaml", None),
            ("catalog-info.yaml", "..\\b.yaml", None),
            ("catalog-info.yaml", "a/", None),
            ("a/b.yaml", "..", None),
        ] {
            assert_eq!(beside(file, target).as_deref(), expected, "{file} {target}");
        }
    }
}
