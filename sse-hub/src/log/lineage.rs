//! What the provider says of the log as a whole.

use std::sync::Arc;

use super::ring::Log;
use crate::{position::Epoch, provider::Ancestor};

const MOST_HOLES: usize = 64;

impl Log {
    /// Goes on under another epoch.
    pub(crate) fn change_epoch(&mut self, new: Epoch, fork_at: u64) {
        // What an earlier lineage shared with the one that is left, it shares no further than that one does.
        for ancestor in &mut self.ancestors {
            ancestor.fork_at = ancestor.fork_at.min(fork_at);
        }
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
        self.shared_from = self.shared_from.min(fork_at);
        let last_shared = fork_at.saturating_sub(1);
        for (_, channel) in &mut self.channels {
            channel.lost = channel.lost.min(last_shared);
            channel.gone = channel.gone.min(last_shared);
        }
        self.unrecorded = self.unrecorded.min(last_shared);
        self.unrecorded_gone = self.unrecorded_gone.min(last_shared);
        self.unsure_through = self.unsure_through.min(last_shared);
        self.evicted_through = self.evicted_through.min(last_shared);
        self.holes.retain(|&(from, _)| from < fork_at);
        for (_, to) in &mut self.holes {
            *to = (*to).min(last_shared);
        }
        self.last_evicted = self.last_evicted.filter(|&(seq, _)| seq < fork_at);
        // They are found by sequences that say something else from now on.
        self.forget_batches();
        if self.head >= fork_at {
            // The last entry that is held may lie before the last that is shared.
            self.head_nonce = self.nonce_at(last_shared).unwrap_or(0);
            self.head = last_shared;
        }
    }

    /// The last sequence that an earlier epoch shares with this one.
    pub(crate) fn last_shared_with(&self, epoch: Epoch) -> u64 {
        let ancestor = self.ancestors.iter().find(|it| it.epoch == epoch);
        let left_at = ancestor.map_or(self.epoch_start, |it| it.fork_at);
        left_at.saturating_sub(1)
    }

    /// Notes that the provider has nothing before `first`: nothing is replayed from before it, from here neither.
    pub(crate) fn trim(&mut self, first: u64) {
        if first <= self.provider_first {
            return;
        }
        self.provider_first = first;
        let trimmed: Vec<_> = self
            .entries
            .range(..first)
            .map(|(_, entry)| Arc::clone(entry))
            .collect();
        for entry in trimmed {
            self.fade(&entry);
        }
    }

    /// The last sequence that the provider has nothing before.
    pub(crate) fn trimmed(&self) -> u64 {
        self.provider_first.saturating_sub(1)
    }

    /// The last sequence up to which not all that is held is held here.
    pub(crate) fn evicted_through(&self) -> u64 {
        self.evicted_through
    }

    /// How often something was lost of which it is not known what, and the last sequence that this may concern.
    pub(crate) fn purges(&self) -> (u64, u64) {
        (self.purges, self.unsure_through)
    }

    /// Notes that something is lost up to here of which it is not known what.
    pub(super) fn note_unsure(&mut self, through: u64) {
        self.unsure_through = self.unsure_through.max(through);
        self.purges += 1;
        self.note_lost(through);
    }

    fn note_lost(&mut self, through: u64) {
        self.unrecorded = self.unrecorded.max(through);
        for (_, channel) in &mut self.channels {
            channel.lost = channel.lost.max(through);
        }
    }

    /// Notes that entries are missing for everyone: it is told where they were, to who resumes as well.
    pub(crate) fn note_hole(&mut self, from: u64, to: u64) {
        (self.head, self.head_nonce) = (self.head.max(to), 0);
        self.holes.push_back((from, to));
        if self.holes.len() > MOST_HOLES
            && let Some((_, forgotten)) = self.holes.pop_front()
        {
            self.note_unsure(forgotten);
        }
    }

    /// The first hole behind `after`.
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
            pin_limit: u64::MAX,
            provider_replays: false,
        };
        let mut log = Log::new(status, options);
        let topic = Topic::default();
        let channels = [log.channel(&Selector::from(topic.clone()))];
        let read = |log: &mut Log, data: &str| {
            for seq in 1..=3 {
                let draft = Draft::new(&topic, Event::new(data)).unwrap();
                log.append(Record::new(seq, 7, 0, draft), 0, 0);
            }
            let room = Room {
                bytes: usize::MAX,
                entries: None,
            };
            let keep = Keep::everything(0);
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
