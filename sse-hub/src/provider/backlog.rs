use std::{collections::VecDeque, task::Waker};

use bytes::Bytes;

use super::{Record, TailItem};

/// What one tail has not yet given out.
#[derive(Default)]
pub(super) struct Backlog {
    items: VecDeque<TailItem>,
    /// The entries among it, and about how much memory they take.
    entries: usize,
    bytes: u64,
    /// Whether anybody has begun to take out what there is.
    is_read: bool,
    pub(super) waker: Option<Waker>,
}

impl Backlog {
    /// What is held for a hub that has not begun: beyond that it is told that entries are missing.
    ///
    /// One that has begun takes out what comes as fast as its thread may run, and loses nothing.
    pub(super) const MAX_ENTRIES: usize = 10_000;
    pub(super) const MAX_BYTES: u64 = 64 * 1024 * 1024;

    pub(super) fn push(&mut self, item: TailItem) {
        if let TailItem::Batch(records) = &item {
            self.entries += records.len();
            self.bytes += bytes_of(records);
        }
        self.items.push_back(item);
        let is_over = self.entries > Self::MAX_ENTRIES || self.bytes > Self::MAX_BYTES;
        if is_over && !self.is_read {
            self.leave_out();
        }
    }

    pub(super) fn pop(&mut self) -> Option<TailItem> {
        self.is_read = true;
        let item = self.items.pop_front()?;
        if let TailItem::Batch(records) = &item {
            self.entries -= records.len();
            self.bytes -= bytes_of(records);
        }
        Some(item)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts one hole in the place of all entries; what else happened stays.
    fn leave_out(&mut self) {
        let mut missing: Option<(u64, u64)> = None;
        self.items.retain(|item| {
            let (first, last) = match item {
                TailItem::Batch(records) => match (records.first(), records.last()) {
                    (Some(first), Some(last)) => (first.seq, last.seq),
                    _ => return false,
                },
                TailItem::Hole { from, to } => (*from, *to),
                _ => return true,
            };
            missing =
                Some(missing.map_or((first, last), |(from, to)| (from.min(first), to.max(last))));
            false
        });
        if let Some((from, to)) = missing {
            self.items.push_front(TailItem::Hole { from, to });
        }
        (self.entries, self.bytes) = (0, 0);
    }
}

fn bytes_of(records: &[Record]) -> u64 {
    let of = |record: &Record| {
        let draft = &record.draft;
        let data = draft.event.data.as_ref().map_or(0, |data| data.len());
        let attached = draft.attachment.as_ref().map_or(0, Bytes::len);
        size_of::<Record>() + data + attached
    };
    records.iter().map(of).sum::<usize>() as u64
}
