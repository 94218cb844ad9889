use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::{poll_fn, ready},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytestring::ByteString;
use futures_core::Stream;
use sse_hub::{
    Ack, Draft, Epoch, Topic,
    provider::{
        Ancestor, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
        ProviderError, Record, Status, Tail, TailItem,
    },
};

use super::dice::Dice;

/// A log as an engine elsewhere keeps it: with a replay of its own, holes in its sequence,
/// and tails that are behind until they are let go on. Made for tests, and misbehaves only as engines may.
///
/// A clone is the same log; each hub that follows it has a tail of its own.
#[derive(Clone)]
pub struct Delayed {
    shared: Arc<Mutex<Log>>,
}

struct Log {
    status: Status,
    unix_millis: u64,
    next: u64,
    records: BTreeMap<u64, Record>,
    /// All that happened, for tails to tell.
    items: Vec<TailItem>,
    tails: Vec<Progress>,
    keys: HashMap<ByteString, (u64, u32)>,
    dice: Dice,
    is_reachable: bool,
    /// How often a page is asked for before it is there, at most.
    patience: u64,
}

#[derive(Default)]
struct Progress {
    told: usize,
    let_go: usize,
    waker: Option<Waker>,
}

impl Delayed {
    /// Begins a log; the seed decides on its epochs, nonces and holes.
    pub fn new(seed: u64, unix_millis: u64) -> Self {
        let mut dice = Dice::new(seed);
        let status = Status {
            epoch: Epoch::from_hash(dice.next()),
            epoch_start: 1,
            ancestors: Vec::new(),
            first: 1,
            head: 0,
            head_nonce: 0,
        };
        Self {
            shared: Arc::new(Mutex::new(Log {
                status,
                unix_millis,
                next: 1,
                records: BTreeMap::new(),
                items: Vec::new(),
                tails: Vec::new(),
                keys: HashMap::new(),
                dice,
                is_reachable: true,
                patience: 0,
            })),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tails there are; the next has this number.
    pub fn tails(&self) -> usize {
        self.log().tails.len()
    }

    /// Lets pages be there only when they were asked for again, up to so many times; what they show is as old as the first.
    pub fn take_time(&self, times: u64) {
        self.log().patience = times;
    }

    /// Lets a tail tell so many more things.
    pub fn let_go(&self, tail: usize, count: usize) {
        let waker = {
            let mut log = self.log();
            let all = log.items.len();
            log.tails.get_mut(tail).and_then(|progress| {
                progress.let_go = progress.let_go.saturating_add(count).min(all);
                progress.waker.take()
            })
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Lets all tails tell everything.
    pub fn let_all_go(&self) {
        for tail in 0..self.tails() {
            self.let_go(tail, usize::MAX);
        }
    }

    /// Moves the wall clock.
    pub fn advance(&self, millis: u64) {
        self.log().unix_millis += millis;
    }

    /// All entries.
    pub fn records(&self) -> Vec<Record> {
        self.log().records.values().cloned().collect()
    }

    /// How far the log goes.
    pub fn last(&self) -> u64 {
        self.log().status.head
    }

    /// Loses what was appended last, if no tail has told it; whether there was any.
    pub fn lose_the_last(&self) -> bool {
        let mut log = self.log();
        let before = log.items.len().saturating_sub(1);
        if log.tails.iter().any(|progress| progress.told > before) {
            return false;
        }
        let Some(TailItem::Batch(gone)) = log.items.last().cloned() else {
            return false;
        };
        let (Some(first), Some(last)) = (gone.first(), gone.last()) else {
            return false;
        };
        for record in &gone {
            log.records.remove(&record.seq);
        }
        log.items.pop();
        log.items.push(TailItem::Hole {
            from: first.seq,
            to: last.seq,
        });
        log.status.head_nonce = 0;
        true
    }

    /// Goes on under another epoch without the last so many entries, whose sequences may be used again.
    pub fn fork(&self, without: usize) {
        let mut log = self.log();
        let fork_at = match log.records.keys().rev().nth(without.saturating_sub(1)) {
            Some(&seq) if without > 0 => seq,
            _ => log.status.head + 1,
        };
        let old = log.status.epoch;
        let new = Epoch::from_hash(log.dice.next());
        log.records.split_off(&fork_at);
        log.keys.retain(|_, (seq, _)| *seq < fork_at);
        for ancestor in &mut log.status.ancestors {
            ancestor.fork_at = ancestor.fork_at.min(fork_at);
        }
        log.status.ancestors.push(Ancestor {
            epoch: old,
            fork_at,
        });
        (log.status.epoch, log.status.epoch_start) = (new, fork_at);
        log.next = fork_at;
        log.status.head = fork_at - 1;
        log.status.head_nonce = log.records.get(&(fork_at - 1)).map_or(0, |it| it.nonce);
        log.items.push(TailItem::EpochChanged { old, new, fork_at });
    }

    /// Drops the first so many entries.
    pub fn trim(&self, count: usize) {
        let mut log = self.log();
        let Some(&first) = log.records.keys().nth(count) else {
            return;
        };
        log.records = log.records.split_off(&first);
        log.status.first = first;
        log.items.push(TailItem::Trimmed { first });
    }

    /// Answers nobody from now on.
    pub fn stall(&self) {
        let mut log = self.log();
        if std::mem::replace(&mut log.is_reachable, false) {
            log.items.push(TailItem::Stalled);
        }
    }

    /// Answers again.
    pub fn resume(&self) {
        let mut log = self.log();
        if !std::mem::replace(&mut log.is_reachable, true) {
            log.items.push(TailItem::Resumed);
        }
    }
}

impl Log {
    fn append(&mut self, draft: Draft, batch: &mut Vec<Record>) -> Appended {
        let key = draft.idempotency_key.clone();
        if let Some(&(seq, nonce)) = key.as_ref().and_then(|key| self.keys.get(key)) {
            return Appended {
                seq,
                nonce,
                duplicate: true,
            };
        }
        if self.dice.one_in(8) {
            self.next += self.dice.within(1, 3);
        }
        let seq = self.next;
        let nonce = (self.dice.next() as u32).max(1);
        self.next += 1;
        (self.status.head, self.status.head_nonce) = (seq, nonce);
        if let Some(key) = key {
            self.keys.insert(key, (seq, nonce));
        }
        let record = Record::new(seq, nonce, self.unix_millis, draft);
        self.records.insert(seq, record.clone());
        batch.push(record);
        Appended {
            seq,
            nonce,
            duplicate: false,
        }
    }
}

fn unreachable() -> ProviderError {
    ProviderError::new("it cannot be reached")
}

impl Provider for Delayed {
    fn status(&self) -> Status {
        self.log().status.clone()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        Box::pin(async move {
            let mut log = self.log();
            let refusal = match (ack, log.is_reachable) {
                (Ack::Accepted, true) => None,
                (Ack::Accepted, false) => Some(AppendErrorKind::Failed),
                _ => Some(AppendErrorKind::Unsupported),
            };
            if let Some(kind) = refusal {
                return batch.iter().map(|_| Err(AppendError::new(kind))).collect();
            }
            let mut appended = Vec::new();
            let answers = batch
                .into_iter()
                .map(|draft| Ok(log.append(draft, &mut appended)))
                .collect();
            if !appended.is_empty() {
                log.items.push(TailItem::Batch(appended));
            }
            answers
        })
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let mut log = self.log();
        if !log.is_reachable {
            return Box::pin(ready(Err(unreachable())));
        }
        let mut times = match log.patience {
            0 => 0,
            most => log.dice.below(most + 1),
        };
        let records: Vec<_> = log
            .records
            .range(from..)
            .take(limit)
            .map(|(_, it)| it.clone())
            .collect();
        let scanned_through = match records.last() {
            Some(last) if records.len() == limit => last.seq,
            _ => log.status.head,
        };
        let mut page = Some(Page {
            records,
            scanned_through,
        });
        Box::pin(poll_fn(move |cx| {
            if times > 0 {
                times -= 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            page.take()
                .map_or(Poll::Pending, |page| Poll::Ready(Ok(page)))
        }))
    }

    fn tail(&self, _after: u64) -> Tail {
        let mut log = self.log();
        let told = log.items.len();
        log.tails.push(Progress {
            told,
            let_go: told,
            waker: None,
        });
        Box::pin(DelayedTail {
            shared: Arc::clone(&self.shared),
            tail: log.tails.len() - 1,
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let log = self.log();
        let head = if log.is_reachable {
            Ok(log.status.head)
        } else {
            Err(unreachable())
        };
        Box::pin(ready(head))
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        let mut log = self.log();
        if !log.is_reachable {
            return Box::pin(ready(Err(unreachable())));
        }
        log.records
            .retain(|_, record| !record.draft.topics.contains(&topic));
        let through = log.status.head;
        log.items.push(TailItem::Cleared { topic, through });
        Box::pin(ready(Ok(())))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new().replay(true).tail_is_head(false)
    }
}

impl fmt::Debug for Delayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delayed").finish_non_exhaustive()
    }
}

struct DelayedTail {
    shared: Arc<Mutex<Log>>,
    tail: usize,
}

impl Stream for DelayedTail {
    type Item = TailItem;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let mut log = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Log { items, tails, .. } = &mut *log;
        let progress = &mut tails[self.tail];
        if progress.told < progress.let_go {
            progress.told += 1;
            return Poll::Ready(Some(items[progress.told - 1].clone()));
        }
        progress.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
