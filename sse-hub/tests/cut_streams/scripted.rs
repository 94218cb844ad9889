//! A provider that can fork, leave entries out, and be behind its engine.

use std::{
    collections::VecDeque,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use sse_hub::{
    Ack, Draft, Epoch, Topic,
    provider::{
        AppendError, Appended, BoxFuture, Capabilities, Page, Provider, ProviderError, Record,
        Status, Tail, TailItem,
    },
};
use tokio_stream::Stream;

#[derive(Clone)]
pub(crate) struct Scripted {
    state: Arc<Mutex<State>>,
}

struct State {
    epoch: Epoch,
    head: u64,
    pending: VecDeque<TailItem>,
    waker: Option<Waker>,
    held_back: bool,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        let state = State {
            epoch: Epoch::random(),
            head: 0,
            pending: VecDeque::new(),
            waker: None,
            held_back: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Keeps from the tail what the engine has from now on.
    pub(crate) fn hold_back(&self) {
        self.state.lock().unwrap().held_back = true;
    }

    /// Lets the tail catch up.
    pub(crate) fn release(&self) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            state.held_back = false;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Forgets the last entries, as an engine that was restored.
    pub(crate) fn lose(&self, entries: u64) {
        let mut state = self.state.lock().unwrap();
        state.head -= entries;
        state.pending.clear();
    }

    /// Loses entries that nobody has seen.
    pub(crate) fn leave_out(&self, entries: u64) {
        self.tell(|state| {
            let from = state.head + 1;
            state.head += entries;
            TailItem::Hole {
                from,
                to: state.head,
            }
        });
    }

    /// Goes on under another epoch that shares what is before `fork_at`.
    pub(crate) fn fork(&self, fork_at: u64) {
        self.tell(|state| {
            let old = state.epoch;
            state.epoch = Epoch::random();
            state.head = fork_at - 1;
            TailItem::EpochChanged {
                old,
                new: state.epoch,
                fork_at,
            }
        });
    }

    fn tell(&self, item: impl FnOnce(&mut State) -> TailItem) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            let item = item(&mut state);
            state.pending.push_back(item);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Another one with every lineage.
fn nonce(epoch: Epoch, seq: u64) -> u32 {
    let digits = epoch.as_str().bytes().map(u32::from);
    let lineage = digits.fold(7, |hash: u32, digit| {
        hash.wrapping_mul(31).wrapping_add(digit)
    });
    lineage.wrapping_mul(u32::try_from(seq).unwrap_or(0) + 1) | 1
}

impl Provider for Scripted {
    fn status(&self) -> Status {
        let state = self.state.lock().unwrap();
        Status {
            epoch: state.epoch,
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: state.head,
            head_nonce: 0,
        }
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        _: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let mut answers = Vec::new();
        for draft in batch {
            self.tell(|state| {
                state.head += 1;
                let (seq, nonce) = (state.head, nonce(state.epoch, state.head));
                answers.push(Ok(Appended {
                    seq,
                    nonce,
                    duplicate: false,
                }));
                TailItem::Batch(vec![Record::new(seq, nonce, 0, draft)])
            });
        }
        Box::pin(ready(answers))
    }

    fn read(&self, from: u64, _: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        Box::pin(ready(Ok(Page {
            records: Vec::new(),
            scanned_through: from,
        })))
    }

    fn tail(&self, _: u64) -> Tail {
        Box::pin(ScriptedTail(Arc::clone(&self.state)))
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let head = self.state.lock().unwrap().head;
        Box::pin(ready(Ok(head)))
    }

    fn clear(&self, _: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(ready(Ok(())))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().tail_is_head(false)
    }
}

struct ScriptedTail(Arc<Mutex<State>>);

impl Stream for ScriptedTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let mut state = self.0.lock().unwrap();
        if !state.held_back
            && let Some(item) = state.pending.pop_front()
        {
            return Poll::Ready(Some(item));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
