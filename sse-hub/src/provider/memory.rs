use std::{
    collections::{HashMap, VecDeque},
    future::ready,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytestring::ByteString;
use futures_core::Stream;
use slab::Slab;

use super::{
    Ack, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
    ProviderError, Record, Status, Tail, TailItem,
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
    tails: Slab<Pending>,
    keys: IdempotencyKeys,
}

/// What one tail has not yet given out.
#[derive(Default)]
struct Pending {
    items: VecDeque<TailItem>,
    waker: Option<Waker>,
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
        let mut pending = Pending::default();
        if after < state.head {
            // What was handed out before is kept by nobody here.
            let (from, to) = (after + 1, state.head);
            pending.items.push_back(TailItem::Hole { from, to });
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
        lock(&self.shared.state).keys.bytes()
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
            tail.items.extend(own);
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

impl Drop for MemoryTail {
    fn drop(&mut self) {
        let gone = lock(&self.shared.state).tails.try_remove(self.key);
        // A waker may own what owns this log.
        drop(gone);
    }
}

/// The positions that idempotency keys stand for, bounded by number and age.
#[derive(Debug, Default)]
struct IdempotencyKeys {
    positions: HashMap<ByteString, (u64, u32)>,
    by_age: VecDeque<(Duration, ByteString)>,
    text_bytes: usize,
}

impl IdempotencyKeys {
    const MAX_COUNT: usize = 100_000;
    const MAX_AGE: Duration = Duration::from_secs(3600);

    fn get(&mut self, key: &ByteString, now: Duration) -> Option<(u64, u32)> {
        self.forget_old(now);
        self.positions.get(key).copied()
    }

    fn bytes(&self) -> u64 {
        let each = size_of::<(ByteString, (u64, u32))>() + size_of::<(Duration, ByteString)>();
        (self.text_bytes + self.by_age.len() * each) as u64
    }

    fn insert(&mut self, key: ByteString, position: (u64, u32), now: Duration) {
        self.forget_old(now);
        if self.by_age.len() == Self::MAX_COUNT {
            self.forget_oldest();
        }
        self.text_bytes += key.len();
        self.by_age.push_back((now, key.clone()));
        self.positions.insert(key, position);
    }

    fn forget_old(&mut self, now: Duration) {
        while let Some((since, _)) = self.by_age.front()
            && now.saturating_sub(*since) > Self::MAX_AGE
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.by_age.pop_front() {
            self.text_bytes -= key.len();
            self.positions.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_keys_are_forgotten_by_age_and_number() {
        let mut keys = IdempotencyKeys::default();
        keys.insert("a".into(), (1, 1), Duration::ZERO);
        assert_eq!(
            keys.get(&"a".into(), Duration::from_secs(3600)),
            Some((1, 1))
        );
        assert!(keys.bytes() > 0);
        assert_eq!(keys.get(&"a".into(), Duration::from_secs(3601)), None);
        assert_eq!(keys.bytes(), 0);
        for n in 0..=IdempotencyKeys::MAX_COUNT as u64 {
            keys.insert(n.to_string().into(), (n, 1), Duration::from_secs(4000));
        }
        assert_eq!(keys.get(&"0".into(), Duration::from_secs(4000)), None);
        assert_eq!(
            keys.get(&"1".into(), Duration::from_secs(4000)),
            Some((1, 1))
        );
    }
}
