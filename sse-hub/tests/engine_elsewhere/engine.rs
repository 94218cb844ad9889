//! A log that is elsewhere: it is told what to say, and its answers take as long as they are told to.

use std::{
    collections::{BTreeMap, VecDeque},
    future::{poll_fn, ready},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use sse_hub::{
    Ack, Builder, Clock, Draft, Epoch, Hub, Position, Topic,
    provider::{
        AppendError, Appended, BoxFuture, Capabilities, Page, Provider, ProviderError, Record,
        Status, Tail, TailItem,
    },
};
use tokio_stream::Stream;

#[derive(Clone)]
pub(crate) struct Engine {
    state: Arc<Mutex<State>>,
    capabilities: Capabilities,
}

struct State {
    epoch: Epoch,
    first: u64,
    head: u64,
    records: BTreeMap<u64, Record>,
    items: VecDeque<TailItem>,
    /// Whether nothing is told any more.
    over: bool,
    /// Whether those who read wait.
    slow: bool,
    reads: usize,
    reading: usize,
    most_reading: usize,
    time: u64,
    /// How far a page looks at most.
    scans_through: u64,
    /// What is removed before a page is read.
    removes_before: u64,
}

impl State {
    fn remove_before(&mut self, first: u64) {
        self.records = self.records.split_off(&first);
        self.first = self.first.max(first);
    }
}

impl Engine {
    /// One that can replay what the hub has dropped, or not.
    pub(crate) fn new(replay: bool) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                epoch: Epoch::random(),
                first: 1,
                head: 0,
                records: BTreeMap::new(),
                items: VecDeque::new(),
                over: false,
                slow: false,
                reads: 0,
                reading: 0,
                most_reading: 0,
                time: 0,
                scans_through: u64::MAX,
                removes_before: 0,
            })),
            capabilities: Capabilities::new().replay(replay).tail_is_head(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A hub over it, and the hub's clock.
    pub(crate) fn hub(&self, configure: impl FnOnce(Builder) -> Builder) -> (Hub, Clock) {
        let (clock, engine) = (Clock::manual(), self.clone());
        let builder = Hub::builder().clock(clock.clone()).no_keep_alive();
        let builder = builder.provider(move |_| Arc::new(engine.clone()));
        (configure(builder).build(), clock)
    }

    pub(crate) fn tell(&self, item: TailItem) {
        self.state().items.push_back(item);
    }

    /// Tells what is left, and then that there is no more.
    pub(crate) fn end_the_tail(&self) {
        self.state().over = true;
    }

    /// Goes on under another epoch that shares what is before `fork_at`.
    pub(crate) fn fork(&self, fork_at: u64) {
        let mut state = self.state();
        let (old, new) = (state.epoch, Epoch::random());
        (state.epoch, state.head) = (new, fork_at - 1);
        state.records.split_off(&fork_at);
        let item = TailItem::EpochChanged { old, new, fork_at };
        state.items.push_back(item);
    }

    /// Loses entries that nobody has seen.
    pub(crate) fn leave_out(&self, entries: u64) {
        let mut state = self.state();
        let from = state.head + 1;
        state.head += entries;
        let to = state.head;
        state.items.push_back(TailItem::Hole { from, to });
    }

    /// Removes what is old, and does not tell so yet.
    pub(crate) fn remove_before(&self, first: u64) {
        self.state().remove_before(first);
    }

    /// The same, once a page is asked for and before it is read.
    pub(crate) fn remove_before_reading(&self, first: u64) {
        self.state().removes_before = first;
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.state().epoch
    }

    /// Lets readers wait from now on, or no longer.
    pub(crate) fn set_slow(&self, slow: bool) {
        self.state().slow = slow;
    }

    /// Dates what comes from now on.
    pub(crate) fn set_time(&self, millis: u64) {
        self.state().time = millis;
    }

    /// How many pages were asked for.
    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }

    /// How many pages were read at once, at most.
    pub(crate) fn most_reading(&self) -> usize {
        self.state().most_reading
    }

    pub(crate) fn position(&self, seq: u64) -> Position {
        let state = self.state();
        Position {
            epoch: state.epoch,
            seq,
            nonce: state.records[&seq].nonce,
        }
    }

    /// Lets pages look no further, as a replica that is behind.
    pub(crate) fn scan_through(&self, seq: u64) {
        self.state().scans_through = seq;
    }
}

/// Another one with every lineage.
fn nonce(epoch: Epoch, seq: u64) -> u32 {
    let digits = epoch.as_str().bytes().map(u32::from);
    let lineage = digits.fold(7, |hash: u32, digit| {
        hash.wrapping_mul(31).wrapping_add(digit)
    });
    lineage.wrapping_mul(u32::try_from(seq).unwrap() + 1) | 1
}

impl Provider for Engine {
    fn status(&self) -> Status {
        let state = self.state();
        Status {
            epoch: state.epoch,
            epoch_start: 1,
            ancestors: Vec::new(),
            first: state.first,
            head: state.head,
            head_nonce: 0,
        }
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        _: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let mut state = self.state();
        let answers = batch.into_iter().map(|draft| {
            state.head += 1;
            let (seq, nonce) = (state.head, nonce(state.epoch, state.head));
            let record = Record::new(seq, nonce, state.time, draft);
            state.records.insert(seq, record.clone());
            state.items.push_back(TailItem::Batch(vec![record]));
            Ok(Appended {
                seq,
                nonce,
                duplicate: false,
            })
        });
        let answers = answers.collect();
        Box::pin(ready(answers))
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let mut state = self.state();
        let first = state.removes_before;
        state.remove_before(first);
        state.reads += 1;
        state.reading += 1;
        state.most_reading = state.most_reading.max(state.reading);
        let through = state.head.min(state.scans_through);
        let held = state.records.range(from..=through.max(from));
        let records: Vec<_> = held
            .filter(|(seq, _)| **seq <= through)
            .take(limit)
            .map(|(_, record)| record.clone())
            .collect();
        let scanned_through = match records.last() {
            Some(last) if records.len() == limit => last.seq,
            _ => through,
        };
        let mut page = Some(Page {
            records,
            scanned_through,
        });
        Box::pin(poll_fn(move |_| {
            let mut state = self.state();
            if state.slow {
                return Poll::Pending;
            }
            state.reading -= 1;
            Poll::Ready(Ok(page.take().unwrap()))
        }))
    }

    fn tail(&self, _: u64) -> Tail {
        Box::pin(EngineTail(Arc::clone(&self.state)))
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let head = self.state().head;
        Box::pin(ready(Ok(head)))
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        let mut state = self.state();
        state
            .records
            .retain(|_, record| !record.draft.topics.contains(&topic));
        let through = state.head;
        state.items.push_back(TailItem::Cleared { topic, through });
        Box::pin(ready(Ok(())))
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }
}

struct EngineTail(Arc<Mutex<State>>);

impl Stream for EngineTail {
    type Item = TailItem;

    /// It is asked again whenever the hub is told to look after what is due.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TailItem>> {
        let mut state = self.0.lock().unwrap();
        if let Some(item) = state.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.over {
            return Poll::Ready(None);
        }
        Waker::wake_by_ref(cx.waker());
        Poll::Pending
    }
}
