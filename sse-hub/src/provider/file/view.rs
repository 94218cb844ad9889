use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    lineage::Lineage, recovery::Recovered, segment::Segment, storage::StoredFile, topics::Growing,
    trimmed::Trimmed,
};
use crate::{
    draft::Draft,
    provider::{Status, TailItem, tails::Tails},
    topic::Topic,
};

/// What is on the disk for certain, and may be seen.
#[derive(Debug)]
pub(super) struct View {
    pub(super) lineage: Lineage,
    /// Segments that nothing is appended to any more, ascending.
    pub(super) sealed: VecDeque<Arc<Segment>>,
    pub(super) active: Segment,
    /// The topics of the active one.
    pub(super) topics: Arc<Growing>,
    pub(super) trimmed: Arc<Trimmed>,
    /// Topics whose entries up to a sequence are gone.
    pub(super) cleared: Arc<Cleared>,
    pub(super) tails: Tails,
    pub(super) is_stalled: bool,
}

pub(super) type Cleared = HashMap<Topic, u64>;

/// Where to go on reading.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: Arc<dyn StoredFile>,
    /// The sequence that the file's name says.
    pub(super) first: u64,
    pub(super) salt: u64,
    pub(super) offset: u64,
    pub(super) end: u64,
    /// Up to here the file is read; what comes next is behind it.
    pub(super) through: u64,
    /// Where the entries are that are asked for, or are not far behind; all are if there is no list.
    pub(super) wanted: Option<Vec<(u64, u64)>>,
    pub(super) cleared: Arc<Cleared>,
}

impl View {
    pub(super) fn new(found: Recovered) -> Self {
        let Recovered {
            lineage,
            sealed,
            mut active,
            topics,
            trimmed,
        } = found;
        if active.entries == 0 && active.holes.is_empty() {
            active.last_nonce = sealed.back().map_or(0, |last| last.last_nonce);
        }
        let mut cleared = Cleared::new();
        let all = sealed.iter().chain([&active]);
        for (topic, through) in all.flat_map(|segment| &segment.cleared) {
            cleared.insert(topic.clone(), *through);
        }
        Self {
            lineage,
            sealed: sealed.into_iter().map(Arc::new).collect(),
            active,
            topics: Arc::new(topics),
            trimmed: Arc::new(trimmed),
            cleared: Arc::new(cleared),
            tails: Tails::default(),
            is_stalled: false,
        }
    }

    pub(super) fn status(&self) -> Status {
        Status {
            epoch: self.lineage.epoch,
            epoch_start: self.lineage.start,
            ancestors: self.lineage.ancestors.clone(),
            first: self.first(),
            head: self.active.last,
            head_nonce: self.active.last_nonce,
        }
    }

    pub(super) fn first(&self) -> u64 {
        let oldest = self.sealed.front();
        oldest.map_or(self.active.first, |oldest| oldest.first)
    }

    pub(super) fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.sealed.iter().map(|it| &**it).chain([&self.active])
    }

    /// Where the first entry from `seq` on is; `None` behind the head.
    ///
    /// With topics, only the first entries of theirs are wanted, no more than `most`.
    pub(super) fn place(&self, seq: u64, topics: Option<&[Topic]>, most: usize) -> Option<Place> {
        let index = self.sealed.partition_point(|segment| segment.last < seq);
        let sealed = self.sealed.get(index);
        let segment = sealed.map_or(&self.active, |it| it);
        if segment.last < seq {
            return None;
        }
        let wanted = topics.map(|topics| {
            let first = segment.place_of(seq);
            let places = topics.iter().flat_map(|topic| {
                let places = match sealed {
                    Some(segment) => segment.topics.of(topic.as_str()),
                    None => self.topics.of(topic.as_str()),
                };
                let from = places.partition_point(|it| *it < first);
                places.iter().skip(from).take(most).copied()
            });
            let mut places: Vec<u32> = places.collect();
            places.sort_unstable();
            places.dedup();
            places.truncate(most);
            let seqs = places.into_iter().map(|it| segment.first + u64::from(it));
            seqs.map(|seq| (seq, segment.offset_before(seq))).collect()
        });
        let is_full = |wanted: &&Vec<_>| wanted.len() >= most;
        let last_wanted = wanted.as_ref().filter(is_full).and_then(|it| it.last());
        Some(Place {
            file: Arc::clone(&segment.file),
            first: segment.first,
            salt: segment.salt,
            offset: segment.offset_before(seq),
            end: segment.size,
            through: last_wanted.map_or(segment.last, |&(seq, _)| seq),
            wanted,
            cleared: Arc::clone(&self.cleared),
        })
    }

    /// The last sequence of any of these topics that retention may have removed.
    pub(super) fn trimmed(&self, topics: &[Topic]) -> u64 {
        let topics = topics.iter();
        let trimmed = topics.map(|topic| self.trimmed.of(topic.as_str()));
        trimmed.max().unwrap_or(0)
    }

    /// Opens a tail; it begins with what was so before it.
    pub(super) fn open_tail(&mut self) -> usize {
        let mut items = Vec::new();
        let holes = self.segments().flat_map(|segment| &segment.holes);
        items.extend(holes.map(|&(from, to)| TailItem::Hole { from, to }));
        // Whoever has none of the entries need only know how far any may be gone.
        if let Some((topic, &through)) = self.cleared.iter().max_by_key(|(_, through)| **through) {
            let topic = topic.clone();
            items.push(TailItem::Cleared { topic, through });
        }
        if self.is_stalled {
            items.push(TailItem::Stalled);
        }
        self.tails.open(items)
    }

    pub(super) fn index_bytes(&self) -> u64 {
        let segments: u64 = self.segments().map(Segment::index_bytes).sum();
        segments + self.topics.bytes() + self.trimmed.bytes() + self.tails.bytes()
    }
}

/// Whether an entry is gone with one of its topics.
pub(super) fn is_cleared(cleared: &Cleared, seq: u64, draft: &Draft) -> bool {
    let gone = |topic| cleared.get(topic).is_some_and(|&through| seq <= through);
    !cleared.is_empty() && draft.topics.iter().any(gone)
}
