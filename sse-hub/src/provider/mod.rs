//! The engine under a namespace's log: what it must do, and the one in memory.

mod backlog;
mod error;
#[cfg(feature = "file")]
pub mod file;
mod idempotency_keys;
mod memory;
mod record;
mod scripted;
mod tails;

use std::{
    future::{Future, ready},
    pin::Pin,
};

use futures_core::Stream;
use sse_core::EventId;

pub use error::{AppendError, AppendErrorKind, ProviderError};
pub use memory::Memory;
pub use record::{Ancestor, Appended, Page, Record, Status, TailItem};
pub use scripted::Scripted;

use crate::{draft::Draft, topic::Topic};

#[doc = include_str!("guide.md")]
pub mod guide {}

/// A future in a box, one for each batch and never one for each event.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// All that is appended to a log, in order.
pub type Tail = Pin<Box<dyn Stream<Item = TailItem> + Send>>;

/// The log of one namespace.
///
/// The hub reads the tail and keeps what retention asks for; it asks the provider for what is older, if the provider has it.
/// Rules for whoever writes one:
///
/// 1. Sequences strictly increase and never repeat within an epoch; they may have holes.
/// 2. An entry's nonce cannot be foreseen, is not 0, and never changes.
/// 3. [`append`](Self::append) only answers; an entry becomes visible through [`tail`](Self::tail) alone, in order, once,
///    and never before it has reached the acknowledgement that was asked for.
/// 4. An append that failed leaves nothing behind, unless the error says that the outcome is unknown.
/// 5. The same idempotency key gives the first entry's position again, marked as a duplicate.
/// 6. [`read`](Self::read) tells how far it looked, so that a hole is told from entries that are yet to come.
/// 7. Where entries may have been lost or replaced the epoch changes, and the tail says so before any entry of the new one.
/// 8. Entries that are missing from the tail are told as a hole.
/// 9. No call blocks the thread; no call panics.
/// 10. What [`read_topics`](Self::read_topics) leaves out is of none of the topics. [`trimmed`](Self::trimmed) and the first
///     sequence of [`status`](Self::status) are never too low: they know of a removal no later than a page does that lacks what was
///     removed. Both are asked while the hub's log is locked, and call nothing of the hub's.
///
/// `sse-conformance` has a suite that runs any provider through these.
pub trait Provider: Send + Sync + 'static {
    /// Returns what is known of the log at this moment, without waiting.
    fn status(&self) -> Status;

    /// Appends a batch in order; the answers are in the same order.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the batch was appended.
    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>>;

    /// Returns entries from `from` on, that one included, at most `limit`.
    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>>;

    /// Returns entries as [`read`](Self::read) does, and may leave out those that are of none of these topics.
    ///
    /// By default nothing is left out: the hub looks at what it is given.
    fn read_topics(
        &self,
        _topics: &[Topic],
        from: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page, ProviderError>> {
        self.read(from, limit)
    }

    /// Returns the last sequence of any of these topics that the engine's own retention may have removed, without waiting;
    /// 0 if there is none, and by default the last before all that is held.
    fn trimmed(&self, _topics: &[Topic]) -> u64 {
        self.status().first.saturating_sub(1)
    }

    /// Finds the first entry held that its publisher gave this id, for a cursor that the hub itself does not know;
    /// none by default.
    fn find(&self, _own_id: &EventId) -> BoxFuture<'_, Result<Option<u64>, ProviderError>> {
        Box::pin(ready(Ok(None)))
    }

    /// Follows the log behind `after`.
    fn tail(&self, after: u64) -> Tail;

    /// Asks the engine how far the log goes, for a cursor that is ahead of what the tail has brought.
    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>>;

    /// Removes all entries of a topic; the tail says when it is done.
    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>>;

    /// Returns the bytes that the engine takes in this process, such as for idempotency keys; 0 by default.
    fn index_bytes(&self) -> u64 {
        0
    }

    /// Returns what this engine can do.
    fn capabilities(&self) -> Capabilities;
}

/// How safe an entry is when its publisher is told so.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Ack {
    /// The engine has it.
    #[default]
    Accepted,
    /// More than one machine has it.
    Replicated,
    /// It survives a crash of the machine.
    Durable,
}

/// What an engine can do.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capabilities {
    /// Whether [`Provider::read`] has entries that the hub may have dropped. If not, the hub's own retention is all there is.
    pub replay: bool,
    /// Whether [`Provider::read_topics`] and [`Provider::trimmed`] tell topics apart.
    pub by_topic: bool,
    /// The highest acknowledgement.
    pub ack: Ack,
    /// Whether the tail is never behind, so that a cursor ahead of it is from another past.
    pub tail_is_head: bool,
}

impl Capabilities {
    /// An engine that keeps nothing itself and whose tail is never behind.
    pub const fn new() -> Self {
        Self {
            replay: false,
            by_topic: false,
            ack: Ack::Accepted,
            tail_is_head: true,
        }
    }

    /// Sets whether the engine can replay what the hub has dropped.
    pub const fn replay(mut self, replay: bool) -> Self {
        self.replay = replay;
        self
    }

    /// Sets whether the engine finds entries by topic, and knows what each topic lost.
    pub const fn by_topic(mut self, by_topic: bool) -> Self {
        self.by_topic = by_topic;
        self
    }

    /// Sets the highest acknowledgement.
    pub const fn ack(mut self, ack: Ack) -> Self {
        self.ack = ack;
        self
    }

    /// Sets whether the tail is never behind.
    pub const fn tail_is_head(mut self, tail_is_head: bool) -> Self {
        self.tail_is_head = tail_is_head;
        self
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::new()
    }
}
