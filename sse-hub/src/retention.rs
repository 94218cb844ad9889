use std::{fmt, sync::Arc, time::Duration};

use crate::log::Entry;

/// What a log keeps for replay: whichever limit is reached first.
///
/// The default is 10,000 entries, 64 MiB and one hour.
/// Entries that live subscriptions have yet to take are kept for them beyond that, within their own limit.
#[derive(Clone)]
pub struct Retention {
    pub(crate) count: usize,
    pub(crate) bytes: usize,
    pub(crate) age: Option<Duration>,
    pub(crate) per_topic: usize,
    pub(crate) at_least: usize,
    pub(crate) keep_while: Option<Arc<Rule>>,
}

type Rule = dyn Fn(&Entry) -> bool + Send + Sync;

impl Retention {
    /// Keeps nothing: every resume that missed something is told so.
    pub fn none() -> Self {
        Self {
            count: 0,
            per_topic: 0,
            ..Self::default()
        }
    }

    /// Keeps at most this many entries; 0 keeps none.
    pub fn count(mut self, entries: usize) -> Self {
        self.count = entries;
        self
    }

    /// Keeps at most this many bytes: events as they go over the wire, and what is stored beside them.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Keeps entries for this long, also when nobody publishes.
    pub fn age(mut self, age: Duration) -> Self {
        self.age = Some(age);
        self
    }

    /// Keeps entries however old they are.
    pub fn any_age(mut self) -> Self {
        self.age = None;
        self
    }

    /// Keeps the last `entries` of each topic even beyond the count, so that a busy topic cannot push out a quiet one.
    ///
    /// Bytes and age still hold. 0, the default, keeps nothing beyond the count.
    pub fn per_topic(mut self, entries: usize) -> Self {
        self.per_topic = entries;
        self
    }

    /// Keeps the last `entries`, however old or long they are, as far as the count lets it.
    ///
    /// 0, the default, keeps nothing beyond bytes and age. A time to live of an entry's own still holds.
    pub fn at_least(mut self, entries: usize) -> Self {
        self.at_least = entries;
        self
    }

    /// Replays only entries that this function accepts; live delivery does not ask it.
    ///
    /// It runs for each entry that is replayed, while the log is locked: keep it short,
    /// and let it call nothing of the hub's, of its handles or subscriptions, nor anything that might: it would wait for itself.
    pub fn keep_while(mut self, rule: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.keep_while = Some(Arc::new(rule));
        self
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            count: 10_000,
            bytes: 64 * 1024 * 1024,
            age: Some(Duration::from_secs(3600)),
            per_topic: 0,
            at_least: 0,
            keep_while: None,
        }
    }
}

impl fmt::Debug for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retention")
            .field("count", &self.count)
            .field("bytes", &self.bytes)
            .field("age", &self.age)
            .field("per_topic", &self.per_topic)
            .field("at_least", &self.at_least)
            .field("keep_while", &self.keep_while.is_some())
            .finish()
    }
}
