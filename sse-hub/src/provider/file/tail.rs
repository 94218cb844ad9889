use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;

use super::{promise::Answer, shared::Shared};
use crate::{
    provider::{Page, ProviderError, TailItem},
    sync::lock,
};

/// What happens to a log from a sequence on.
pub(super) struct FileTail {
    shared: Arc<Shared>,
    key: usize,
    /// Entries from here on, up to what was there when this was opened, have yet to be read.
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

    /// Reads what was there before; `None` if there is no more of it.
    fn poll_older(&mut self, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        while self.next <= self.through {
            let (shared, next) = (&self.shared, self.next);
            let reading = self.reading.get_or_insert_with(|| shared.read(next, PAGE));
            let Poll::Ready(page) = Pin::new(reading).poll(cx) else {
                return Poll::Pending;
            };
            self.reading = None;
            let Some(Ok(mut page)) = page else {
                let (from, to) = (self.next, self.through);
                self.next = self.through + 1;
                return Poll::Ready(Some(TailItem::Hole { from, to }));
            };
            page.records.retain(|record| record.seq <= self.through);
            self.next = page.scanned_through.max(self.next) + 1;
            if !page.records.is_empty() {
                return Poll::Ready(Some(TailItem::Batch(page.records)));
            }
        }
        Poll::Ready(None)
    }
}

impl Stream for FileTail {
    type Item = TailItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        match self.poll_older(cx) {
            Poll::Ready(None) => {}
            other => return other,
        }
        let mut view = lock(&self.shared.view);
        let Some(pending) = view.tails.get_mut(self.key) else {
            return Poll::Ready(None);
        };
        if let Some(item) = pending.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        match &pending.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => pending.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for FileTail {
    fn drop(&mut self) {
        let gone = lock(&self.shared.view).tails.try_remove(self.key);
        // A waker may own what owns this log.
        drop(gone);
    }
}
