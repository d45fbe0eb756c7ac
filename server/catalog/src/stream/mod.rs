//! Streams: any number of lines, each a change of one entity, applied in order while more are read (docs/stream.md).
//!
//! Lines are read into parts of up to [`MAX_CHANGES`](crate::MAX_CHANGES); while one part is written, the next is read
//! and parsed. The mark of how far a stream has come is written in the transaction of the lines it stands for. Relations
//! to entities of later lines wait; what still waits at the end is left out, or made.

mod chain;
mod close;
mod commit;
mod export;
mod line;
mod lines;
mod open;
mod part;
mod run;
mod tidy;
mod verdict;

pub use export::Export;
pub use lines::{Line, Lines, MAX_LINE};
pub use open::{EntityStream, StreamOptions};
pub use portolan_store::stream::{PendingEdge, StreamCounts};
pub use verdict::{Summary, Verdict, VerdictSink};
