use std::{
    collections::VecDeque,
    fmt,
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use sse_core::EventId;

use super::{
    Ack, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
    ProviderError, Status, Tail, TailItem,
};
use crate::{
    draft::Draft,
    sync::{Mutex, lock},
    topic::Topic,
};

/// Another provider that misbehaves on command: for tests of what is built on a hub.
///
/// A clone obeys, and gives, the same commands.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use sse_hub::{Clock, Event, Hub, PublishErrorKind};
/// use sse_hub::provider::{AppendErrorKind, Memory, Scripted};
///
/// let scripted = Scripted::new(Arc::new(Memory::new(Clock::system())));
/// let provider = scripted.clone();
/// let hub = Hub::builder().provider(move |_| Arc::new(provider.clone())).build();
///
/// scripted.fail_appends(1, AppendErrorKind::OutcomeUnknown);
/// let error = hub.publish("a", Event::new("x")).await.unwrap_err();
/// assert_eq!(error.kind(), PublishErrorKind::OutcomeUnknown);
/// assert_eq!(hub.publish("a", Event::new("x")).await.unwrap().seq(), 1);
/// # });
/// ```
#[derive(Clone)]
pub struct Scripted {
    inner: Arc<dyn Provider>,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    failing: usize,
    kind: Option<AppendErrorKind>,
    held: bool,
    losing: usize,
    said: VecDeque<TailItem>,
    unreachable: bool,
    waker: Option<Waker>,
}

impl Scripted {
    /// Begins with a provider that does what it should.
    pub fn new(inner: Arc<dyn Provider>) -> Self {
        Self {
            inner,
            script: Arc::default(),
        }
    }

    fn command(&self, give: impl FnOnce(&mut Script)) {
        let waker = {
            let mut script = lock(&self.script);
            give(&mut script);
            script.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Lets the next batches fail; none of them reaches the log.
    pub fn fail_appends(&self, batches: usize, kind: AppendErrorKind) {
        self.command(|script| (script.failing, script.kind) = (batches, Some(kind)));
    }

    /// Holds back what the tail would bring: entries are acknowledged and not visible.
    pub fn hold_tail(&self) {
        self.command(|script| script.held = true);
    }

    /// Lets the tail bring what was held back.
    pub fn release_tail(&self) {
        self.command(|script| script.held = false);
    }

    /// Loses the next entries of the tail, and tells so as a hole.
    pub fn lose_tail(&self, entries: usize) {
        self.command(|script| script.losing += entries);
    }

    /// Cannot be reached, and tells so: reads and appends fail.
    pub fn stall(&self) {
        self.command(|script| {
            script.unreachable = true;
            script.said.push_back(TailItem::Stalled);
        });
    }

    /// Can be reached again, and tells so.
    pub fn recover(&self) {
        self.command(|script| {
            script.unreachable = false;
            script.said.push_back(TailItem::Resumed);
        });
    }

    fn refusal(&self) -> Option<AppendErrorKind> {
        let mut script = lock(&self.script);
        if script.unreachable {
            return Some(AppendErrorKind::Failed);
        }
        script.failing = script.failing.checked_sub(1)?;
        script.kind
    }
}

impl Provider for Scripted {
    fn status(&self) -> Status {
        self.inner.status()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        match self.refusal() {
            Some(kind) => Box::pin(ready(
                batch.iter().map(|_| Err(AppendError::new(kind))).collect(),
            )),
            None => self.inner.append(batch, ack),
        }
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        if lock(&self.script).unreachable {
            return Box::pin(ready(Err(ProviderError::new("scripted"))));
        }
        self.inner.read(from, limit)
    }

    fn read_topics(
        &self,
        topics: &[Topic],
        from: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page, ProviderError>> {
        if lock(&self.script).unreachable {
            return Box::pin(ready(Err(ProviderError::new("scripted"))));
        }
        self.inner.read_topics(topics, from, limit)
    }

    fn trimmed(&self, topics: &[Topic]) -> u64 {
        self.inner.trimmed(topics)
    }

    fn find(&self, own_id: &EventId) -> BoxFuture<'_, Result<Option<u64>, ProviderError>> {
        if lock(&self.script).unreachable {
            return Box::pin(ready(Err(ProviderError::new("scripted"))));
        }
        self.inner.find(own_id)
    }

    fn tail(&self, after: u64) -> Tail {
        let (inner, script) = (self.inner.tail(after), Arc::clone(&self.script));
        Box::pin(ScriptedTail { inner, script })
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        if lock(&self.script).unreachable {
            return Box::pin(ready(Err(ProviderError::new("scripted"))));
        }
        self.inner.head()
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        self.inner.clear(topic)
    }

    fn index_bytes(&self) -> u64 {
        self.inner.index_bytes()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

struct ScriptedTail {
    inner: Tail,
    script: Arc<Mutex<Script>>,
}

impl Stream for ScriptedTail {
    type Item = TailItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let script = Arc::clone(&self.script);
        let mut script = lock(&script);
        script.waker = Some(cx.waker().clone());
        if let Some(item) = script.said.pop_front() {
            return Poll::Ready(Some(item));
        }
        if script.held {
            return Poll::Pending;
        }
        match self.inner.as_mut().poll_next(cx) {
            Poll::Ready(Some(TailItem::Batch(mut records))) if script.losing > 0 => {
                let lost: Vec<_> = records.drain(..script.losing.min(records.len())).collect();
                script.losing -= lost.len();
                if !records.is_empty() {
                    script.said.push_back(TailItem::Batch(records));
                }
                let hole = lost
                    .first()
                    .zip(lost.last())
                    .map(|(first, last)| (first.seq, last.seq));
                Poll::Ready(hole.map(|(from, to)| TailItem::Hole { from, to }))
            }
            other => other,
        }
    }
}
