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
