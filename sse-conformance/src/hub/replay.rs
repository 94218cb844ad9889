use std::{
    collections::VecDeque,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use sse_hub::{
    Ack, Draft, Topic,
    provider::{
        AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
        ProviderError, Status, Tail, TailItem,
    },
};

/// A log that says what it is told to say, and takes nothing itself.
#[derive(Clone)]
pub(crate) struct Replay {
    status: Status,
    capabilities: Capabilities,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    items: VecDeque<TailItem>,
    waker: Option<Waker>,
}

impl Replay {
    pub(crate) fn new(status: Status, capabilities: Capabilities) -> Self {
        Self {
            status,
            capabilities,
            told: Arc::default(),
        }
    }

    pub(crate) fn tell(&self, item: TailItem) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.items.push_back(item);
        if let Some(waker) = told.waker.take() {
            waker.wake();
        }
    }
}

impl Provider for Replay {
    fn status(&self) -> Status {
        self.status.clone()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        _ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let refused = batch
            .iter()
            .map(|_| Err(AppendError::new(AppendErrorKind::Failed)))
            .collect();
        Box::pin(ready(refused))
    }

    fn read(&self, from: u64, _limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        Box::pin(ready(Ok(Page {
            records: Vec::new(),
            scanned_through: from,
        })))
    }

    fn tail(&self, _after: u64) -> Tail {
        Box::pin(ReplayTail(Arc::clone(&self.told)))
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        Box::pin(ready(Ok(self.status.head)))
    }

    fn clear(&self, _topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(ready(Ok(())))
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}

struct ReplayTail(Arc<Mutex<Told>>);

impl Stream for ReplayTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match told.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None => {
                told.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
