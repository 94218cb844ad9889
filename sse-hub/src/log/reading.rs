use std::{collections::VecDeque, fmt, sync::Arc};

use sse_core::{EncodedBatch, EventId};

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

    fn keeps(&self, entry: &Entry, channels: &[ChannelId], keep: Keep<'_>) -> bool {
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

    /// The highest sequence that was lost to these channels: for those who resume, and for those who listen.
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

    /// Where to begin so that all that is held behind `after` is read, here or at the provider.
    pub(crate) fn place_of_retained(&self, channels: &[ChannelId], after: u64) -> Position {
        if self.options.provider_replays {
            return self.position_at(
                after
                    .max(self.provider_first.saturating_sub(1))
                    .min(self.head),
            );
        }
        self.first_retained(channels, after)
            .map_or(self.head(), |first| self.position_at(first.seq() - 1))
    }

    /// The first entry behind `after` that is retained.
    pub(crate) fn first_retained(&self, channels: &[ChannelId], after: u64) -> Option<&Arc<Entry>> {
        let mut merge = self.merge(channels, after);
        std::iter::from_fn(|| merge.next()).find(|entry| entry.is_retained())
    }

    /// The place before the first entry that is there behind `after`; the head if there is none.
    pub(crate) fn place_of_next(&self, channels: &[ChannelId], after: u64) -> Position {
        let next = self.merge(channels, after).next().map(|entry| entry.seq());
        next.map_or(self.head(), |seq| self.position_at(seq - 1))
    }

    /// The last `count` entries behind `after` that can be replayed and are handed out, latest first.
    pub(crate) fn last_behind(
        &self,
        channels: &[ChannelId],
        after: u64,
        count: usize,
        keep: Keep<'_>,
    ) -> Vec<Arc<Entry>> {
        let after = after.max(self.trimmed());
        let mut channels_left: Vec<_> = channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize))
            .map(|channel| (&channel.entries, channel.entries.len()))
            .collect();
        let latest_first = std::iter::from_fn(|| {
            let last = |(entries, left): &(&'_ VecDeque<Arc<Entry>>, usize)| {
                entries.get(left.checked_sub(1)?).cloned()
            };
            let latest = channels_left
                .iter()
                .filter_map(last)
                .max_by_key(|it| it.seq())?;
            for channel in &mut channels_left {
                if last(channel).is_some_and(|it| it.seq() == latest.seq()) {
                    channel.1 -= 1;
                }
            }
            Some(latest)
        });
        latest_first
            .take_while(|entry| entry.seq() > after)
            .filter(|entry| entry.is_retained() || self.options.provider_replays)
            .filter(|entry| self.keeps(entry, channels, keep))
            .take(count)
            .collect()
    }

    /// The entry before the first retained one behind `after` that was appended at `unix_millis` or later.
    pub(crate) fn before_time(&self, after: u64, unix_millis: u64) -> Option<u64> {
        let is_late = |entry: &Arc<Entry>| entry.unix_millis() >= unix_millis;
        let next = |after: u64| self.entries.range(after + 1..).next();
        let mut before = after;
        if self.date_fell_at <= next(after).map_or(0, |(&seq, _)| seq) {
            // All dates ascend: nothing before `before` is late, and `end` is, or nothing is.
            let mut end = self.head;
            while before < end {
                let middle = before.midpoint(end);
                match next(middle) {
                    Some((_, entry)) if !is_late(entry) => before = entry.seq(),
                    _ => end = middle,
                }
            }
        }
        // Dates go back when the wall clock does: then all are asked.
        self.entries
            .range(before + 1..)
            .find(|(_, entry)| is_late(entry))
            .map(|(seq, _)| seq - 1)
    }

    /// Whether the first entry behind `after` was appended before `unix_millis`.
    pub(crate) fn begins_before(&self, after: u64, unix_millis: u64) -> bool {
        let first = self.entries.range(after + 1..).next();
        first.is_some_and(|(_, entry)| entry.unix_millis() < unix_millis)
    }

    /// The position of a sequence, with its nonce if it is known.
    pub(crate) fn position_at(&self, seq: u64) -> Position {
        let nonce = if seq == self.head {
            self.head_nonce
        } else {
            self.nonce_at(seq).unwrap_or(0)
        };
        Position {
            epoch: self.epoch,
            seq,
            nonce,
        }
    }

    /// The place of the first retained event that its publisher gave this id.
    pub(crate) fn find_own_id(&self, id: &EventId) -> Option<u64> {
        self.own_ids.get(id).and_then(|seqs| seqs.front()).copied()
    }

    fn merge<'a>(&'a self, channels: &[ChannelId], after: u64) -> Merge<'a> {
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
struct Merge<'a> {
    first: Option<Head<'a>>,
    rest: Vec<Head<'a>>,
}

impl<'a> Merge<'a> {
    fn next(&mut self) -> Option<&'a Arc<Entry>> {
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

    use sse_core::Event;

    use super::*;
    use crate::{
        draft::Draft,
        log::tests::{append, log},
        provider::Record,
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
            through: u64::MAX,
            replay_through: 0,
            latest_per_key: false,
            filter: Some(&filter),
            now: 0,
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

    #[test]
    fn the_last_ones_are_found_from_the_end() {
        let mut log = log(Retention::default().count(100));
        for number in 0..100 {
            let topics = [["a", "b"], ["b", "c"], ["c", "c"]][number % 3];
            append(&mut log, topics[0], |draft| {
                draft.topics = topics.map(|it| it.try_into().unwrap()).into();
            });
        }
        let channels = log.known_channels(&["a", "b"].map(|it| it.try_into().unwrap()));
        let asked = AtomicUsize::new(0);
        let filter = |entry: &Entry| {
            asked.fetch_add(1, Ordering::Relaxed);
            entry.seq().is_multiple_of(2)
        };
        let keep = Keep {
            through: u64::MAX,
            replay_through: 0,
            latest_per_key: false,
            filter: Some(&filter),
            now: 0,
        };
        let last = |after, count| -> Vec<u64> {
            let last = log.last_behind(&channels, after, count, keep);
            last.iter().map(|entry| entry.seq()).collect()
        };
        // The third of three is in neither.
        assert_eq!(last(0, 4), [100, 98, 94, 92]);
        assert!(asked.load(Ordering::Relaxed) < 10);
        assert_eq!(last(94, 4), [100, 98]);
        assert_eq!(last(100, 4), [0; 0]);
    }

    #[test]
    fn the_place_of_a_date_is_found_whether_or_not_dates_ascend() {
        let ascending: Vec<u64> = (0..50).map(|number| number / 3 * 10).collect();
        let mut falling = ascending.clone();
        falling[20] = 500;
        falling[30] = 0;
        for dates in [ascending, falling] {
            let mut log = log(Retention::default().count(40));
            for (&date, seq) in dates.iter().zip(1..) {
                let draft = Draft::new("a", Event::new("x")).unwrap();
                log.append(Record::new(seq, 7, date, draft), 0, 0);
            }
            for after in [0, 12, 25, 49, 50] {
                for asked in 0..=520 {
                    let mut left = (1..).zip(&dates).skip(after.max(10));
                    let late = left.find(|&(_, &date)| date >= asked);
                    let expected = late.map(|(seq, _): (u64, _)| seq - 1);
                    let after = after as u64;
                    assert_eq!(log.before_time(after, asked), expected, "{after} {asked}");
                }
            }
        }
    }
}
