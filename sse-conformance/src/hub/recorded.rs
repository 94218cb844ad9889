use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use sse_core::EventId;
use sse_hub::{
    Ack, Draft, Topic,
    provider::{
        AppendError, Appended, BoxFuture, Capabilities, Page, Provider, ProviderError, Status,
        Tail, TailItem,
    },
};

use super::record::{Happened, Record};

/// A provider whose tail is noted in a record before the hub has it.
pub(crate) struct Recorded {
    inner: Arc<dyn Provider>,
    record: Record,
    hub: usize,
}

impl Recorded {
    pub(crate) fn new(inner: Arc<dyn Provider>, record: Record, hub: usize) -> Self {
        Self { inner, record, hub }
    }
}

impl Provider for Recorded {
    fn status(&self) -> Status {
        self.inner.status()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        self.inner.append(batch, ack)
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        self.inner.read(from, limit)
    }

    fn read_topics(
        &self,
        topics: &[Topic],
        from: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page, ProviderError>> {
        self.inner.read_topics(topics, from, limit)
    }

    fn trimmed(&self, topics: &[Topic]) -> u64 {
        self.inner.trimmed(topics)
    }

    fn find(&self, own_id: &EventId) -> BoxFuture<'_, Result<Option<u64>, ProviderError>> {
        self.inner.find(own_id)
    }

    fn tail(&self, after: u64) -> Tail {
        Box::pin(RecordedTail {
            inner: self.inner.tail(after),
            record: self.record.clone(),
            hub: self.hub,
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        self.inner.head()
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        self.inner.clear(topic)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

struct RecordedTail {
    inner: Tail,
    record: Record,
    hub: usize,
}

impl Stream for RecordedTail {
    type Item = TailItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let item = ready!(self.inner.as_mut().poll_next(cx));
        if let Some(item) = &item {
            self.record.note(Happened::Told {
                hub: self.hub,
                item: item.clone(),
            });
        }
        Poll::Ready(item)
    }
}
