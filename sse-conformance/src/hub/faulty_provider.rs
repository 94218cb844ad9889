use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use sse_core::EventId;
use sse_hub::{
    Ack, Draft, Topic,
    provider::{
        AppendError, Appended, BoxFuture, Capabilities, Page, Provider, ProviderError, Record,
        Status, Tail, TailItem,
    },
};

use super::{dice::Dice, fault::Fault};

/// A provider with one fault planted in it.
pub(crate) struct FaultyProvider {
    inner: Arc<dyn Provider>,
    fault: Fault,
    state: Arc<Mutex<State>>,
}

struct State {
    dice: Dice,
    /// Entries that become visible although the log has not told them.
    early: VecDeque<Record>,
    waker: Option<Waker>,
    last: (u64, u32),
}

impl FaultyProvider {
    pub(crate) fn new(inner: Arc<dyn Provider>, fault: Fault, seed: u64) -> Self {
        let state = State {
            dice: Dice::new(seed),
            early: VecDeque::new(),
            waker: None,
            last: (0, 0),
        };
        Self {
            inner,
            fault,
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for FaultyProvider {
    fn status(&self) -> Status {
        self.inner.status()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let strikes = batch.len() == 1 && self.state().dice.one_in(20);
        if strikes && self.fault == Fault::AckedTooEarly && batch[0].idempotency_key.is_none() {
            return Box::pin(async move {
                let (seq, nonce) = self.state().last;
                vec![Ok(Appended {
                    seq: seq + 1,
                    nonce: nonce.wrapping_add(1),
                    duplicate: false,
                })]
            });
        }
        Box::pin(async move {
            let drafts = batch.clone();
            let answers = self.inner.append(batch, ack).await;
            let mut state = self.state();
            for (draft, answer) in drafts.into_iter().zip(&answers) {
                let Ok(appended) = answer else { continue };
                state.last = (appended.seq, appended.nonce);
                if strikes && self.fault == Fault::VisibleTooEarly && !appended.duplicate {
                    let (seq, nonce) = (appended.seq, appended.nonce);
                    let record = Record::new(seq, nonce, super::oracle::UNIX_START, draft);
                    state.early.push_back(record);
                    if let Some(waker) = state.waker.take() {
                        waker.wake();
                    }
                }
            }
            answers
        })
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
        Box::pin(FaultyTail {
            inner: self.inner.tail(after),
            fault: self.fault,
            state: Arc::clone(&self.state),
            shown: Vec::new(),
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

struct FaultyTail {
    inner: Tail,
    fault: Fault,
    state: Arc<Mutex<State>>,
    shown: Vec<u64>,
}

impl Stream for FaultyTail {
    type Item = TailItem;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let this = &mut *self;
        let mut state = this.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = state.early.pop_front() {
            this.shown.push(record.seq);
            return Poll::Ready(Some(TailItem::Batch(vec![record])));
        }
        if this.shown.last().is_some_and(|&seq| seq == state.last.0) {
            // The log itself is asked only when something else was appended.
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        loop {
            state.waker = Some(cx.waker().clone());
            match this.inner.as_mut().poll_next(cx) {
                Poll::Ready(Some(TailItem::Batch(mut records))) => {
                    records.retain(|record| !this.shown.contains(&record.seq));
                    if this.fault == Fault::TailDrops && records.len() == 1 && state.dice.one_in(20)
                    {
                        records.clear();
                    }
                    if !records.is_empty() {
                        return Poll::Ready(Some(TailItem::Batch(records)));
                    }
                }
                other => return other,
            }
        }
    }
}
