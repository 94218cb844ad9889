use std::{
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;

use super::{
    Ack, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
    ProviderError, Record, Status, Tail, TailItem,
    backlog::Pending,
    idempotency_keys::IdempotencyKeys,
    tails::{Tails, Woken},
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
    tails: Tails,
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
                    tails: Tails::default(),
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
        let mut woken = Woken::default();
        let answers = {
            let mut state = lock(&self.shared.state);
            let (answers, records) = state.append(batch, now, time);
            if !records.is_empty() {
                state.tails.tell(TailItem::Batch(records), &mut woken);
            }
            answers
        };
        woken.wake();
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
        // What was handed out before is kept by nobody here.
        let (from, to) = (after.saturating_add(1), state.head);
        let before = (from <= to).then_some(TailItem::Hole { from, to });
        Box::pin(MemoryTail {
            shared: Arc::clone(&self.shared),
            key: state.tails.open(before),
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let head = lock(&self.shared.state).head;
        Box::pin(ready(Ok(head)))
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        let mut woken = Woken::default();
        {
            let mut state = lock(&self.shared.state);
            let through = state.head;
            let item = TailItem::Cleared { topic, through };
            state.tails.tell(item, &mut woken);
        }
        woken.wake();
        Box::pin(ready(Ok(())))
    }

    fn index_bytes(&self) -> u64 {
        let mut state = lock(&self.shared.state);
        // Asked from time to time, also where nobody comes with a key any more.
        state.keys.forget_old(self.shared.clock.now());
        state.keys.bytes() + state.tails.bytes()
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
}

struct MemoryTail {
    shared: Arc<Shared>,
    key: usize,
}

impl Stream for MemoryTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let next = lock(&self.shared.state).tails.poll_next(self.key, cx);
        next.map(|next| {
            next.map(|next| match next {
                Pending::Item(item) => item,
                // They are nowhere else.
                Pending::LeftOut { from, to } => TailItem::Hole { from, to },
            })
        })
    }
}

impl Drop for MemoryTail {
    fn drop(&mut self) {
        let gone = lock(&self.shared.state).tails.close(self.key);
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::provider::backlog::Backlog;

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
        for n in 1..Backlog::MAX_COUNT as u64 {
            publish();
            if n == 5 {
                drop(memory.clear(topic.clone()));
            }
        }
        let held = memory.index_bytes();
        assert!(held > 100 * 1024, "{held}");
        publish();
        assert!(memory.index_bytes() < 1024);
        publish();
        let (from, to) = (1, Backlog::MAX_COUNT as u64);
        assert_eq!(next(), Some(TailItem::Hole { from, to }));
        assert_eq!(next(), Some(TailItem::Cleared { topic, through: 5 }));
        assert!(matches!(next(), Some(TailItem::Batch(records)) if records[0].seq == to + 1));
        assert_eq!((next(), memory.index_bytes()), (None, 0));
        // Whoever has begun to read may be late.
        (0..=Backlog::MAX_COUNT).for_each(|_| publish());
        assert!(matches!(next(), Some(TailItem::Batch(_))));
    }

    #[test]
    fn what_is_left_out_is_dropped_where_nothing_is_locked() {
        struct Asks(Memory);
        impl Drop for Asks {
            fn drop(&mut self) {
                assert_eq!(self.0.status().first, 1);
            }
        }
        let memory = Memory::new(Clock::manual());
        let _tail = memory.tail(0);
        let draft = || Draft::new("a", sse_core::Event::new("x")).unwrap();
        let asks = Arc::new(Asks(memory.clone()));
        let companion = crate::Companion::new(Arc::clone(&asks), 0);
        drop(memory.append(vec![draft().companion(companion)], Ack::Accepted));
        let is_held = Arc::downgrade(&asks);
        drop(asks);
        assert!(is_held.upgrade().is_some());
        let batch = (0..Backlog::MAX_COUNT).map(|_| draft()).collect();
        drop(memory.append(batch, Ack::Accepted));
        assert!(is_held.upgrade().is_none());
    }
}
