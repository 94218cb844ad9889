//! What the provider says of the log as a whole.

use std::sync::Arc;

use super::ring::Log;
use crate::{
    position::{Epoch, Position},
    provider::Ancestor,
};

const MOST_HOLES: usize = 64;

impl Log {
    /// Goes on under another epoch.
    pub(crate) fn change_epoch(&mut self, new: Epoch, fork_at: u64) {
        self.ancestors.push(Ancestor {
            epoch: self.epoch,
            fork_at,
        });
        self.epoch = new;
        self.epoch_start = fork_at;
        let withdrawn: Vec<_> = self
            .entries
            .range(fork_at..)
            .map(|(_, entry)| Arc::clone(entry))
            .collect();
        for entry in withdrawn {
            self.forget(entry.seq());
            self.unlink(&entry);
        }
        // What had faded is withdrawn, too, and sequences from here on say something else.
        for entry in std::mem::take(&mut self.faded) {
            if entry.seq() < fork_at {
                self.faded.push_back(entry);
            } else {
                self.faded_bytes -= entry.event().len();
                self.unlink(&entry);
            }
        }
        let last_shared = fork_at.saturating_sub(1);
        for (_, channel) in &mut self.channels {
            channel.lost = channel.lost.min(last_shared);
            channel.gone = channel.gone.min(last_shared);
        }
        self.unrecorded = self.unrecorded.min(last_shared);
        self.unrecorded_gone = self.unrecorded_gone.min(last_shared);
        self.unsure_through = self.unsure_through.min(last_shared);
        self.holes.retain(|&(_, to)| to < fork_at);
        self.last_evicted = self.last_evicted.filter(|&(seq, _)| seq < fork_at);
        // They are found by sequences that say something else from now on.
        self.forget_batches();
        if self.head >= fork_at {
            let last = self.entries.values().next_back();
            self.head_nonce = last.map_or(0, |entry| entry.position().nonce);
            self.head = fork_at - 1;
        }
    }

    /// For a position of an earlier epoch that is not shared with this one: where to go on.
    pub(crate) fn fork_before(&self, position: Position) -> Option<Position> {
        let shared = self
            .ancestors
            .iter()
            .any(|it| it.epoch == position.epoch && position.seq < it.fork_at);
        (!shared).then(|| self.head())
    }

    /// Notes that the provider has nothing before `first`.
    pub(crate) fn trim(&mut self, first: u64) {
        self.provider_first = self.provider_first.max(first);
        self.note_lost(first.saturating_sub(1));
    }

    /// The last sequence up to which the provider may lack entries.
    pub(crate) fn trimmed(&self) -> u64 {
        self.unsure_through
            .max(self.provider_first.saturating_sub(1))
    }

    /// Notes that the provider may lack some of what it had up to here.
    pub(super) fn note_unsure(&mut self, through: u64) {
        self.unsure_through = self.unsure_through.max(through);
        self.note_lost(through);
    }

    fn note_lost(&mut self, through: u64) {
        self.unrecorded = self.unrecorded.max(through);
        for (_, channel) in &mut self.channels {
            channel.lost = channel.lost.max(through);
        }
    }

    /// Notes that entries are missing for everyone.
    pub(crate) fn note_hole(&mut self, from: u64, to: u64) {
        (self.head, self.head_nonce) = (self.head.max(to), 0);
        self.holes.push_back((from, to));
        if self.holes.len() > MOST_HOLES {
            self.holes.pop_front();
        }
        // Whoever resumes from before it is told, too.
        self.note_lost(to);
    }

    /// The first hole that one who has considered everything up to `after` has not been told of.
    pub(crate) fn hole_after(&self, after: u64) -> Option<(u64, u64)> {
        self.holes.iter().copied().find(|&(_, to)| to > after)
    }
}

#[cfg(test)]
mod tests {
    use sse_core::Event;

    use super::*;
    use crate::{
        draft::Draft,
        ids::Ids,
        lag::LagLimit,
        log::{Keep, LogOptions, Room},
        provider::{Record, Status},
        retention::Retention,
        topic::{Selector, Topic},
    };

    #[test]
    fn a_batch_of_an_earlier_epoch_is_handed_to_nobody() {
        let [old, new] = [1, 2].map(Epoch::from_hash);
        let status = Status {
            epoch: old,
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: 0,
            head_nonce: 0,
        };
        let options = LogOptions {
            retention: Retention::default(),
            ids: Ids::default(),
            lag: LagLimit::default(),
            provider_replays: false,
        };
        let mut log = Log::new(status, options);
        let topic = Topic::default();
        let channels = [log.channel(&Selector::from(topic.clone()))];
        let read = |log: &mut Log, data: &str| {
            for seq in 1..=3 {
                let draft = Draft::new(&topic, &topic, Event::new(data)).unwrap();
                log.append(Record::new(seq, 7, 0, draft), 0, 0);
            }
            let room = Room {
                bytes: usize::MAX,
                entries: None,
            };
            let keep = Keep {
                through: u64::MAX,
                replay_through: 0,
                latest_per_key: false,
                filter: None,
                now: 0,
            };
            let taken = log.take(&channels, 0, room, keep, Vec::new());
            let batch = log.batch(&channels, &taken.entries, taken.is_whole());
            String::from_utf8(batch.unwrap().as_bytes().to_vec()).unwrap()
        };
        let before = read(&mut log, "old");
        assert_eq!(before.matches("data: old").count(), 3);
        log.change_epoch(new, 1);
        let after = read(&mut log, "new");
        assert!(!after.contains("data: old"), "{after}");
        assert_eq!(after.matches("data: new").count(), 3);
    }
}
