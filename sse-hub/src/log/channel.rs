use std::{collections::VecDeque, ops::Deref, sync::Arc};

use super::{batch_cache::BatchCache, entry::Entry};
use crate::{listeners::Listeners, sync::Mutex, topic::Selector};

/// The place of a channel in its log.
pub(crate) type ChannelId = u32;

/// The channels of an entry's topics; nearly always one, which needs no memory of its own.
#[derive(Debug)]
pub(crate) enum ChannelIds {
    One([ChannelId; 1]),
    Many(Box<[ChannelId]>),
}

impl Deref for ChannelIds {
    type Target = [ChannelId];

    fn deref(&self) -> &[ChannelId] {
        match self {
            Self::One(id) => id,
            Self::Many(ids) => ids,
        }
    }
}

/// What one selector asks for: the entries that match it, ascending, and who listens to them.
///
/// A pattern has entries of its own, so that reading by a pattern costs no more than reading a topic.
pub(crate) struct Channel {
    pub(super) selector: Selector,
    pub(super) entries: VecDeque<Arc<Entry>>,
    /// The highest sequence that retention or a purge took from what can be replayed.
    pub(super) lost: u64,
    /// The highest sequence that is not here any more; the provider may have it.
    pub(super) gone: u64,
    pub(super) listeners: Arc<Listeners>,
    /// For a topic: the patterns that match it.
    pub(super) patterns: Vec<ChannelId>,
    pub(super) batches: Mutex<BatchCache>,
    /// Subscriptions that do not listen any more and are still to read what came before that.
    pub(super) last_readers: usize,
}

impl Channel {
    pub(super) fn new(selector: Selector, lost: u64, gone: u64) -> Self {
        Self {
            selector,
            entries: VecDeque::new(),
            lost,
            gone,
            listeners: Arc::default(),
            patterns: Vec::new(),
            batches: Mutex::default(),
            last_readers: 0,
        }
    }

    /// The index of the first entry behind a sequence.
    pub(super) fn index_after(&self, seq: u64) -> usize {
        match self.entries.back() {
            Some(last) if last.seq() > seq => {}
            _ => return self.entries.len(),
        }
        // Nearly always asked for by one who has all but the last.
        let last = self.entries.len() - 1;
        match last
            .checked_sub(1)
            .and_then(|index| self.entries.get(index))
        {
            Some(entry) if entry.seq() > seq => {
                self.entries.partition_point(|entry| entry.seq() <= seq)
            }
            _ => last,
        }
    }

    pub(super) fn remove(&mut self, seq: u64) {
        if self.entries.front().is_some_and(|entry| entry.seq() == seq) {
            self.entries.pop_front();
        } else if let Ok(index) = self.entries.binary_search_by_key(&seq, |entry| entry.seq()) {
            self.entries.remove(index);
        }
        if self.entries.capacity() > 64 && self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
    }

    /// Whether nothing is lost if this is forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.is_unread()
    }

    pub(super) fn is_unread(&self) -> bool {
        self.listeners.is_empty() && self.last_readers == 0
    }
}
