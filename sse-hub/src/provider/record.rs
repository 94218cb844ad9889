use crate::{draft::Draft, position::Epoch, topic::Topic};

/// One entry as the engine holds it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its place; strictly increasing.
    pub seq: u64,
    /// What tells it from any other entry that ever had this sequence; 0 is unknown.
    pub nonce: u32,
    /// When it was appended, in milliseconds since 1970.
    pub time: u64,
    /// What was published.
    pub draft: Draft,
}

impl Record {
    /// Puts together what an engine has stored.
    pub fn new(seq: u64, nonce: u32, time: u64, draft: Draft) -> Self {
        Self {
            seq,
            nonce,
            time,
            draft,
        }
    }
}

/// Where an entry was appended.
#[expect(clippy::exhaustive_structs, reason = "an answer that engines write")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// The entry's sequence.
    pub seq: u64,
    /// The entry's nonce.
    pub nonce: u32,
    /// Whether the entry was there before, under the same idempotency key.
    pub duplicate: bool,
}

/// A part of the log.
#[expect(clippy::exhaustive_structs, reason = "an answer that engines write")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The entries, ascending.
    pub records: Vec<Record>,
    /// The last sequence that was looked at: what is not in the page up to here does not exist.
    pub scanned_through: u64,
}

/// An earlier lineage that this log goes on from.
#[expect(clippy::exhaustive_structs, reason = "an answer that engines write")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ancestor {
    /// Its epoch.
    pub epoch: Epoch,
    /// The first sequence that is not shared with it.
    pub fork_at: u64,
}

/// What is known of a log without asking.
#[expect(clippy::exhaustive_structs, reason = "an answer that engines write")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// The log's lineage.
    pub epoch: Epoch,
    /// The first sequence that was appended under this epoch.
    pub epoch_start: u64,
    /// The lineages before it.
    pub ancestors: Vec<Ancestor>,
    /// The first entry held; `head + 1` if none is.
    pub first: u64,
    /// The last entry; 0 if there never was one.
    pub head: u64,
    /// The last entry's nonce; 0 if unknown.
    pub head_nonce: u32,
}

/// What happens to a log.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum TailItem {
    /// Entries were appended.
    Batch(Vec<Record>),
    /// All entries of a topic up to a sequence were removed.
    Cleared {
        /// The topic.
        topic: Topic,
        /// The last sequence that this concerns.
        through: u64,
    },
    /// The engine's own retention removed everything before a sequence.
    Trimmed {
        /// The first entry that is left.
        first: u64,
    },
    /// The log goes on under another epoch.
    EpochChanged {
        /// The epoch until now.
        old: Epoch,
        /// The epoch from now on.
        new: Epoch,
        /// The first sequence that is not shared.
        fork_at: u64,
    },
    /// Entries are missing and will not come.
    Hole {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// The engine cannot be reached.
    Stalled,
    /// The engine can be reached again.
    Resumed,
}
