//! What files are, and which kinds of items are in them.

mod backstage;
mod document;
mod lines;
mod table;
mod terraform;

use portolan_ingestor_contract::{IngestError, KindDescription, SourceError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::handing::Hand;
use crate::settings::Wanted;
use crate::source::Source;

/// Largest file that is read as a whole, in bytes; it is the server's largest answer as well.
pub(crate) const MAX_DOCUMENT: usize = 32 << 20;
/// Largest file that is read in parts, in bytes.
pub(crate) const MAX_FILE: u64 = 128 << 20;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Terraform,
    Backstage,
    Csv,
    Json,
    Ndjson,
}

impl Format {
    /// As in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Backstage => "backstage",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format of a text of the settings.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Terraform, Self::Backstage, Self::Csv, Self::Json, Self::Ndjson];
        all.into_iter().find(|format| format.as_str() == text)
    }

    /// What is in such files.
    pub fn kinds(self) -> &'static [KindDescription] {
        match self {
            Self::Terraform => terraform::KINDS,
            Self::Backstage => backstage::KINDS,
            Self::Csv => table::KINDS,
            Self::Json | Self::Ndjson => document::KINDS,
        }
    }

    /// Patterns of the names that such files usually have.
    pub fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Terraform => &["**/*.tfstate"],
            Self::Backstage => &["**/catalog-info.yaml", "**/catalog-info.yml"],
            Self::Csv => &["**/*.csv"],
            Self::Json => &["**/*.json"],
            Self::Ndjson => &["**/*.ndjson", "**/*.jsonl"],
        }
    }

    /// Reads a file to its end, and hands over what is in it. Answers what it says of other files: where they are, seen from
    /// its own.
    ///
    /// # Errors
    /// Where it cannot be read, or makes no sense: what was handed over before is still good.
    pub async fn read(
        self,
        source: &dyn Source,
        file: &str,
        wanted: &Wanted,
        hand: &mut Hand<'_>,
    ) -> Result<Vec<String>, IngestError> {
        match self {
            Self::Terraform => terraform::read(&source.whole(file).await?, file, hand).await?,
            Self::Backstage => return backstage::read(&source.whole(file).await?, file, hand).await,
            Self::Csv => table::read(source, file, wanted.delimiter, hand).await?,
            Self::Json => document::read(&source.whole(file).await?, file, &wanted.items, hand).await?,
            Self::Ndjson => lines::read(source, file, hand).await?,
        }
        Ok(Vec::new())
    }

    /// Whether the beginning of a file is that of such a one, as far as a check may look.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn look(self, source: &dyn Source, file: &str, wanted: &Wanted) -> Result<(), SourceError> {
        match self {
            Self::Terraform => terraform::look(&source.whole(file).await?, file),
            Self::Backstage => backstage::look(&source.whole(file).await?, file),
            Self::Csv => table::look(source, file, wanted.delimiter).await,
            Self::Json => document::look(&source.whole(file).await?, file, &wanted.items),
            Self::Ndjson => lines::look(source, file).await,
        }
    }
}

/// The text of a file, without the mark that some programs begin it with.
fn text<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, SourceError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| SourceError::failed(format!("\"{file}\" is not UTF-8")))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
