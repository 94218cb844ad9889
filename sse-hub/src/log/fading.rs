//! What leaves the log: retained entries fade, faded entries go, and who had yet to take one is told.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
};

use super::{ascending, channel::ChannelId, entry::Entry, ring::Log};
use crate::sync::lock;

impl Log {
    /// Lets topics keep no more than their own share of what is beyond the count.
    pub(super) fn retain_topics(&mut self, newest: &Entry) {
        let share = self.options.retention.per_topic;
        if share == 0 {
            return;
        }
        let pushed_out: Vec<Arc<Entry>> = newest
            .channels
            .iter()
            .filter_map(|&id| self.channels[id as usize].retained_from_last(share))
            .filter(|entry| entry.seq() < self.shared_from)
            .cloned()
            .collect();
        for entry in pushed_out {
            if !self.is_last_of_a_topic(&entry) {
                self.fade(&entry);
            }
        }
    }

    /// Whether an entry is among the last that one of its topics keeps.
    pub(super) fn is_last_of_a_topic(&self, entry: &Entry) -> bool {
        let share = self.options.retention.per_topic;
        share > 0
            && entry
                .channels
                .iter()
                .map(|&id| self.channels[id as usize].retained_from_last(share - 1))
                .any(|oldest| oldest.is_none_or(|it| it.seq() <= entry.seq()))
    }

    /// Lets what retention no longer covers fade.
    pub(crate) fn retain(&mut self, now: u64) {
        while self.shared_count > self.options.retention.count {
            let Some(entry) = self
                .entries
                .range(self.shared_from..)
                .next()
                .map(|(_, entry)| Arc::clone(entry))
            else {
                self.shared_count = 0;
                break;
            };
            self.shared_from = entry.seq() + 1;
            self.shared_count -= 1;
            if !self.is_last_of_a_topic(&entry) {
                self.fade(&entry);
            }
        }
        let least = self.options.retention.at_least;
        while self.retained_bytes > self.options.retention.bytes && self.entries.len() > least {
            let Some(oldest) = self.entries.values().next().cloned() else {
                break;
            };
            self.fade(&oldest);
        }
        if let Some(age) = self.options.retention.age {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            while self.entries.len() > least
                && let Some(oldest) = self.entries.values().next()
                && now.saturating_sub(oldest.at) > age
            {
                let oldest = Arc::clone(oldest);
                self.fade(&oldest);
            }
        }
    }

    /// Removes entries whose own time is over.
    pub(crate) fn expire(&mut self, now: u64) {
        while let Some(&(expires, seq)) = self.expiring.first()
            && expires <= now
        {
            self.expiring.pop_first();
            if let Some(entry) = self.forget(seq) {
                for &id in self.all_channels(&entry).iter() {
                    if let Some(channel) = self.channels.get(id as usize) {
                        lock(&channel.batches).clear();
                    }
                }
                self.unlink(&entry);
            }
        }
    }

    /// Ends an entry's replay: the topics remember what they lost.
    pub(super) fn fade(&mut self, entry: &Arc<Entry>) {
        if self.forget(entry.seq()).is_none() {
            return;
        }
        if !self.options.provider_replays {
            for &id in self.all_channels(entry).iter() {
                if let Some(channel) = self.channels.get_mut(id as usize) {
                    channel.lost = channel.lost.max(entry.seq());
                }
            }
        }
        self.last_evicted = Some((entry.seq(), entry.position().nonce));
        self.evicted_through = self.evicted_through.max(entry.seq());
        self.faded_bytes += entry.event().len();
        self.faded.push_back(Arc::clone(entry));
    }

    /// Takes an entry out of all that only retained ones are in.
    pub(super) fn forget(&mut self, seq: u64) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&seq)?;
        entry.set_faded();
        let links = self.all_channels(&entry).len();
        self.links = self.links.saturating_sub(links);
        self.retained_bytes -= entry.cost();
        self.retained_wire -= entry.held_len();
        if seq >= self.shared_from {
            self.shared_count = self.shared_count.saturating_sub(1);
        }
        if entry.expires != u64::MAX {
            self.expiring.remove(&(entry.expires, seq));
        }
        if let Some(conflation) = entry.conflation() {
            self.keyed -= remove_seq(&mut self.keys, &conflation, seq);
        }
        if let Some(own_id) = entry.own_id() {
            self.named -= remove_seq(&mut self.own_ids, own_id, seq);
        }
        Some(entry)
    }

    /// Lets faded entries go that nobody has yet to take, which are those up to `needed_after`,
    /// and what is beyond the limit for laggards, but for what is `waited` for within it.
    ///
    /// Everyone has considered what is up to `all_considered`; who had yet to take more is told so.
    pub(crate) fn let_go(
        &mut self,
        needed_after: u64,
        all_considered: u64,
        waited: &Waited,
        now: u64,
    ) {
        let is_needed = |it: &Arc<Entry>| it.seq() > needed_after;
        while !self.faded.front().is_none_or(is_needed) {
            if let Some(entry) = self.faded.pop_front() {
                self.drop_faded(&entry, all_considered);
            }
        }
        if !self.has_faded_too_much(now) {
            return;
        }
        for _ in 0..self.faded.len() {
            let is_over = self.has_faded_too_much(now);
            let Some(entry) = self.faded.pop_front() else {
                return;
            };
            let is_beyond_all = self.faded_bytes as u64 > self.options.pin_limit;
            let is_waited = is_over && waited.has(&self.all_channels(&entry), entry.seq());
            if is_over && (is_beyond_all || !is_waited) {
                self.drop_faded(&entry, all_considered);
            } else {
                self.faded.push_back(entry);
            }
        }
    }

    /// Whether what is kept for laggards is beyond the limit for one of them.
    pub(crate) fn has_faded_too_much(&self, now: u64) -> bool {
        let lag = self.options.lag;
        let oldest = self.faded.front();
        self.faded.len() > lag.entries
            || self.faded_bytes > lag.bytes
            || oldest.is_some_and(|it| now.saturating_sub(it.at) > lag.millis())
    }

    /// Takes an entry out that was taken off the faded ones.
    fn drop_faded(&mut self, entry: &Entry, all_considered: u64) {
        self.faded_bytes -= entry.event().len();
        for &id in self.all_channels(entry).iter() {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.gone = channel.gone.max(entry.seq());
                if entry.seq() > all_considered && !self.options.provider_replays {
                    let listeners = &channel.listeners;
                    listeners.for_each(|listener| listener.note_dropped(entry.seq()));
                }
            }
        }
        self.unlink(entry);
    }

    /// How many entries have faded and are still here, and their bytes.
    pub(crate) fn faded(&self) -> (usize, usize) {
        (self.faded.len(), self.faded_bytes)
    }

    /// Takes an entry out of its channels.
    pub(super) fn unlink(&mut self, entry: &Entry) {
        for &id in self.all_channels(entry).iter() {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.remove(entry.seq());
                if channel.entries.is_empty() {
                    self.release_channel(id);
                }
            }
        }
    }

    /// Removes a topic's entries up to a sequence, from all topics that they were published to.
    pub(crate) fn clear(&mut self, topic: &str, through: u64) {
        if self.options.provider_replays {
            // Which of the entries that only the provider had are gone is not known here.
            let gone = self.channels.iter().map(|(_, channel)| channel.gone);
            let gone = gone.fold(self.unrecorded_gone, u64::max);
            self.note_unsure(gone.min(through));
        }
        let Some(&id) = self.names.get(topic) else {
            return;
        };
        let entries: Vec<_> = self.channels[id as usize]
            .entries
            .iter()
            .filter(|it| it.seq() <= through)
            .cloned()
            .collect();
        // They lie in the order in which they faded, so all are looked at, once.
        if entries.iter().any(|entry| !entry.is_retained()) {
            let is_cleared = |it: &Arc<Entry>| {
                entries
                    .binary_search_by_key(&it.seq(), |it| it.seq())
                    .is_ok()
            };
            let bytes = &mut self.faded_bytes;
            self.faded.retain(|it| {
                let stays = !is_cleared(it);
                *bytes -= if stays { 0 } else { it.event().len() };
                stays
            });
        }
        // Each channel's listeners are told of its last one alone.
        let mut last_cleared = BTreeMap::new();
        for entry in &entries {
            for &id in self.all_channels(entry).iter() {
                last_cleared.insert(id, entry.seq());
            }
        }
        for (id, seq) in last_cleared {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.lost = channel.lost.max(seq);
                if !self.options.provider_replays {
                    channel.gone = channel.gone.max(seq);
                }
                channel
                    .listeners
                    .for_each(|listener| listener.note_cleared(seq));
                lock(&channel.batches).clear();
            }
        }
        for entry in entries {
            self.forget(entry.seq());
            self.unlink(&entry);
        }
    }
}

/// What is waited for by those who are no further behind than they may be.
#[derive(Debug, Default)]
pub(crate) struct Waited {
    /// The channels in which somebody waits, and behind which sequence.
    after: HashMap<ChannelId, u64>,
}

impl Waited {
    /// Adds somebody who waits in these channels for all behind a sequence.
    pub(crate) fn add(&mut self, channels: &[ChannelId], after: u64) {
        for &channel in channels {
            let least = self.after.entry(channel).or_insert(after);
            *least = after.min(*least);
        }
    }

    fn has(&self, channels: &[ChannelId], seq: u64) -> bool {
        let mut after = channels.iter().filter_map(|id| self.after.get(id));
        after.any(|&after| seq > after)
    }
}

/// Takes a sequence out of those under a key; returns how many there were.
fn remove_seq<K: Eq + Hash>(map: &mut HashMap<K, VecDeque<u64>>, key: &K, seq: u64) -> usize {
    let Some(seqs) = map.get_mut(key) else {
        return 0;
    };
    let removed = ascending::remove(seqs, seq, |&it| it);
    if seqs.is_empty() {
        map.remove(key);
    }
    usize::from(removed.is_some())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        log::{
            reading::{Keep, Room},
            tests::{append, log},
        },
        retention::Retention,
    };

    #[test]
    fn a_shared_batch_goes_with_an_entry_in_it() {
        let mut log = log(Retention::default());
        for millis in [9, 1, 9] {
            append(&mut log, "a", |draft| {
                draft.time_to_live = Some(Duration::from_millis(millis));
            });
        }
        let channels = log.known_channels(&["a".try_into().unwrap()]);
        let batch = |log: &Log, now| {
            let keep = Keep::everything(now);
            let room = Room {
                bytes: 1 << 16,
                entries: None,
            };
            let taken = log.take(&channels, 0, room, keep, Vec::new());
            let batch = log.batch(&channels, &taken.entries, taken.is_whole());
            batch.map_or(0, |batch| {
                batch.as_bytes().len() / taken.entries[0].event().len()
            })
        };
        assert_eq!(batch(&log, 0), 3);
        log.expire(1);
        assert_eq!(batch(&log, 1), 2);
    }
    #[test]
    fn what_is_still_to_be_taken_pushes_nothing_out_of_a_topic() {
        let mut log = log(Retention::default().count(1).per_topic(1));
        append(&mut log, "a", |draft| {
            draft.topics = ["a", "z"].map(|it| it.try_into().unwrap()).into();
        });
        append(&mut log, "a", |_| {});
        append(&mut log, "elsewhere", |_| {});
        append(&mut log, "a", |draft| {
            draft.time_to_live = Some(Duration::from_millis(1));
        });
        assert_eq!(log.faded().0, 1);
        log.expire(1);
        // Of its first topic the first entry is the last again, though the second is not gone.
        append(&mut log, "z", |_| {});
        assert!(log.entries.contains_key(&1));
    }
}
