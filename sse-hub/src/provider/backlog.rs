use std::{collections::VecDeque, mem, task::Waker};

use bytes::Bytes;

use super::{Record, TailItem};

/// What one tail has not yet given out.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    items: VecDeque<Pending>,
    /// The entries and whatever else is among it, and about how much memory they take.
    count: usize,
    bytes: u64,
    /// Whether anybody has begun to take out what there is.
    is_read: bool,
    pub(super) waker: Option<Waker>,
}

/// Something that a tail has yet to give out.
#[derive(Debug)]
pub(super) enum Pending {
    Item(TailItem),
    /// Entries that were appended, but are not held here.
    LeftOut {
        from: u64,
        to: u64,
    },
}

impl Backlog {
    /// What is held for a hub that has not begun to read: beyond that entries are left out.
    ///
    /// One that has begun takes out what comes as fast as its thread may run.
    pub(super) const MAX_COUNT: usize = 10_000;
    pub(super) const MAX_BYTES: u64 = 64 * 1024 * 1024;

    /// Adds an item, and returns the entries that are left out for it.
    ///
    /// They are to be dropped where nothing is locked: what a publisher put beside them runs its own code then.
    #[must_use]
    pub(super) fn push(&mut self, item: TailItem) -> Vec<Record> {
        self.hold(Pending::Item(item));
        let is_over = self.count > Self::MAX_COUNT || self.bytes > Self::MAX_BYTES;
        if is_over && !self.is_read {
            return self.leave_out();
        }
        Vec::new()
    }

    pub(super) fn pop(&mut self) -> Option<Pending> {
        self.is_read = true;
        let item = self.items.pop_front()?;
        self.count -= item.count();
        self.bytes -= item.bytes();
        Some(item)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn hold(&mut self, item: Pending) {
        self.count += item.count();
        self.bytes += item.bytes();
        self.items.push_back(item);
    }

    /// Lets go of all entries, and of what is so no longer or follows from what is.
    fn leave_out(&mut self) -> Vec<Record> {
        let (mut left_out, mut missing) = (Vec::new(), None);
        let mut miss = |first: u64, last: u64| {
            let (from, _) = missing.unwrap_or((first, last));
            missing = Some((from, last));
        };
        let (mut cleared, mut trimmed, mut stalled) = (None, None, None);
        (self.count, self.bytes) = (0, 0);
        for item in mem::take(&mut self.items) {
            match item {
                Pending::LeftOut { from, to } => miss(from, to),
                Pending::Item(TailItem::Batch(mut records)) => {
                    if let (Some(first), Some(last)) = (records.first(), records.last()) {
                        miss(first.seq, last.seq);
                    }
                    left_out.append(&mut records);
                }
                // Who has none of the entries need only know how far any may be gone.
                Pending::Item(TailItem::Cleared { .. }) => cleared = Some(item),
                Pending::Item(TailItem::Trimmed { .. }) => trimmed = Some(item),
                Pending::Item(TailItem::Stalled | TailItem::Resumed) => stalled = Some(item),
                Pending::Item(_) => self.hold(item),
            }
        }
        if let Some((from, to)) = missing {
            self.hold(Pending::LeftOut { from, to });
        }
        let last = [cleared, trimmed, stalled];
        last.into_iter().flatten().for_each(|item| self.hold(item));
        left_out
    }
}

impl Pending {
    fn count(&self) -> usize {
        match self {
            Self::Item(TailItem::Batch(records)) => records.len(),
            _ => 1,
        }
    }

    fn bytes(&self) -> u64 {
        let own = size_of::<Self>();
        let more = match self {
            Self::Item(TailItem::Batch(records)) => records.iter().map(bytes_of).sum(),
            Self::Item(TailItem::Cleared { topic, .. }) => topic.as_str().len(),
            _ => 0,
        };
        (own + more) as u64
    }
}

fn bytes_of(record: &Record) -> usize {
    let draft = &record.draft;
    let data = draft.event.data.as_ref().map_or(0, |data| data.len());
    let attached = draft.attachment.as_ref().map_or(0, Bytes::len);
    size_of::<Record>() + data + attached
}
