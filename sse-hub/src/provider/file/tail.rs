use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;

use super::{promise::Answer, shared::Shared};
use crate::{
    provider::{Page, ProviderError, TailItem, backlog::Pending},
    sync::lock,
};

/// What happens to a log from a sequence on.
pub(super) struct FileTail {
    shared: Arc<Shared>,
    key: usize,
    /// Entries from here on, up to there, are read from the disk before anything else: those from
    /// before this was opened, or those that were left out since nobody read.
    next: u64,
    through: u64,
    reading: Option<Answer<Result<Page, ProviderError>>>,
}

/// Entries read at once.
const PAGE: usize = 256;

impl FileTail {
    pub(super) fn open(shared: &Arc<Shared>, after: u64) -> Self {
        let (key, through) = {
            let mut view = lock(&shared.view);
            (view.open_tail(), view.active.last)
        };
        Self {
            shared: Arc::clone(shared),
            key,
            next: after.saturating_add(1),
            through,
            reading: None,
        }
    }

    /// Reads what is to come from the disk; `None` if there is no more of it.
    fn poll_older(&mut self, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        while self.next <= self.through {
            let (shared, next) = (&self.shared, self.next);
            let reading = self.reading.get_or_insert_with(|| shared.read(next, PAGE));
            let page = ready!(Pin::new(reading).poll(cx));
            self.reading = None;
            let Some(Ok(mut page)) = page else {
                return Poll::Ready(Some(self.hole(self.through)));
            };
            let first = lock(&self.shared.view).first();
            if self.next < first {
                // Retention has removed files in the meantime, so this page may have gaps.
                return Poll::Ready(Some(self.hole(self.through.min(first - 1))));
            }
            self.next = page.scanned_through.max(self.next) + 1;
            page.records.retain(|record| record.seq <= self.through);
            if !page.records.is_empty() {
                return Poll::Ready(Some(TailItem::Batch(page.records)));
            }
        }
        Poll::Ready(None)
    }

    /// Tells that what was to be read next is missing.
    fn hole(&mut self, to: u64) -> TailItem {
        let from = self.next;
        self.next = to + 1;
        TailItem::Hole { from, to }
    }
}

impl Stream for FileTail {
    type Item = TailItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        loop {
            if let Some(item) = ready!(self.poll_older(cx)) {
                return Poll::Ready(Some(item));
            }
            let next = ready!(lock(&self.shared.view).tails.poll_next(self.key, cx));
            match next {
                Some(Pending::LeftOut { from, to }) => (self.next, self.through) = (from, to),
                Some(Pending::Item(item)) => return Poll::Ready(Some(item)),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for FileTail {
    fn drop(&mut self) {
        let gone = lock(&self.shared.view).tails.close(self.key);
        drop(gone);
    }
}
