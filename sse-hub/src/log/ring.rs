use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytestring::ByteString;
use slab::Slab;
use sse_core::EventId;

use super::{
    channel::{Channel, ChannelId},
    entry::{Entry, Intake},
};
use crate::{
    ids::Ids,
    lag::LagLimit,
    listeners::Listeners,
    position::{Epoch, Position},
    provider::{Ancestor, Record, Status},
    retention::Retention,
    sync::lock,
    topic::{Selector, Topic},
};

/// The entries of one namespace.
///
/// An entry is *retained* while retention lets it be replayed. One that is not may stay for a while, *faded*,
/// for subscriptions that have yet to take it; then it is gone.
/// Entries are held by reference count in an ordered map, not in segments, since retention leaves holes:
/// an entry with a time to live, a topic that is cleared, a quiet topic's last entries would each keep a whole segment.
pub(crate) struct Log {
    pub(super) epoch: Epoch,
    pub(super) epoch_start: u64,
    pub(super) ancestors: Vec<Ancestor>,
    pub(super) head: u64,
    pub(super) head_nonce: u32,
    /// Where the tail began: what is older was never here.
    pub(super) began_after: u64,
    pub(super) last_evicted: Option<(u64, u32)>,
    pub(super) entries: BTreeMap<u64, Arc<Entry>>,
    pub(super) channels: Slab<Channel>,
    names: HashMap<ByteString, ChannelId>,
    patterns: Vec<ChannelId>,
    /// Channels that nobody needs, kept for what they know to be lost.
    idle: VecDeque<ChannelId>,
    /// The highest sequence lost in topics of which nothing is known any more.
    unrecorded: u64,
    /// The same, of what is gone from here whether or not the provider has it.
    unrecorded_gone: u64,
    keys: HashMap<(ByteString, ByteString), VecDeque<u64>>,
    pub(super) own_ids: HashMap<EventId, VecDeque<u64>>,
    expiring: BTreeSet<(u64, u64)>,
    /// Entries from here on count against the retention by count.
    shared_from: u64,
    shared_count: usize,
    retained_bytes: usize,
    retained_wire: usize,
    /// What the provider could not give, as first and last sequence.
    holes: VecDeque<(u64, u64)>,
    faded: VecDeque<Arc<Entry>>,
    faded_bytes: usize,
    /// Wire bytes of entries and batches that anybody holds.
    pub(super) held: Arc<AtomicU64>,
    pub(super) options: LogOptions,
}

/// What a log is told once.
#[derive(Clone, Debug)]
pub(crate) struct LogOptions {
    pub(crate) retention: Retention,
    pub(crate) ids: Ids,
    pub(crate) lag: LagLimit,
    /// Whether the provider has what this log drops.
    pub(crate) history: bool,
}

/// Bytes that a log takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogBytes {
    pub(crate) retained: u64,
    pub(crate) pinned: u64,
    pub(crate) index: u64,
}

const MOST_IDLE_CHANNELS: usize = 10_000;
const MOST_HOLES: usize = 64;

impl Log {
    pub(crate) fn new(status: Status, options: LogOptions) -> Self {
        let began_after = status.head;
        Self {
            epoch: status.epoch,
            epoch_start: status.epoch_start,
            ancestors: status.ancestors,
            head: status.head,
            head_nonce: status.head_nonce,
            began_after,
            last_evicted: None,
            entries: BTreeMap::new(),
            channels: Slab::new(),
            names: HashMap::new(),
            patterns: Vec::new(),
            idle: VecDeque::new(),
            unrecorded: if options.history {
                status.first.saturating_sub(1)
            } else {
                began_after
            },
            unrecorded_gone: began_after,
            keys: HashMap::new(),
            own_ids: HashMap::new(),
            expiring: BTreeSet::new(),
            shared_from: began_after + 1,
            shared_count: 0,
            retained_bytes: 0,
            retained_wire: 0,
            holes: VecDeque::new(),
            faded: VecDeque::new(),
            faded_bytes: 0,
            held: Arc::default(),
            options,
        }
    }

    pub(crate) fn head(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.head,
            nonce: self.head_nonce,
        }
    }

    /// Takes an entry in, and lets go of what retention no longer covers.
    pub(crate) fn append(&mut self, record: Record, now: u64, unix_now: u64) -> Arc<Entry> {
        let channels = self.channels_of(&record.draft.topics);
        let held = Arc::clone(&self.held);
        let intake = Intake {
            epoch: self.epoch,
            ids: self.options.ids,
            now,
            unix_now,
            held: &held,
        };
        let entry = Arc::new(Entry::new(record, channels, &intake));
        let seq = entry.seq();
        for &channel in &entry.channels {
            self.channels[channel as usize]
                .entries
                .push_back(Arc::clone(&entry));
        }
        if let Some(conflation) = entry.conflation() {
            self.keys.entry(conflation).or_default().push_back(seq);
        }
        if let Some(own_id) = entry.own_id() {
            self.own_ids
                .entry(own_id.clone())
                .or_default()
                .push_back(seq);
        }
        if entry.expires != u64::MAX {
            self.expiring.insert((entry.expires, seq));
        }
        self.retained_bytes += entry.cost();
        self.retained_wire += entry.event().len();
        self.shared_count += 1;
        self.entries.insert(seq, Arc::clone(&entry));
        (self.head, self.head_nonce) = (seq, entry.position().nonce);
        self.retain_topics(&entry);
        self.retain(now);
        entry
    }

    /// The channels that an entry of these topics belongs to: the topics' own, and the patterns' that match one of them.
    fn channels_of(&mut self, topics: &[Topic]) -> Box<[ChannelId]> {
        if let [topic] = topics
            && let Some(&id) = self.names.get(topic.as_str())
            && self.channels[id as usize].patterns.is_empty()
        {
            return Box::new([id]);
        }
        let mut ids = Vec::with_capacity(topics.len());
        for topic in topics {
            let id = self.channel(&Selector::from(topic.clone()));
            ids.push(id);
            ids.extend_from_slice(&self.channels[id as usize].patterns);
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_boxed_slice()
    }

    /// Finds or makes the channel of a selector.
    pub(crate) fn channel(&mut self, selector: &Selector) -> ChannelId {
        if let Some(&id) = self.names.get(selector.as_str()) {
            return id;
        }
        let id = ChannelId::try_from(self.channels.vacant_key()).unwrap_or(ChannelId::MAX);
        let mut channel = Channel::new(selector.clone(), self.unrecorded, self.unrecorded_gone);
        if selector.is_pattern() {
            self.gather(&mut channel, id);
            self.patterns.push(id);
        } else {
            let matching = self.patterns.iter().copied();
            channel.patterns = matching
                .filter(|&it| {
                    self.channels[it as usize]
                        .selector
                        .matches(selector.as_str())
                })
                .collect();
        }
        self.channels.insert(channel);
        self.names.insert(selector.clone().into_text(), id);
        id
    }

    /// Fills the channel of a pattern with what topics have.
    fn gather(&mut self, pattern: &mut Channel, id: ChannelId) {
        let mut found: BTreeMap<u64, Arc<Entry>> = BTreeMap::new();
        for (_, topic) in &mut self.channels {
            if !topic.selector.is_pattern() && pattern.selector.matches(topic.selector.as_str()) {
                topic.patterns.push(id);
                pattern.lost = pattern.lost.max(topic.lost);
                pattern.gone = pattern.gone.max(topic.gone);
                found.extend(
                    topic
                        .entries
                        .iter()
                        .map(|entry| (entry.seq(), Arc::clone(entry))),
                );
            }
        }
        pattern.entries = found.into_values().collect();
    }

    /// Forgets a channel that nobody listens to and that has no entries.
    pub(crate) fn release_channel(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get(id as usize) else {
            return;
        };
        if channel.selector.is_pattern() {
            if channel.is_unread() {
                self.forget_channel(id);
            }
        } else if channel.is_idle() {
            if channel.lost <= self.unrecorded && channel.gone <= self.unrecorded_gone {
                self.forget_channel(id);
            } else {
                self.idle.push_back(id);
                self.forget_idle_channels();
            }
        }
    }

    fn forget_idle_channels(&mut self) {
        while self.idle.len() > MOST_IDLE_CHANNELS {
            let Some(id) = self.idle.pop_front() else {
                return;
            };
            let still_idle = self
                .channels
                .get(id as usize)
                .filter(|channel| channel.is_idle());
            if let Some((lost, gone)) = still_idle.map(|channel| (channel.lost, channel.gone)) {
                self.unrecorded = self.unrecorded.max(lost);
                self.unrecorded_gone = self.unrecorded_gone.max(gone);
                self.forget_channel(id);
            }
        }
    }

    fn forget_channel(&mut self, id: ChannelId) {
        let channel = self.channels.remove(id as usize);
        self.names.remove(channel.selector.as_str());
        if channel.selector.is_pattern() {
            self.patterns.retain(|&it| it != id);
            for (_, topic) in &mut self.channels {
                topic.patterns.retain(|&it| it != id);
            }
        }
    }

    pub(crate) fn listeners(&self, id: ChannelId) -> Option<&Arc<Listeners>> {
        self.channels
            .get(id as usize)
            .map(|channel| &channel.listeners)
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// For a position of an earlier epoch that is not shared with this one: where to go on.
    pub(crate) fn fork_before(&self, position: Position) -> Option<Position> {
        let shared = self
            .ancestors
            .iter()
            .any(|it| it.epoch == position.epoch && position.seq < it.fork_at);
        (!shared).then(|| self.head())
    }

    /// Encodes what the provider gave from its history.
    pub(crate) fn cold_entry(&self, record: Record, now: u64, unix_now: u64) -> Arc<Entry> {
        let intake = Intake {
            epoch: self.epoch,
            ids: self.options.ids,
            now,
            unix_now,
            held: &self.held,
        };
        Arc::new(Entry::new(record, Box::default(), &intake))
    }

    pub(crate) fn selectors(&self, channels: &[ChannelId]) -> Vec<Selector> {
        let known = channels
            .iter()
            .filter_map(|&id| self.channels.get(id as usize));
        known.map(|channel| channel.selector.clone()).collect()
    }

    pub(crate) fn selector(&self, id: ChannelId) -> Option<ByteString> {
        let channel = self.channels.get(id as usize)?;
        Some(channel.selector.clone().into_text())
    }

    /// The channels of those topics that have one, with the patterns that match them.
    pub(crate) fn known_channels(&self, topics: &[Topic]) -> Vec<ChannelId> {
        let mut ids = Vec::new();
        for topic in topics {
            match self.names.get(topic.as_str()) {
                Some(&id) => {
                    ids.push(id);
                    ids.extend_from_slice(&self.channels[id as usize].patterns);
                }
                None => ids.extend(
                    self.patterns
                        .iter()
                        .copied()
                        .filter(|&it| self.channels[it as usize].selector.matches(topic.as_str())),
                ),
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Keeps channels for one that has ceased to listen, and is still to read what came before that.
    pub(crate) fn keep_for_reader(&mut self, channels: &[ChannelId]) {
        for &id in channels {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.last_readers += 1;
            }
        }
    }

    pub(crate) fn release_reader(&mut self, channels: &[ChannelId]) {
        for &id in channels {
            if let Some(channel) = self.channels.get_mut(id as usize) {
                channel.last_readers = channel.last_readers.saturating_sub(1);
            }
            self.release_channel(id);
        }
    }

    /// Lets topics keep no more than their own share of what is beyond the count.
    fn retain_topics(&mut self, newest: &Entry) {
        let share = self.options.retention.per_topic;
        if share == 0 {
            return;
        }
        let pushed_out: Vec<Arc<Entry>> = newest
            .channels
            .iter()
            .map(|&id| &self.channels[id as usize])
            .filter(|channel| !channel.selector.is_pattern())
            .filter_map(|channel| {
                channel
                    .entries
                    .len()
                    .checked_sub(share + 1)
                    .map(|index| &channel.entries[index])
            })
            .filter(|entry| entry.seq() < self.shared_from && entry.is_retained())
            .cloned()
            .collect();
        for entry in pushed_out {
            if !self.is_last_of_a_topic(&entry) {
                self.fade(&entry);
            }
        }
    }

    /// Whether an entry is among the last that one of its topics keeps.
    fn is_last_of_a_topic(&self, entry: &Entry) -> bool {
        let share = self.options.retention.per_topic;
        share > 0
            && entry
                .channels
                .iter()
                .map(|&id| &self.channels[id as usize])
                .filter(|channel| !channel.selector.is_pattern())
                .any(|channel| {
                    let oldest = channel.entries.len().saturating_sub(share);
                    channel
                        .entries
                        .get(oldest)
                        .is_some_and(|it| it.seq() <= entry.seq())
                })
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
        while self.retained_bytes > self.options.retention.bytes {
            let Some(oldest) = self.entries.values().next().cloned() else {
                break;
            };
            self.fade(&oldest);
        }
        if let Some(age) = self.options.retention.age {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            while let Some(oldest) = self.entries.values().next()
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
                self.unlink(&entry);
            }
        }
    }

    /// Ends an entry's replay: the topics remember what they lost.
    fn fade(&mut self, entry: &Arc<Entry>) {
        if self.forget(entry.seq()).is_none() {
            return;
        }
        if !self.options.history {
            for &id in &entry.channels {
                if let Some(channel) = self.channels.get_mut(id as usize) {
                    channel.lost = channel.lost.max(entry.seq());
                }
            }
        }
        self.last_evicted = Some((entry.seq(), entry.position().nonce));
        self.faded_bytes += entry.event().len();
        self.faded.push_back(Arc::clone(entry));
    }

    /// Takes an entry out of all that only retained ones are in.
    fn forget(&mut self, seq: u64) -> Option<Arc<Entry>> {
        let entry = self.entries.remove(&seq)?;
        entry.set_faded();
        self.retained_bytes -= entry.cost();
        self.retained_wire -= entry.event().len();
        if seq >= self.shared_from {
            self.shared_count = self.shared_count.saturating_sub(1);
        }
        if entry.expires != u64::MAX {
            self.expiring.remove(&(entry.expires, seq));
        }
        if let Some(conflation) = entry.conflation() {
            remove_seq(&mut self.keys, &conflation, seq);
        }
        if let Some(own_id) = entry.own_id() {
            remove_seq(&mut self.own_ids, own_id, seq);
        }
        Some(entry)
    }

    /// Lets faded entries go that nobody has yet to take: those up to `needed_after`, and what is beyond the limit for laggards.
    ///
    /// Everyone has considered what is up to `all_considered`; who had yet to take more is told so.
    pub(crate) fn let_go(&mut self, needed_after: u64, all_considered: u64, now: u64) {
        let lag = self.options.lag;
        while let Some(entry) = self.faded.front() {
            let over = self.faded.len() > lag.entries
                || self.faded_bytes > lag.bytes
                || now.saturating_sub(entry.at) > lag.millis();
            if entry.seq() > needed_after && !over {
                return;
            }
            let Some(entry) = self.faded.pop_front() else {
                return;
            };
            self.faded_bytes -= entry.event().len();
            for &id in &entry.channels {
                if let Some(channel) = self.channels.get_mut(id as usize) {
                    channel.gone = channel.gone.max(entry.seq());
                    if entry.seq() > all_considered && !self.options.history {
                        channel
                            .listeners
                            .for_each(|listener| listener.note_dropped(entry.seq()));
                    }
                }
            }
            self.unlink(&entry);
        }
    }

    pub(crate) fn faded_count(&self) -> usize {
        self.faded.len()
    }

    /// Takes an entry out of its channels.
    fn unlink(&mut self, entry: &Entry) {
        for &id in &entry.channels {
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
        let Some(&id) = self.names.get(topic) else {
            return;
        };
        let entries: Vec<_> = self.channels[id as usize]
            .entries
            .iter()
            .filter(|it| it.seq() <= through)
            .cloned()
            .collect();
        for entry in entries {
            let seq = entry.seq();
            self.forget(seq);
            if let Some(index) = self.faded.iter().position(|it| it.seq() == seq) {
                self.faded.remove(index);
                self.faded_bytes -= entry.event().len();
            }
            for &id in &entry.channels {
                if let Some(channel) = self.channels.get_mut(id as usize) {
                    channel.lost = channel.lost.max(seq);
                    channel.gone = channel.gone.max(seq);
                    channel
                        .listeners
                        .for_each(|listener| listener.note_cleared(seq));
                    lock(&channel.batches).clear();
                }
            }
            self.unlink(&entry);
        }
    }

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
        if self.head >= fork_at {
            let last = self.entries.values().next_back();
            self.head_nonce = last.map_or(0, |entry| entry.position().nonce);
            self.head = fork_at - 1;
        }
    }

    /// Notes that the provider has nothing before `first`.
    pub(crate) fn trim(&mut self, first: u64) {
        let lost = first.saturating_sub(1);
        self.unrecorded = self.unrecorded.max(lost);
        for (_, channel) in &mut self.channels {
            channel.lost = channel.lost.max(lost);
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
        self.trim(to + 1);
    }

    /// The first hole that one who has considered everything up to `after` has not been told of.
    pub(crate) fn hole_after(&self, after: u64) -> Option<(u64, u64)> {
        self.holes.iter().copied().find(|&(_, to)| to > after)
    }

    /// Later retained entries under the key of this one, latest first.
    pub(super) fn replacements(&self, entry: &Entry) -> impl Iterator<Item = &Arc<Entry>> {
        let seqs = entry
            .conflation()
            .and_then(|conflation| self.keys.get(&conflation));
        let later = seqs
            .into_iter()
            .flatten()
            .rev()
            .take_while(move |&&seq| seq > entry.seq());
        later.filter_map(|seq| self.entries.get(seq))
    }

    pub(crate) fn forget_batches(&self) {
        for (_, channel) in &self.channels {
            if let Some(mut batches) = channel.batches.try_lock().ok() {
                batches.clear();
            }
        }
    }

    /// Index bytes are counted by what is held, not by what is allocated, so that equal content gives equal figures.
    pub(crate) fn bytes(&self) -> LogBytes {
        let links: usize = self
            .entries
            .values()
            .map(|entry| entry.channels.len())
            .sum();
        let names: usize = self.names.keys().map(|name| name.len()).sum();
        let topics = self.names.len() * size_of::<Channel>();
        let index = self.entries.len() * 3 * size_of::<usize>()
            + links * size_of::<usize>()
            + names
            + topics;
        let held = self.held.load(Ordering::Relaxed);
        LogBytes {
            retained: self.retained_bytes as u64,
            pinned: held.saturating_sub(self.retained_wire as u64),
            index: index as u64,
        }
    }
}

fn remove_seq<K: Eq + std::hash::Hash>(map: &mut HashMap<K, VecDeque<u64>>, key: &K, seq: u64) {
    if let Some(seqs) = map.get_mut(key) {
        seqs.retain(|&it| it != seq);
        if seqs.is_empty() {
            map.remove(key);
        }
    }
}
