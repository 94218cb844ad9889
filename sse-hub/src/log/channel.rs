use std::{collections::VecDeque, sync::Arc};

use super::{ascending, batch_cache::BatchCache, entry::Entry};
use crate::{listeners::Listeners, sync::Mutex, topic::Selector};

/// The place of a channel in its log.
pub(crate) type ChannelId = u32;

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
    /// Its number among the channels that nobody needs, if it is one of them.
    pub(super) idle: Option<u64>,
    growth: Growth,
}

/// How many places a list gets when it has none left.
///
/// A publication may be listed by a thousand patterns. If all their lists grew alike, one of many publications
/// would have to copy all of them; so each channel's grows by another part, from a quarter to a half.
#[derive(Clone, Copy, Debug)]
struct Growth(u32);

impl Growth {
    /// Below this a list is copied in no time.
    const LEAST: usize = 64;

    fn of(id: ChannelId) -> Self {
        Self(id.wrapping_mul(0x9e37_79b1))
    }

    fn places(self, len: usize) -> usize {
        let quarter = (len / 4).max(Self::LEAST / 4);
        quarter + self.0 as usize % quarter
    }
}

impl Channel {
    pub(super) fn new(id: ChannelId, selector: Selector, lost: u64, gone: u64) -> Self {
        Self {
            selector,
            entries: VecDeque::new(),
            lost,
            gone,
            listeners: Arc::default(),
            patterns: Vec::new(),
            batches: Mutex::default(),
            last_readers: 0,
            idle: None,
            growth: Growth::of(id),
        }
    }

    /// Lists a new entry.
    pub(super) fn push(&mut self, entry: Arc<Entry>) {
        let len = self.entries.len();
        if len >= Growth::LEAST && len == self.entries.capacity() {
            self.entries.reserve_exact(self.growth.places(len));
        }
        self.entries.push_back(entry);
    }

    /// Lists what there is already, and leaves room for more.
    pub(super) fn fill(&mut self, entries: Vec<Arc<Entry>>) {
        let room = self.growth.places(entries.len());
        self.entries = VecDeque::with_capacity(entries.len() + room);
        self.entries.extend(entries);
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

    /// The retained entry before the last `count` of them. What is only here for who is to take it does not count.
    pub(super) fn retained_from_last(&self, count: usize) -> Option<&Arc<Entry>> {
        let mut retained = self.entries.iter().rev().filter(|it| it.is_retained());
        retained.nth(count)
    }

    pub(super) fn remove(&mut self, seq: u64) {
        ascending::remove(&mut self.entries, seq, |entry| entry.seq());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of lists are copied at most for one of many publications that a thousand patterns list.
    #[test]
    fn lists_do_not_all_grow_at_once() {
        let mut lists: Vec<(Growth, usize, usize)> = (0..1000)
            .map(|id| (Growth::of(id), Growth::LEAST, Growth::LEAST))
            .collect();
        let mut most = 0;
        for _ in 0..10_000 {
            let mut copied = 0;
            for (growth, len, capacity) in &mut lists {
                if len == capacity {
                    copied += *len * size_of::<Arc<Entry>>();
                    *capacity += growth.places(*len);
                }
                *len += 1;
            }
            most = most.max(copied);
        }
        // If all grew at once it would be 64 MiB.
        assert!(most < 4 << 20, "{most}");
    }
}
