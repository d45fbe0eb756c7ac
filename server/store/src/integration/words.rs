//! The words that runs and their items are stored with.

use portolan_schema::{Error, Result};

/// An enum whose variants are stored as words.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[doc = $variant_doc])* $variant,)+ }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            pub(crate) fn parse(word: &str) -> Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    other => Err(Error::internal(format!("{other} is not a {}", stringify!($name)))),
                }
            }
        }
    };
}

words! {
    /// What became of a run (api.md 3).
    RunStatus {
        Queued = "QUEUED",
        Running = "RUNNING",
        /// The guard tripped: nothing was committed, a person may approve what is planned.
        Blocked = "BLOCKED",
        Succeeded = "SUCCEEDED",
        /// Some kinds or items failed; of such kinds nothing was deleted.
        Partial = "PARTIAL",
        Failed = "FAILED",
        Cancelled = "CANCELLED",
    }
}

impl RunStatus {
    /// Whether the run is still to do something by itself.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

words! {
    /// How far a run has come; what a run that was interrupted goes on with.
    Phase {
        /// Reading the source. What is staged is not all.
        Collect = "COLLECT",
        /// Everything is staged.
        Plan = "PLAN",
        /// The plan stands; entities are being written.
        Commit = "COMMIT",
        /// Everything is written; what is gone is being deleted.
        Delete = "DELETE",
        Ended = "ENDED",
    }
}

words! {
    /// How far a run has come with one entry of its mapping.
    KindStatus {
        Queued = "QUEUED",
        Running = "RUNNING",
        /// Everything of the kind was read.
        Succeeded = "SUCCEEDED",
        Failed = "FAILED",
    }
}

words! {
    /// What an item's plan says.
    Verdict {
        Created = "C",
        Updated = "U",
        Unchanged = "N",
        Failed = "F",
        /// A deletion to try again once others are done.
        Again = "A",
    }
}

words! {
    /// How much a line of a run's log matters.
    LogLevel {
        Info = "INFO",
        Warning = "WARNING",
        Error = "ERROR",
    }
}
