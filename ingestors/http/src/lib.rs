//! The ingestor for any JSON API over HTTP: lists by URL, page after page, with headers of the user's.
//!
//! It knows no API. Where a list is, how it is paged and where the items are in an answer is what the settings say, as
//! `docs/ingestors/http.md` describes them. Next pages are only asked for at the origin that the settings name, so that
//! the headers go nowhere else.

mod answer;
mod descriptor;
mod ingestor;
mod link;
mod list;
mod paging;
mod settings;
mod source;

pub use ingestor::HttpPull;
