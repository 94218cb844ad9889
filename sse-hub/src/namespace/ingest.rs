use std::{
    mem,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use super::Namespace;
use crate::{
    engine::Signal,
    listeners::{Listener, Offer},
    log::Entry,
    provider::{Tail, TailItem},
    sync::lock,
};

/// The side that takes in what the provider gives.
pub(super) struct Ingest {
    tail: Tail,
    /// Kept for its memory.
    wakers: Vec<Waker>,
    entries: Vec<Arc<Entry>>,
    behind: Vec<Arc<Listener>>,
    waiting: Vec<Arc<Listener>>,
}

/// The capacity that is kept from one batch to the next.
const MOST_KEPT: usize = 1024;

/// Wakes whoever is to ask the tail again: the publisher that is about to do so anyway, or the hub's thread.
pub(super) struct IngestWaker {
    publishers: AtomicUsize,
    dirty: AtomicBool,
    /// The number of the thread that takes in; 0 if none does.
    taken_in_by: AtomicU64,
    signal: Weak<Signal>,
}

/// Says that this thread takes in, until it is dropped.
struct TakingIn<'a>(&'a AtomicU64);

impl<'a> TakingIn<'a> {
    fn begin(place: &'a AtomicU64) -> Self {
        place.store(thread_number(), Ordering::Relaxed);
        Self(place)
    }
}

impl Drop for TakingIn<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Another number for each thread, from 1 on.
fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static NUMBER: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.try_with(|number| *number).unwrap_or(u64::MAX)
}

impl Ingest {
    pub(super) fn new(tail: Tail) -> Self {
        Self {
            tail,
            wakers: Vec::new(),
            entries: Vec::new(),
            behind: Vec::new(),
            waiting: Vec::new(),
        }
    }
}

impl IngestWaker {
    pub(super) fn new(signal: &Arc<Signal>) -> Self {
        Self {
            publishers: AtomicUsize::new(0),
            dirty: AtomicBool::new(true),
            taken_in_by: AtomicU64::new(0),
            signal: Arc::downgrade(signal),
        }
    }
}

impl Wake for IngestWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.dirty.store(true, Ordering::SeqCst);
        if self.publishers.load(Ordering::SeqCst) == 0
            && let Some(signal) = self.signal.upgrade()
        {
            signal.wake();
        }
    }
}

impl Namespace {
    /// Runs what publishes, and then takes in what came of it, so that no other thread need be woken for it.
    pub(crate) fn publishing<T>(&self, publish: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.ingest_waker.publishers.fetch_add(1, Ordering::SeqCst);
        let outcome = publish();
        // Also where nothing was said to be there: another thread may be about to say so, or be taking it in.
        // What was published is in the log before its publisher goes on.
        self.pump();
        self.ingest_waker.publishers.fetch_sub(1, Ordering::SeqCst);
        if self.ingest_waker.dirty.load(Ordering::SeqCst) {
            self.ingest_waker.wake_by_ref();
        }
        outcome
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.ingest_waker.dirty.load(Ordering::SeqCst)
    }

    /// Takes in all that the provider has.
    pub(crate) fn pump(&self) {
        // A log, a recorder or a waker may publish what it is told from in here; it is taken in when they are done.
        if self.ingest_waker.taken_in_by.load(Ordering::Relaxed) == thread_number() {
            return;
        }
        let mut ingest = lock(&self.ingest);
        let taking_in = TakingIn::begin(&self.ingest_waker.taken_in_by);
        let waker = Waker::from(Arc::clone(&self.ingest_waker));
        let mut cx = Context::from_waker(&waker);
        loop {
            self.ingest_waker.dirty.store(false, Ordering::SeqCst);
            match ingest.tail.as_mut().poll_next(&mut cx) {
                Poll::Ready(Some(item)) => self.take_in(item, &mut ingest),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        self.let_go_if_worthwhile(&mut ingest);
        drop(taking_in);
        drop(ingest);
        self.wake_waiters();
    }

    fn take_in(&self, item: TailItem, ingest: &mut Ingest) {
        match item {
            TailItem::Batch(records) => {
                let (now, unix_now) = (self.clock.millis(), self.clock.unix_millis());
                let mut entries = mem::take(&mut ingest.entries);
                {
                    let mut log = self.write_log();
                    entries.extend(
                        records
                            .into_iter()
                            .map(|record| log.append(record, now, unix_now)),
                    );
                }
                self.change_version();
                self.telemetry.published.increment(entries.len() as u64);
                self.offer(&entries, now, ingest);
                entries.clear();
                entries.shrink_to(MOST_KEPT);
                ingest.entries = entries;
            }
            TailItem::Cleared { topic, through } => {
                self.cold_pages.clear();
                self.write_log().clear(topic.as_str(), through);
                self.wake_all();
            }
            TailItem::Trimmed { first } => self.write_log().trim(first),
            TailItem::EpochChanged { new, fork_at, .. } => {
                self.cold_pages.clear();
                self.write_log().change_epoch(new, fork_at);
                for listener in self.all() {
                    listener.forget_offered();
                }
                self.wake_all();
            }
            TailItem::Hole { from, to } => {
                tracing::warn!(namespace = %self.name, from, to, "entries are missing");
                self.write_log().note_hole(from, to);
                self.wake_all();
            }
            TailItem::Stalled => {
                tracing::warn!(namespace = %self.name, "the provider does not answer");
                self.stalled.store(true, Ordering::Release);
            }
            TailItem::Resumed => {
                self.stalled.store(false, Ordering::Release);
                self.wake_all();
            }
        }
    }

    /// Tells all who listen to these entries.
    fn offer(&self, entries: &[Arc<Entry>], now: u64, ingest: &mut Ingest) {
        let Ingest {
            wakers,
            behind,
            waiting,
            ..
        } = ingest;
        {
            let log = self.read_log();
            for entry in entries.iter().filter(|entry| !entry.is_expired(now)) {
                let (seq, len) = (entry.seq(), entry.event().len());
                let channels = log.all_channels(entry);
                for listeners in channels.iter().filter_map(|&id| log.listeners(id)) {
                    listeners.for_each(|listener| {
                        match listener.offer(seq, len, now) {
                            Offer::Again => {}
                            Offer::Taken(waker) => wakers.extend(waker),
                            Offer::Behind => behind.push(Arc::clone(listener)),
                        }
                        if listener.enlist() {
                            waiting.push(Arc::clone(listener));
                        }
                    });
                }
            }
        }
        // Known to wait before they are woken.
        if !waiting.is_empty() {
            lock(&self.behind).append(waiting);
        }
        for waker in wakers.drain(..) {
            waker.wake();
        }
        for listener in behind.drain(..) {
            self.fall_behind(&listener, now);
        }
        if wakers.capacity() > 4096 {
            wakers.shrink_to(1024);
        }
    }
}
