use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sse_core::{EventId, Received};
use sse_hub::{
    Ids, LagLimit, Lagging, OnGap, Position, PresenceChange, Resume, Retention, Start,
    provider::{Record as Stored, Status, TailItem},
};

/// All that publishers, subscribers and the log did, in one order.
///
/// A clone is the same record. An entry is noted before the hub has it, a delivery after the reader has it.
#[derive(Clone, Debug, Default)]
pub struct Record {
    happened: Arc<Mutex<Vec<Happened>>>,
}

impl Record {
    pub(crate) fn note(&self, happened: Happened) {
        self.happened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(happened);
    }

    pub(crate) fn note_all(&self, happened: impl IntoIterator<Item = Happened>) {
        self.happened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(happened);
    }

    /// What happened so far.
    pub fn happened(&self) -> Vec<Happened> {
        self.happened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Something that was done or seen. Hubs, connections and publications are numbered.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum Happened {
    /// A hub began over a log that had this much already.
    Began {
        hub: usize,
        status: Status,
        records: Vec<Stored>,
        rules: Rules,
    },
    /// The log told the hub.
    Told { hub: usize, item: TailItem },
    /// A publisher was answered.
    Published {
        hub: usize,
        data: String,
        idempotency_key: Option<String>,
        answer: Result<Answer, String>,
    },
    /// The clocks of all hubs were moved, and what was due was done.
    Clock { millis: u64 },
    /// A subscriber asks.
    Connecting {
        connection: usize,
        hub: usize,
        wish: Wish,
        /// How far the log itself went then.
        log_head: u64,
    },
    /// It was let in.
    Connected { connection: usize, resume: Resume },
    /// It was not.
    Refused { connection: usize, why: Refusal },
    /// It decoded a block.
    Received {
        connection: usize,
        block: Box<Received>,
    },
    /// All that it decoded is noted, and everything up to here was considered.
    Considered {
        connection: usize,
        position: Position,
    },
    /// Its stream ended, with this reason.
    Ended {
        connection: usize,
        reason: Option<String>,
    },
    /// It left.
    Left { connection: usize },
    /// Its topics changed while it had considered everything up to here.
    Topics {
        connection: usize,
        added: Vec<String>,
        removed: Vec<String>,
        after: Position,
    },
    /// It was told to go.
    Kicked { connection: usize },
    /// The hub is to end all its subscriptions.
    Shutdown { hub: usize },
    /// Who reads has been given the time to read everything.
    Settled { hub: usize },
    /// Something was done that makes it harder.
    Disturbed { fault: &'static str },
    /// Who is present changed.
    Presence { hub: usize, change: PresenceChange },
    /// Nobody reads any more.
    Emptied {
        hub: usize,
        pinned: u64,
        /// Retained and index bytes, of this hub and of one that never had readers.
        kept: [(u64, u64); 2],
    },
}

/// Where a publisher was told that its entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub struct Answer {
    pub seq: u64,
    pub nonce: u32,
    pub duplicate: bool,
}

/// Why a subscriber was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A gap, and it asked for an error then.
    Gap(String),
    /// The provider does not answer.
    Unavailable,
    /// The hub is closed.
    Closed,
}

/// What a subscriber asks for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub struct Wish {
    pub selectors: Vec<String>,
    pub after: Option<EventId>,
    pub start: Start,
    pub on_gap: OnGap,
    pub lagging: Lagging,
    pub may_lag: MayLag,
}

/// How far a subscriber may fall behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub struct MayLag {
    pub entries: usize,
    pub bytes: usize,
    pub millis: u64,
}

impl MayLag {
    pub(crate) const FOR_EVER: Self = Self {
        entries: usize::MAX,
        bytes: usize::MAX,
        millis: u64::MAX,
    };

    pub(crate) fn limit(self) -> LagLimit {
        LagLimit::default()
            .entries(self.entries)
            .bytes(self.bytes)
            .time(Duration::from_millis(self.millis))
    }
}

impl Default for MayLag {
    fn default() -> Self {
        Self {
            entries: 10_000,
            bytes: 8 << 20,
            millis: 30_000,
        }
    }
}

/// What a hub was told to do.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
#[non_exhaustive]
pub struct Rules {
    pub ids: Ids,
    pub retention: Retention,
    pub count: usize,
    pub per_topic: usize,
    /// In milliseconds.
    pub age: Option<u64>,
    /// A rule on sequences that replayed entries obey.
    pub keep_unless_divisible_by: Option<u64>,
    /// Whether what is retained can be known at each moment: not with a limit in bytes, nor with threads.
    pub exact: bool,
    pub max_replay: Option<u64>,
    /// Whether the log has what the hub drops.
    pub replay: bool,
    /// Whether the log knows of each topic what its own retention took.
    pub by_topic: bool,
    /// Whether a hub that begins finds all that an earlier one was told, and own ids too.
    pub durable: bool,
    /// Whether subscriptions may be ended because too much is pinned.
    pub pin_limit: bool,
}
