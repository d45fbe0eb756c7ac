//! What an ingestor is: the code that reads one kind of source and yields raw items.
//!
//! An ingestor gets its settings, a [`Context`] (HTTP client, clock, cancellation) and a [`Sink`]. It never sees the
//! database, another tenant or the environment, and files only where the operator allows them. Mapping raw items to entities, staging, planning and deleting
//! are not its business; what it owes its caller is the truth about which kinds it read to the end.

mod answer;
pub mod conformance;
mod context;
mod descriptor;
mod discreet;
mod error;
mod event;
mod files;
mod headers;
mod http;
mod ingestor;
mod path;
mod retry;
mod settings;
mod sink;
pub mod yaml;

pub use answer::judge;
pub use context::{Clock, Context, SystemClock};
pub use descriptor::{Descriptor, KindDescription, Live};
pub use discreet::Discreet;
pub use error::{IngestError, SourceError};
pub use event::{Delivery, Event, EventSink};
pub use files::{FileError, Files, Listing, NoFiles, Piece};
pub use headers::{Header, check_headers, with_words};
pub use http::{Http, HttpError, Pieces, Tls};
pub use ingestor::{Defaults, Ingestor, KindRequest};
pub use path::PlainPath;
pub use retry::{Outcome, RetryPolicy, Retrying};
pub use settings::{Secrets, Settings, is_address, schema_of};
pub use sink::{Level, MAX_BATCH, Sink, read_kind, send};
pub use tokio_util::sync::CancellationToken;
