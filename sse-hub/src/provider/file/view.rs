use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{lineage::Lineage, segment::Segment, storage::StoredFile};
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
    /// The last sequence in the file.
    pub(super) last: u64,
    pub(super) cleared: Arc<Cleared>,
}

impl View {
    pub(super) fn new(lineage: Lineage, sealed: VecDeque<Segment>, mut active: Segment) -> Self {
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
    pub(super) fn place(&self, seq: u64) -> Option<Place> {
        let segment = self.segments().find(|segment| segment.last >= seq)?;
        Some(Place {
            file: Arc::clone(&segment.file),
            first: segment.first,
            salt: segment.salt,
            offset: segment.offset_before(seq),
            end: segment.size,
            last: segment.last,
            cleared: Arc::clone(&self.cleared),
        })
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
        segments + self.tails.bytes()
    }
}

/// Whether an entry is gone with one of its topics.
pub(super) fn is_cleared(cleared: &Cleared, seq: u64, draft: &Draft) -> bool {
    let gone = |topic| cleared.get(topic).is_some_and(|&through| seq <= through);
    !cleared.is_empty() && draft.topics.iter().any(gone)
}
