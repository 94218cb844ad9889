use std::{collections::VecDeque, fmt, sync::Arc};

use sse_core::EncodedBatch;

use super::{
    channel::ChannelId,
    entry::{Entry, Held},
    ring::Log,
};
use crate::{position::Position, sync::lock, topic::Selector};

/// Which of the entries that match are handed out.
#[derive(Clone, Copy)]
pub(crate) struct Keep<'a> {
    /// Nothing behind this.
    pub(crate) through: u64,
    /// Entries up to here are a replay: retention's own rule is asked.
    pub(crate) replay_through: u64,
    /// Only the latest of each key.
    pub(crate) latest_per_key: bool,
    pub(crate) filter: Option<&'a (dyn Fn(&Entry) -> bool + Send + Sync)>,
    pub(crate) now: u64,
}

impl Keep<'_> {
    /// All that is there at this moment.
    pub(crate) fn everything(now: u64) -> Self {
        Self {
            through: u64::MAX,
            replay_through: 0,
            latest_per_key: false,
            filter: None,
            now,
        }
    }
}

impl fmt::Debug for Keep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep")
            .field("replay_through", &self.replay_through)
            .finish_non_exhaustive()
    }
}

/// How much is taken at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) bytes: usize,
    pub(crate) entries: Option<u64>,
}

/// What a subscription takes at once.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: Vec<Arc<Entry>>,
    /// Entries and wire bytes of what is no replay that were passed, handed out or not.
    pub(crate) passed_live: u64,
    pub(crate) passed_live_bytes: u64,
    left_out: bool,
    /// The last entry that was passed.
    pub(crate) position: Option<Position>,
    /// When the next entry was appended, if there is one already.
    pub(crate) next_at: Option<u64>,
}

impl Taken {
    /// Whether every entry that was passed is handed out.
    pub(crate) fn is_whole(&self) -> bool {
        !self.left_out
    }
}

/// The most entries taken at once.
const MOST_ENTRIES: usize = 1024;
/// As many entries are made room for at the first.
const FIRST_ENTRIES: usize = 64;
/// The most entries looked at at once, taken or not: while the log is locked nothing is published.
const MOST_LOOKED_AT: usize = 4 * MOST_ENTRIES;

impl Log {
    /// Takes what is ready behind `after`: as much as there is room for, but at least one entry.
    ///
    /// `buffer` is an empty one to be filled.
    pub(crate) fn take(
        &self,
        channels: &[ChannelId],
        after: u64,
        room: Room,
        keep: Keep<'_>,
        buffer: Vec<Arc<Entry>>,
    ) -> Taken {
        let mut taken = Taken {
            entries: buffer,
            ..Taken::default()
        };
        let (mut bytes, max_bytes) = (0, room.bytes);
        let max_entries = room.entries.map_or(MOST_ENTRIES, |most| {
            MOST_ENTRIES.min(usize::try_from(most).unwrap_or(MOST_ENTRIES))
        });
        let mut merge = self.merge(channels, after);
        taken.entries.reserve(merge.left().min(FIRST_ENTRIES));
        let mut looked_at = 0;
        while let Some(entry) = merge.next() {
            if entry.seq() > keep.through {
                taken.next_at = Some(entry.appended_at());
                break;
            }
            let len = entry.event().len();
            let full = bytes + len > max_bytes || taken.entries.len() >= max_entries;
            if full && !taken.entries.is_empty() || looked_at == MOST_LOOKED_AT {
                taken.next_at = Some(entry.appended_at());
                break;
            }
            if entry.seq() > keep.replay_through {
                taken.passed_live += 1;
                taken.passed_live_bytes += len as u64;
            }
            looked_at += 1;
            taken.position = Some(entry.position());
            if self.keeps(entry, channels, keep) {
                bytes += len;
                taken.entries.push(Arc::clone(entry));
            } else {
                taken.left_out = true;
            }
        }
        taken
    }

    pub(super) fn keeps(&self, entry: &Entry, channels: &[ChannelId], keep: Keep<'_>) -> bool {
        let replaced = |it: &Arc<Entry>| {
            let asked = self.all_channels(it);
            asked.iter().any(|channel| channels.contains(channel)) && self.is_valid(it, keep)
        };
        self.is_valid(entry, keep)
            && !(keep.latest_per_key && self.replacements(entry, keep.now).any(replaced))
    }

    fn is_valid(&self, entry: &Entry, keep: Keep<'_>) -> bool {
        let replayed = entry.seq() <= keep.replay_through;
        let obeys = |rule: &Arc<dyn Fn(&Entry) -> bool + Send + Sync>| rule(entry);
        !entry.is_expired(keep.now)
            && (!replayed || self.options.retention.keep_while.as_ref().is_none_or(obeys))
            && keep.filter.is_none_or(|filter| filter(entry))
    }

    /// Whether an entry that only the provider has is handed out.
    pub(crate) fn keeps_cold(&self, entry: &Entry, selectors: &[Selector], keep: Keep<'_>) -> bool {
        let matches = |entry: &Entry| {
            let mut topics = entry.topics().iter();
            topics.any(|topic| selectors.iter().any(|it| it.matches(topic.as_str())))
        };
        let replaced = || {
            self.replacements(entry, keep.now)
                .any(|it| matches(it) && self.is_valid(it, keep))
        };
        matches(entry) && self.is_valid(entry, keep) && !(keep.latest_per_key && replaced())
    }

    /// Takes entries of a page that the provider gave, as [`take`](Self::take) does of its own;
    /// the position is that of the last one looked at, if not all that were asked for were.
    pub(crate) fn take_cold(
        &self,
        page: &[Arc<Entry>],
        after: u64,
        selectors: &[Selector],
        room: Room,
        keep: Keep<'_>,
    ) -> (Vec<Arc<Entry>>, Option<Position>) {
        let (mut taken, mut bytes, mut position) = (Vec::new(), 0, None);
        let asked = after + 1..=keep.through;
        let max_entries = room.entries.unwrap_or(u64::MAX);
        for entry in page.iter().filter(|entry| asked.contains(&entry.seq())) {
            if self.keeps_cold(entry, selectors, keep) {
                bytes += entry.event().len();
                let full = bytes > room.bytes || taken.len() as u64 >= max_entries;
                if full && !taken.is_empty() {
                    return (taken, position);
                }
                taken.push(Arc::clone(entry));
            }
            position = Some(entry.position());
        }
        (taken, None)
    }

    /// Whether there is anything behind `after`.
    pub(crate) fn has_after(&self, channels: &[ChannelId], after: u64) -> bool {
        channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize))
            .any(|channel| {
                channel
                    .entries
                    .back()
                    .is_some_and(|last| last.seq() > after)
            })
    }

    /// The wire bytes of what one subscription took; all who take the same of one channel share them.
    pub(crate) fn batch(
        &self,
        channels: &[ChannelId],
        entries: &[Arc<Entry>],
        whole: bool,
    ) -> Option<EncodedBatch> {
        let (first, last) = (entries.first()?, entries.last()?);
        if entries.len() == 1 {
            return Some(EncodedBatch::from(first.event().clone()));
        }
        let shared = match channels {
            &[id] if whole => self.channels.get(id as usize).map(|channel| (id, channel)),
            _ => None,
        };
        let Some((id, channel)) = shared else {
            return Some(self.concatenate(entries));
        };
        let mut batches = lock(&channel.batches);
        if let Some(found) = batches.get(first.seq(), last.seq()) {
            return Some(found);
        }
        let batch = self.concatenate(entries);
        if batches.is_empty() {
            lock(&self.sharing).push(id);
        }
        batches.insert(first.seq(), last.seq(), batch.clone());
        Some(batch)
    }

    fn concatenate(&self, entries: &[Arc<Entry>]) -> EncodedBatch {
        let batch: EncodedBatch = entries.iter().map(|entry| entry.event().clone()).collect();
        let held = Held::new(batch.as_bytes().len(), &self.held);
        batch.guarded(held)
    }

    /// The highest sequence that is known here to be lost to these channels. What the provider's own retention took is not among it:
    /// see `Namespace::lost`.
    pub(crate) fn lost(&self, channels: &[ChannelId]) -> u64 {
        self.highest(channels, |channel| channel.lost)
    }

    pub(crate) fn gone(&self, channels: &[ChannelId]) -> u64 {
        self.highest(channels, |channel| channel.gone)
    }

    fn highest(
        &self,
        channels: &[ChannelId],
        mark: impl Fn(&super::channel::Channel) -> u64,
    ) -> u64 {
        let known = channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize));
        known.map(mark).max().unwrap_or(0)
    }

    /// How many entries and bytes wait behind `after`, counting at most `limit` entries.
    pub(crate) fn count_waiting(
        &self,
        channels: &[ChannelId],
        after: u64,
        limit: usize,
        keep: Keep<'_>,
    ) -> (usize, usize) {
        let mut merge = self.merge(channels, after);
        let (mut count, mut bytes) = (0, 0);
        while let Some(entry) = merge.next() {
            if self.keeps(entry, channels, keep) {
                count += 1;
                bytes += entry.event().len();
            }
            if count > limit {
                break;
            }
        }
        (count, bytes)
    }

    pub(super) fn merge<'a>(&'a self, channels: &[ChannelId], after: u64) -> Merge<'a> {
        let mut heads = channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize))
            .map(|channel| (&channel.entries, channel.index_after(after)))
            .filter(|(entries, index)| *index < entries.len());
        let first = heads.next();
        Merge {
            first,
            rest: heads.collect(),
        }
    }
}

type Head<'a> = (&'a VecDeque<Arc<Entry>>, usize);

/// The entries of several channels in order, each once.
pub(super) struct Merge<'a> {
    first: Option<Head<'a>>,
    rest: Vec<Head<'a>>,
}

impl<'a> Merge<'a> {
    /// How many entries there are still, those of several channels counted for each.
    fn left(&self) -> usize {
        let heads = self.first.iter().chain(&self.rest);
        heads.map(|(entries, index)| entries.len() - index).sum()
    }

    pub(super) fn next(&mut self) -> Option<&'a Arc<Entry>> {
        let (entries, index) = self.first.as_mut()?;
        if self.rest.is_empty() {
            let entry = entries.get(*index)?;
            *index += 1;
            return Some(entry);
        }
        let heads = std::iter::once(self.first.as_ref()?).chain(&self.rest);
        let least = heads
            .filter_map(|(entries, index)| entries.get(*index))
            .min_by_key(|entry| entry.seq())?;
        let seq = least.seq();
        for (entries, index) in self.first.iter_mut().chain(&mut self.rest) {
            if entries.get(*index).is_some_and(|entry| entry.seq() == seq) {
                *index += 1;
            }
        }
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        log::tests::{append, log},
        retention::Retention,
    };

    #[test]
    fn what_nobody_wants_is_passed_in_parts() {
        let mut log = log(Retention::default().count(3 * MOST_LOOKED_AT));
        for _ in 0..=2 * MOST_LOOKED_AT {
            append(&mut log, "a", |_| {});
        }
        let channels = log.known_channels(&["a".try_into().unwrap()]);
        let asked = AtomicUsize::new(0);
        let filter = |_: &Entry| {
            asked.fetch_add(1, Ordering::Relaxed);
            false
        };
        let keep = Keep {
            filter: Some(&filter),
            ..Keep::everything(0)
        };
        let room = Room {
            bytes: 1,
            entries: None,
        };
        let mut after = 0;
        for part in [MOST_LOOKED_AT, MOST_LOOKED_AT, 1] {
            let taken = log.take(&channels, after, room, keep, Vec::new());
            assert_eq!(asked.swap(0, Ordering::Relaxed), part);
            assert_eq!(
                (taken.entries.len(), taken.next_at.is_some()),
                (0, part > 1)
            );
            after = taken.position.unwrap().seq;
        }
        assert_eq!(after, log.head().seq);
    }
}
