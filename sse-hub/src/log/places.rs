//! Where reading begins.

use std::{collections::VecDeque, iter, sync::Arc};

use sse_core::EventId;

use super::{channel::ChannelId, entry::Entry, reading::Keep, ring::Log};
use crate::position::Position;

impl Log {
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
        iter::from_fn(|| merge.next()).find(|entry| entry.is_retained())
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
        let latest_first = iter::from_fn(|| {
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
            filter: Some(&filter),
            ..Keep::everything(0)
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
