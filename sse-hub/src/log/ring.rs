use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    mem,
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
    one_or_many::OneOrMany,
    position::{Epoch, Position},
    provider::{Ancestor, Record, Status},
    retention::Retention,
    sync::{Mutex, lock},
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
    /// The first entry that the provider has; what is older is in nobody's log.
    pub(super) provider_first: u64,
    pub(super) last_evicted: Option<(u64, u32)>,
    /// The last sequence that retention has reached, or that was there before this log.
    pub(super) evicted_through: u64,
    /// Something was lost up to here, and it is not known what; how often that was said.
    pub(super) unsure_through: u64,
    pub(super) purges: u64,
    pub(super) entries: BTreeMap<u64, Arc<Entry>>,
    pub(super) channels: Slab<Channel>,
    pub(super) names: HashMap<ByteString, ChannelId>,
    pub(super) patterns: Vec<ChannelId>,
    /// Channels that nobody needs, kept for what they know to be lost; the oldest first, each once.
    pub(super) idle: BTreeMap<u64, ChannelId>,
    pub(super) next_idle: u64,
    /// The highest sequence lost in topics of which nothing is known any more.
    pub(super) unrecorded: u64,
    /// The same, of what is gone from here whether or not the provider has it.
    pub(super) unrecorded_gone: u64,
    pub(super) keys: HashMap<(ByteString, ByteString), VecDeque<u64>>,
    pub(super) own_ids: HashMap<EventId, VecDeque<u64>>,
    /// How many sequences these hold.
    pub(super) keyed: usize,
    pub(super) named: usize,
    pub(super) expiring: BTreeSet<(u64, u64)>,
    /// Entries from here on count against the retention by count.
    pub(super) shared_from: u64,
    pub(super) shared_count: usize,
    pub(super) retained_bytes: usize,
    pub(super) retained_wire: usize,
    /// The latest date of an entry, and the last entry that was dated before one ahead of it.
    pub(super) latest_date: u64,
    pub(super) date_fell_at: u64,
    /// What the provider could not give, as first and last sequence.
    pub(super) holes: VecDeque<(u64, u64)>,
    /// Places of retained entries in channels, patterns' among them, and bytes of the channels' names.
    pub(super) links: usize,
    pub(super) name_bytes: usize,
    /// Channels that keep a batch to be shared.
    pub(super) sharing: Mutex<Vec<ChannelId>>,
    pub(super) faded: VecDeque<Arc<Entry>>,
    pub(super) faded_bytes: usize,
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
    /// The most bytes that are kept for laggards, whoever they are.
    pub(crate) pin_limit: u64,
    /// Whether the provider has what this log drops.
    pub(crate) provider_replays: bool,
}

/// Bytes that a log takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogBytes {
    pub(crate) retained: u64,
    pub(crate) pinned: u64,
    pub(crate) index: u64,
}

impl Log {
    pub(crate) fn new(status: Status, options: LogOptions) -> Self {
        let began_after = status.head;
        Self {
            epoch: status.epoch,
            epoch_start: status.epoch_start,
            ancestors: status.ancestors,
            head: status.head,
            head_nonce: status.head_nonce,
            provider_first: status.first,
            last_evicted: None,
            evicted_through: began_after,
            unsure_through: 0,
            purges: 0,
            entries: BTreeMap::new(),
            channels: Slab::new(),
            names: HashMap::new(),
            patterns: Vec::new(),
            idle: BTreeMap::new(),
            next_idle: 0,
            unrecorded: if options.provider_replays {
                0
            } else {
                began_after
            },
            unrecorded_gone: began_after,
            keys: HashMap::new(),
            own_ids: HashMap::new(),
            keyed: 0,
            named: 0,
            expiring: BTreeSet::new(),
            shared_from: began_after + 1,
            shared_count: 0,
            retained_bytes: 0,
            retained_wire: 0,
            latest_date: 0,
            date_fell_at: 0,
            holes: VecDeque::new(),
            links: 0,
            name_bytes: 0,
            sharing: Mutex::default(),
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
    pub(crate) fn append(&mut self, mut record: Record, now: u64, unix_now: u64) -> Arc<Entry> {
        let channels = self.channels_of(&mut record.draft.topics);
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
        (self.head, self.head_nonce) = (seq, entry.position().nonce);
        if entry.is_expired(now) {
            // Its time was over when it came: it must not push out what is still to be read.
            entry.set_faded();
            // Nor may it keep a topic that has nothing else.
            for &channel in entry.channels.iter() {
                self.release_channel(channel);
            }
            return entry;
        }
        let all_channels = self.all_channels(&entry);
        for &channel in all_channels.iter() {
            self.channels[channel as usize].push(Arc::clone(&entry));
        }
        self.links += all_channels.len();
        if let Some(conflation) = entry.conflation() {
            self.keyed += 1;
            self.keys.entry(conflation).or_default().push_back(seq);
        }
        if let Some(own_id) = entry.own_id() {
            self.named += 1;
            self.own_ids
                .entry(own_id.clone())
                .or_default()
                .push_back(seq);
        }
        if entry.expires != u64::MAX {
            self.expiring.insert((entry.expires, seq));
        }
        self.retained_bytes += entry.cost();
        self.retained_wire += entry.held_len();
        self.shared_count += 1;
        if entry.unix_millis() < self.latest_date {
            self.date_fell_at = seq;
        }
        self.latest_date = self.latest_date.max(entry.unix_millis());
        self.entries.insert(seq, Arc::clone(&entry));
        self.retain_topics(&entry);
        self.retain(now);
        entry
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.faded.is_empty()
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
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
        Arc::new(Entry::new(record, OneOrMany::default(), &intake))
    }

    /// Later retained entries under the key of this one whose time is not over, latest first.
    pub(super) fn replacements(
        &self,
        entry: &Entry,
        now: u64,
    ) -> impl Iterator<Item = &Arc<Entry>> {
        let seqs = entry
            .conflation()
            .and_then(|conflation| self.keys.get(&conflation));
        let later = seqs
            .into_iter()
            .flatten()
            .rev()
            .take_while(move |&&seq| seq > entry.seq());
        let held = later.filter_map(|seq| self.entries.get(seq));
        held.filter(move |later| !later.is_expired(now))
    }

    /// Forgets the batches that readers shared; those who were handed one keep it.
    pub(crate) fn forget_batches(&self) {
        // Not in the loop's head, where the lock would be held throughout: a reader takes it while it holds a channel's batches.
        let sharing = mem::take(&mut *lock(&self.sharing));
        for id in sharing {
            if let Some(channel) = self.channels.get(id as usize) {
                lock(&channel.batches).clear();
            }
        }
    }

    /// Index bytes are counted by what is held, not by what is allocated, so that equal content gives equal figures.
    pub(crate) fn bytes(&self) -> LogBytes {
        let word = size_of::<usize>();
        let seqs = size_of::<VecDeque<u64>>();
        let index = self.entries.len() * 3 * word
            + self.links * word
            + self.names.len() * size_of::<Channel>()
            + self.name_bytes
            + self.keys.len() * (size_of::<(ByteString, ByteString)>() + seqs)
            + self.own_ids.len() * (size_of::<EventId>() + seqs)
            + (self.keyed + self.named) * size_of::<u64>();
        let held = self.held.load(Ordering::Relaxed);
        LogBytes {
            retained: self.retained_bytes as u64,
            pinned: held.saturating_sub(self.retained_wire as u64),
            index: index as u64,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use sse_core::Event;

    use super::*;
    use crate::draft::Draft;

    pub(crate) fn log(retention: Retention) -> Log {
        let status = Status {
            epoch: Epoch::from_hash(1),
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: 0,
            head_nonce: 0,
        };
        let options = LogOptions {
            retention,
            ids: Ids::default(),
            lag: LagLimit::default(),
            pin_limit: u64::MAX,
            provider_replays: false,
        };
        Log::new(status, options)
    }

    pub(crate) fn append(log: &mut Log, topic: &str, set: impl FnOnce(&mut Draft)) -> Arc<Entry> {
        let mut draft = Draft::new(topic, Event::new("x")).unwrap();
        set(&mut draft);
        log.append(Record::new(log.head + 1, 7, 0, draft), 0, 0)
    }
    #[test]
    fn an_entry_whose_time_is_over_when_it_comes_keeps_no_topic() {
        let mut log = log(Retention::default());
        for seq in 1..=100 {
            let draft = Draft::new(format!("topic-{seq}"), Event::new("x")).unwrap();
            let draft = draft.time_to_live(Duration::from_nanos(1));
            let entry = log.append(Record::new(seq, 7, 0, draft), 10, 10);
            assert!(entry.is_expired(10));
        }
        assert_eq!((log.names.len(), log.channels.len()), (0, 0));
        // As long as it lives it is kept, for a millisecond at least.
        append(&mut log, "a", |draft| {
            draft.time_to_live = Some(Duration::from_nanos(1));
        });
        assert_eq!(log.names.len(), 1);
    }
}
