use std::collections::{BTreeMap, BTreeSet};

use sse_core::EventId;
use sse_hub::{
    Epoch, Ids, Position,
    provider::{Record as Stored, Status, TailItem},
};

use super::violation::{ACK, Violation};
use crate::hub::{matching::matches, record::Rules};

/// The log of one hub, rebuilt from what it was told; naive on purpose.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) rules: Rules,
    pub(super) epoch: Epoch,
    pub(super) epoch_start: u64,
    pub(super) ancestors: Vec<(Epoch, u64)>,
    pub(super) head: u64,
    pub(super) head_nonce: u32,

    /// The first that the log itself has.
    first: u64,
    pub(super) entries: BTreeMap<u64, Entry>,
    /// Entries of lineages that were left.
    pub(super) withdrawn: Vec<Entry>,
    pub(super) holes: Vec<(u64, u64)>,
    /// The same as they were told, of lineages that were left as well.
    pub(super) holes_told: Vec<(u64, u64)>,
    /// Everything up to here may be lost, whoever asks.
    pub(super) trimmed: u64,
    /// The same of each topic, as far as it was gone when this began.
    trimmed_before: BTreeMap<String, u64>,
    /// Retained entries that count against the retention by count.
    shared: BTreeSet<u64>,
    /// How often each of these was told.
    pub(super) epochs_changed: u64,
    pub(super) cleared: Vec<String>,
    pub(super) draining: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) epoch: Epoch,
    pub(super) seq: u64,
    pub(super) nonce: u32,
    pub(super) topics: Vec<String>,
    pub(super) key: Option<String>,
    pub(super) own_id: Option<EventId>,
    pub(super) data: String,
    pub(super) unix_millis: u64,
    pub(super) at: u64,
    pub(super) expires: u64,
    pub(super) state: State,
    /// Whether it was removed from the log itself.
    purged: bool,
}

/// Whether an entry can be replayed from the hub, and if not, why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Retained,
    Evicted,
    Expired,
    Cleared,
    /// It was there before the hub.
    Old,
}

impl Entry {
    pub(super) fn is_for<'a>(&self, mut selectors: impl Iterator<Item = &'a str>) -> bool {
        selectors.any(|selector| self.topics.iter().any(|topic| matches(selector, topic)))
    }

    pub(super) fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.seq,
            nonce: self.nonce,
        }
    }

    /// The id that goes over the wire.
    pub(super) fn wire_id(&self, ids: Ids) -> Option<EventId> {
        match (ids, &self.own_id) {
            (Ids::Publisher | Ids::Bare, Some(own)) => Some(own.clone()),
            (Ids::Bare, None) => None,
            _ => Some(self.position().to_event_id()),
        }
    }

    pub(super) fn replaces(&self, earlier: &Self) -> bool {
        self.key.is_some()
            && self.key == earlier.key
            && self.topics.first() == earlier.topics.first()
            && self.seq > earlier.seq
    }
}

impl Truth {
    pub(super) fn new(status: &Status, records: &[Stored], rules: Rules, now: u64) -> Self {
        let mut truth = Self {
            epoch: status.epoch,
            epoch_start: status.epoch_start,
            ancestors: status
                .ancestors
                .iter()
                .map(|it| (it.epoch, it.fork_at))
                .collect(),
            head: status.head,
            head_nonce: status.head_nonce,

            first: status.first,
            entries: BTreeMap::new(),
            withdrawn: Vec::new(),
            holes: Vec::new(),
            holes_told: Vec::new(),
            trimmed: if rules.replay {
                status.first.saturating_sub(1)
            } else {
                status.head
            },
            trimmed_before: BTreeMap::new(),
            shared: BTreeSet::new(),
            epochs_changed: 0,
            cleared: Vec::new(),
            draining: false,
            rules,
        };
        for record in records {
            let entry = truth.entry(record, now, super::UNIX_START + now, State::Old);
            truth.entries.insert(entry.seq, entry);
        }
        truth
    }

    /// Checks that all that was seen of an earlier hub's log is there, and takes over what was trimmed of it.
    pub(super) fn go_on_from(&mut self, earlier: &Self) -> Result<(), Violation> {
        if self.epoch != earlier.epoch || self.head < earlier.head {
            let text = format!("the log went back from {} to {}", earlier.head, self.head);
            return Err(Violation::new(ACK, text));
        }
        let seen = earlier.entries.values().filter(|it| earlier.is_held(it));
        let mut held = seen.filter(|it| it.seq >= self.first);
        let is_there = |it: &&Entry| {
            let found = self.entries.get(&it.seq);
            found.is_some_and(|found| found.nonce == it.nonce && found.data == it.data)
        };
        if let Some(lost) = held.find(|it| !is_there(it)) {
            let text = format!("{} ({}) was in the log and is not", lost.data, lost.seq);
            return Err(Violation::new(ACK, text));
        }
        self.trimmed_before.clone_from(&earlier.trimmed_before);
        let trimmed = earlier.entries.range(..self.first).map(|(_, it)| it);
        for entry in trimmed.filter(|it| it.state != State::Expired) {
            for topic in &entry.topics {
                self.trimmed_before.insert(topic.clone(), entry.seq);
            }
        }
        Ok(())
    }

    fn entry(&self, record: &Stored, now: u64, unix_now: u64, state: State) -> Entry {
        let draft = &record.draft;
        let at = now.saturating_sub(unix_now.saturating_sub(record.time));
        let lasts = draft.time_to_live.map(|it| it.as_millis() as u64);
        Entry {
            epoch: self.epoch,
            seq: record.seq,
            nonce: record.nonce,
            topics: draft.topics.iter().map(ToString::to_string).collect(),
            key: draft.key.as_ref().map(ToString::to_string),
            own_id: draft.event.id.clone(),
            data: draft.event.data.as_deref().unwrap_or_default().to_owned(),
            unix_millis: record.time,
            at,
            expires: lasts.map_or(u64::MAX, |it| at + it),
            state,
            purged: false,
        }
    }

    pub(super) fn take(&mut self, item: &TailItem, now: u64, unix_now: u64) {
        match item {
            TailItem::Batch(records) => {
                for record in records {
                    let mut entry = self.entry(record, now, unix_now, State::Retained);
                    (self.head, self.head_nonce) = (entry.seq, entry.nonce);
                    if entry.expires <= now {
                        entry.state = State::Expired;
                    } else {
                        self.shared.insert(entry.seq);
                    }
                    self.entries.insert(entry.seq, entry);
                    self.retain(now);
                }
            }
            TailItem::Cleared { topic, through } => {
                self.cleared.push(topic.to_string());
                for entry in self.entries.values_mut() {
                    let asked = entry.topics.iter().any(|it| it == topic.as_str());
                    if !asked || entry.seq > *through {
                        continue;
                    }
                    entry.purged = true;
                    if entry.state != State::Expired {
                        entry.state = State::Cleared;
                        self.shared.remove(&entry.seq);
                    }
                }
            }
            TailItem::Trimmed { first } => {
                self.first = self.first.max(*first);
                self.trimmed = self.trimmed.max(first - 1);
                self.shared.retain(|seq| seq >= first);
                for (_, entry) in self.entries.range_mut(..first) {
                    if entry.state == State::Retained {
                        entry.state = State::Evicted;
                    }
                }
            }
            TailItem::EpochChanged { new, fork_at, .. } => {
                for (_, left_at) in &mut self.ancestors {
                    *left_at = (*left_at).min(*fork_at);
                }
                self.ancestors.push((self.epoch, *fork_at));
                (self.epoch, self.epoch_start) = (*new, *fork_at);
                self.epochs_changed += 1;
                self.trimmed = self.trimmed.min(fork_at - 1);
                let left = self.entries.split_off(fork_at);
                self.shared.retain(|seq| seq < fork_at);
                self.withdrawn.extend(left.into_values());
                self.holes.retain(|(from, _)| from < fork_at);
                for (_, to) in &mut self.holes {
                    *to = (*to).min(fork_at - 1);
                }
                if self.head >= *fork_at {
                    self.head = fork_at - 1;
                    self.head_nonce = self.entries.get(&self.head).map_or(0, |entry| entry.nonce);
                }
            }
            TailItem::Hole { from, to } => {
                self.holes_told.push((*from, *to));
                self.holes.push((*from, *to));
                (self.head, self.head_nonce) = (self.head.max(*to), 0);
            }
            _ => {}
        }
    }

    /// Does what the clock asks for.
    pub(super) fn tick(&mut self, now: u64) {
        for entry in self.entries.values_mut() {
            if entry.state == State::Retained && entry.expires <= now {
                entry.state = State::Expired;
                self.shared.remove(&entry.seq);
            }
        }
        self.retain(now);
    }

    fn retain(&mut self, now: u64) {
        while self.shared.len() > self.rules.count {
            self.shared.pop_first();
        }
        let mut out: Vec<u64> = Vec::new();
        if self.rules.per_topic == 0 {
            let first = self.shared.first().copied().unwrap_or(u64::MAX);
            let before = self.entries.range(..first).rev();
            out.extend(
                before
                    .take_while(|(_, entry)| entry.state != State::Evicted)
                    .filter(|(_, entry)| entry.state == State::Retained)
                    .map(|(seq, _)| *seq),
            );
        } else {
            let is_retained = |entry: &&Entry| entry.state == State::Retained;
            let retained = self.entries.values().filter(is_retained);
            for entry in retained.filter(|entry| !self.shared.contains(&entry.seq)) {
                let is_last = entry.topics.iter().any(|topic| {
                    let later = self.entries.range(entry.seq + 1..).map(|(_, it)| it);
                    let later = later
                        .filter(is_retained)
                        .filter(|it| it.topics.contains(topic));
                    later.count() < self.rules.per_topic
                });
                if !is_last {
                    out.push(entry.seq);
                }
            }
        }
        if let Some(age) = self.rules.age {
            let old = self
                .retained()
                .take_while(|it| now.saturating_sub(it.at) > age);
            out.extend(old.map(|entry| entry.seq));
        }
        for seq in out {
            self.shared.remove(&seq);
            if let Some(entry) = self.entries.get_mut(&seq) {
                entry.state = State::Evicted;
            }
        }
    }

    pub(super) fn retained(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .values()
            .filter(|entry| entry.state == State::Retained)
    }

    /// All that can be replayed, here or from the log itself.
    pub(super) fn readable(&self, now: u64) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.values();
        entries.filter(move |it| it.expires > now && self.is_held(it))
    }

    /// The highest sequence that was taken from these topics other than by its own time.
    pub(super) fn lost(&self, selectors: &[String]) -> u64 {
        // Of what a pattern matched nobody keeps a list.
        let by_topic = self.rules.by_topic && !selectors.iter().any(|it| it.contains('*'));
        let trimmed = if by_topic {
            let topics = selectors.iter();
            let trimmed = topics.filter_map(|it| self.trimmed_before.get(it));
            trimmed.max().copied().unwrap_or(0)
        } else {
            self.trimmed
        };
        let gone = |entry: &&Entry| match entry.state {
            State::Cleared => true,
            State::Expired => false,
            State::Evicted if !self.rules.replay => true,
            _ => by_topic && entry.seq < self.first,
        };
        let entries = self.entries.values().rev().filter(gone);
        let lost = entries
            .filter(|entry| entry.is_for(selectors.iter().map(String::as_str)))
            .map(|entry| entry.seq)
            .next();
        lost.unwrap_or(0).max(trimmed)
    }

    /// Whether all that can be replayed was appended under the present epoch.
    pub(super) fn is_of_one_epoch(&self) -> bool {
        let oldest = if self.rules.replay {
            self.first
        } else {
            self.retained().next().map_or(u64::MAX, |it| it.seq)
        };
        oldest >= self.epoch_start
    }

    /// Whether a position is in this lineage, be it that it was given in an earlier one.
    pub(super) fn has(&self, position: Position) -> bool {
        position.seq <= self.last_shared_with(position.epoch)
    }

    /// The last sequence that is the same in the lineage of another epoch.
    pub(super) fn last_shared_with(&self, epoch: Epoch) -> u64 {
        let ancestor = self.ancestors.iter().find(|it| it.0 == epoch);
        match ancestor {
            _ if epoch == self.epoch => u64::MAX,
            Some((_, fork_at)) => fork_at - 1,
            None => 0,
        }
    }

    /// How many changes of epoch one knows of who knows this epoch.
    pub(super) fn changes_until(&self, epoch: Epoch) -> u64 {
        let later = self.ancestors.iter().rev().position(|it| it.0 == epoch);
        later.map_or(self.epochs_changed, |later| {
            self.epochs_changed.saturating_sub(later as u64 + 1)
        })
    }

    /// Whether an entry can still be read, here or in the log itself.
    pub(super) fn is_held(&self, entry: &Entry) -> bool {
        if self.rules.replay {
            !entry.purged && entry.seq >= self.first
        } else {
            entry.state == State::Retained && self.rules.exact
        }
    }

    pub(super) fn obeys_the_rule(&self, entry: &Entry) -> bool {
        self.rules
            .keep_unless_divisible_by
            .is_none_or(|by| !entry.seq.is_multiple_of(by))
    }
}
