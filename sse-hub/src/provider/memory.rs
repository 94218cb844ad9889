use std::{
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_core::Stream;
use slab::Slab;

use super::{
    Ack, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
    ProviderError, Record, Status, Tail, TailItem, backlog::Backlog,
    idempotency_keys::IdempotencyKeys,
};
use crate::{
    clock::Clock,
    draft::Draft,
    nonces::Nonces,
    position::Epoch,
    sync::{Mutex, lock},
    topic::Topic,
};

/// A log in this process alone: it begins anew, under a new epoch, with every start.
///
/// It numbers entries and hands them to the hub, whose retention is all that is kept.
/// A clone is the same log: each hub or namespace over it sees everything from when it began.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    epoch: Epoch,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    head: u64,
    head_nonce: u32,
    nonces: Nonces,
    tails: Slab<Backlog>,
    keys: IdempotencyKeys,
}

impl Memory {
    /// Begins a log.
    pub fn new(clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                epoch: Epoch::random(),
                clock,
                state: Mutex::new(State {
                    head: 0,
                    head_nonce: 0,
                    nonces: Nonces::default(),
                    tails: Slab::new(),
                    keys: IdempotencyKeys::default(),
                }),
            }),
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("epoch", &self.shared.epoch)
            .finish_non_exhaustive()
    }
}

impl Provider for Memory {
    fn status(&self) -> Status {
        let state = lock(&self.shared.state);
        Status {
            epoch: self.shared.epoch,
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: state.head,
            head_nonce: state.head_nonce,
        }
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        if ack > Ack::Accepted {
            let refused = batch
                .iter()
                .map(|_| Err(AppendError::new(AppendErrorKind::Unsupported)))
                .collect();
            return Box::pin(ready(refused));
        }
        let (now, time) = (self.shared.clock.now(), self.shared.clock.unix_millis());
        let (answers, wakers) = {
            let mut state = lock(&self.shared.state);
            let (answers, records) = state.append(batch, now, time);
            let told = (!records.is_empty()).then(|| state.tell(TailItem::Batch(records)));
            (answers, told.unwrap_or_default())
        };
        wake(wakers);
        Box::pin(ready(answers))
    }

    fn read(&self, from: u64, _limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let page = Page {
            records: Vec::new(),
            scanned_through: from,
        };
        Box::pin(ready(Ok(page)))
    }

    fn tail(&self, after: u64) -> Tail {
        let mut state = lock(&self.shared.state);
        let mut pending = Backlog::default();
        if after < state.head {
            // What was handed out before is kept by nobody here.
            let (from, to) = (after + 1, state.head);
            pending.push(TailItem::Hole { from, to });
        }
        Box::pin(MemoryTail {
            shared: Arc::clone(&self.shared),
            key: state.tails.insert(pending),
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let head = lock(&self.shared.state).head;
        Box::pin(ready(Ok(head)))
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        let wakers = {
            let mut state = lock(&self.shared.state);
            let through = state.head;
            state.tell(TailItem::Cleared { topic, through })
        };
        wake(wakers);
        Box::pin(ready(Ok(())))
    }

    fn index_bytes(&self) -> u64 {
        let mut state = lock(&self.shared.state);
        // Asked from time to time, also where nobody comes with a key any more.
        state.keys.forget_old(self.shared.clock.now());
        let pending: u64 = state.tails.iter().map(|(_, tail)| tail.bytes()).sum();
        state.keys.bytes() + pending
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
    }
}

impl State {
    fn append(
        &mut self,
        batch: Vec<Draft>,
        now: Duration,
        time: u64,
    ) -> (Vec<Result<Appended, AppendError>>, Vec<Record>) {
        let mut records = Vec::with_capacity(batch.len());
        let mut answers = Vec::with_capacity(batch.len());
        for draft in batch {
            if let Some((seq, nonce)) = draft
                .idempotency_key
                .as_ref()
                .and_then(|key| self.keys.get(key, now))
            {
                answers.push(Ok(Appended {
                    seq,
                    nonce,
                    duplicate: true,
                }));
                continue;
            }
            let (seq, nonce) = (self.head + 1, self.nonces.next());
            (self.head, self.head_nonce) = (seq, nonce);
            if let Some(key) = &draft.idempotency_key {
                self.keys.insert(key.clone(), (seq, nonce), now);
            }
            records.push(Record {
                seq,
                nonce,
                time,
                draft,
            });
            answers.push(Ok(Appended {
                seq,
                nonce,
                duplicate: false,
            }));
        }
        (answers, records)
    }

    /// Leaves this to all tails; returns who is to be woken for it.
    fn tell(&mut self, item: TailItem) -> Woken {
        let mut wakers = (None, Vec::new());
        let last = self.tails.len().saturating_sub(1);
        let mut item = Some(item);
        for (index, (_, tail)) in self.tails.iter_mut().enumerate() {
            // Nearly always there is only one, which takes it without a copy.
            let own = if index == last {
                item.take()
            } else {
                item.clone()
            };
            if let Some(own) = own {
                tail.push(own);
            }
            match tail.waker.take() {
                Some(waker) if wakers.0.is_none() => wakers.0 = Some(waker),
                other => wakers.1.extend(other),
            }
        }
        wakers
    }
}

/// Who is to be woken: nearly always one, which needs no memory of its own.
type Woken = (Option<Waker>, Vec<Waker>);

fn wake((first, rest): Woken) {
    first.into_iter().chain(rest).for_each(Waker::wake);
}

struct MemoryTail {
    shared: Arc<Shared>,
    key: usize,
}

impl Stream for MemoryTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let mut state = lock(&self.shared.state);
        let Some(pending) = state.tails.get_mut(self.key) else {
            return Poll::Ready(None);
        };
        if let Some(item) = pending.pop() {
            return Poll::Ready(Some(item));
        }
        match &pending.waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            _ => pending.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for MemoryTail {
    fn drop(&mut self) {
        let gone = lock(&self.shared.state).tails.try_remove(self.key);
        // A waker may own what owns this log.
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_that_nobody_reads_holds_so_much_and_tells_what_it_left_out() {
        let memory = Memory::new(Clock::manual());
        let mut tail = memory.tail(0);
        let mut next = || match tail
            .as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        };
        let topic: Topic = "a".try_into().unwrap();
        let publish = || {
            let draft = Draft::new("a", sse_core::Event::new("x")).unwrap();
            drop(memory.append(vec![draft], Ack::Accepted));
        };
        for n in 1..=Backlog::MAX_ENTRIES as u64 {
            publish();
            if n == 5 {
                drop(memory.clear(topic.clone()));
            }
        }
        let held = memory.index_bytes();
        assert!(held > 0);
        publish();
        assert_eq!(memory.index_bytes(), 0);
        publish();
        let (from, to) = (1, Backlog::MAX_ENTRIES as u64 + 1);
        assert_eq!(next(), Some(TailItem::Hole { from, to }));
        assert_eq!(next(), Some(TailItem::Cleared { topic, through: 5 }));
        assert!(matches!(next(), Some(TailItem::Batch(records)) if records[0].seq == to + 1));
        assert_eq!((next(), memory.index_bytes()), (None, 0));
        // Whoever has begun to read may be late.
        (0..=Backlog::MAX_ENTRIES).for_each(|_| publish());
        assert!(matches!(next(), Some(TailItem::Batch(_))));
    }
}
