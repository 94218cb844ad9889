use std::{
    cell::RefCell,
    mem, ptr,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use sse_core::{Gap, GapReason};

use super::Namespace;
use crate::{
    draft::{Draft, InvalidDraft},
    engine::Signal,
    listeners::{Listener, Offer},
    log::Entry,
    provider::{Page, Record, Tail, TailItem},
    sync::lock,
};

/// The side that takes in what the provider gives.
pub(super) struct Ingest {
    tail: Option<Tail>,
    /// Kept for their memory.
    entries: Vec<Arc<Entry>>,
    waiting: Vec<Arc<Listener>>,
    aftermath: Aftermath,
}

/// What is done once nothing is locked any more: what is called then may publish, subscribe, or ask for what is due.
#[derive(Default)]
struct Aftermath {
    wakers: Vec<Waker>,
    behind: Vec<Arc<Listener>>,
    published: u64,
    now: u64,
    notices: Vec<Notice>,
}

/// What is logged about the provider.
enum Notice {
    Hole(u64, u64),
    Refused(u64, InvalidDraft),
    Stalled,
}

/// The capacity that is kept from one batch to the next.
const MOST_KEPT: usize = 1024;

/// Wakes whoever is to ask the tail again: the publisher that is about to do so anyway, or the hub's thread.
pub(super) struct IngestWaker {
    publishers: AtomicUsize,
    dirty: AtomicBool,
    signal: Weak<Signal>,
}

thread_local! {
    /// The namespaces that this thread takes something in for, or calls someone for what it took in.
    static TAKING_IN: RefCell<Vec<*const Namespace>> = const { RefCell::new(Vec::new()) };
}

/// Says that this thread takes in, until it is dropped.
struct TakingIn;

impl TakingIn {
    /// `None` if it does already.
    fn begin(namespace: &Namespace) -> Option<Self> {
        if namespace.is_taken_in_here() {
            return None;
        }
        let begun = TAKING_IN.try_with(|all| all.borrow_mut().push(ptr::from_ref(namespace)));
        begun.ok().map(|()| Self)
    }
}

impl Drop for TakingIn {
    fn drop(&mut self) {
        let _ = TAKING_IN.try_with(|all| all.borrow_mut().pop());
    }
}

impl Ingest {
    pub(super) fn new(tail: Tail) -> Self {
        Self {
            tail: Some(tail),
            entries: Vec::new(),
            waiting: Vec::new(),
            aftermath: Aftermath::default(),
        }
    }
}

impl Ingest {
    /// What the provider tells next, if it does now.
    fn next(&mut self, cx: &mut Context<'_>) -> Option<TailItem> {
        match self.tail.as_mut()?.as_mut().poll_next(cx) {
            Poll::Ready(Some(item)) => Some(item),
            // No tail should end: nothing will come any more, and what is appended is not seen.
            Poll::Ready(None) => {
                self.tail = None;
                Some(TailItem::Stalled)
            }
            Poll::Pending => None,
        }
    }

    /// Takes back what was used up, for its memory.
    fn keep(&mut self, mut used: Aftermath) {
        used.wakers.shrink_to(MOST_KEPT);
        used.behind.shrink_to(MOST_KEPT);
        if used.wakers.capacity() >= self.aftermath.wakers.capacity() {
            self.aftermath = used;
        }
    }
}

impl IngestWaker {
    pub(super) fn new(signal: &Arc<Signal>) -> Self {
        Self {
            publishers: AtomicUsize::new(0),
            dirty: AtomicBool::new(true),
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

    /// Whether this thread is taking in, and was called from there.
    pub(super) fn is_taken_in_here(&self) -> bool {
        let this = ptr::from_ref(self);
        let asked = TAKING_IN.try_with(|all| all.borrow().contains(&this));
        // A thread that is ending takes nothing in.
        asked.unwrap_or(true)
    }

    /// Takes in all that the provider has.
    pub(crate) fn pump(&self) {
        // A log, a recorder or a waker may publish what it is told from in here; it is taken in when they are done.
        let Some(taking_in) = TakingIn::begin(self) else {
            return;
        };
        let waker = Waker::from(Arc::clone(&self.ingest_waker));
        let mut cx = Context::from_waker(&waker);
        let mut aftermath = Aftermath::default();
        loop {
            let mut ingest = lock(&self.ingest);
            ingest.keep(aftermath);
            self.ingest_waker.dirty.store(false, Ordering::SeqCst);
            let Some(item) = ingest.next(&mut cx) else {
                self.let_go_if_worthwhile(&mut ingest);
                break;
            };
            aftermath = mem::take(&mut ingest.aftermath);
            self.take_in(item, &mut ingest, &mut aftermath);
            drop(ingest);
            self.tell(&mut aftermath);
        }
        drop(taking_in);
        self.wake_waiters();
    }

    fn take_in(&self, item: TailItem, ingest: &mut Ingest, aftermath: &mut Aftermath) {
        match item {
            TailItem::Batch(records) => self.take_batch(records, ingest, aftermath),
            TailItem::Cleared { topic, through } => {
                self.cold_pages.clear();
                self.write_log().clear(topic.as_str(), through);
                self.wake_all_after(aftermath);
            }
            TailItem::Trimmed { first } => self.write_log().trim(first),
            TailItem::EpochChanged { new, fork_at, .. } => {
                self.cold_pages.clear();
                self.write_log().change_epoch(new, fork_at);
                for listener in self.all() {
                    listener.forget_behind(fork_at.saturating_sub(1));
                }
                self.wake_all_after(aftermath);
            }
            TailItem::Hole { from, to } => {
                self.write_log().note_hole(from, to);
                aftermath.notices.push(Notice::Hole(from, to));
                self.wake_all_after(aftermath);
            }
            TailItem::Stalled => {
                self.stalled.store(true, Ordering::Release);
                aftermath.notices.push(Notice::Stalled);
            }
            TailItem::Resumed => {
                self.stalled.store(false, Ordering::Release);
                self.wake_all_after(aftermath);
            }
        }
    }

    fn take_batch(&self, records: Vec<Record>, ingest: &mut Ingest, aftermath: &mut Aftermath) {
        let (now, unix_now) = (self.clock.millis(), self.clock.unix_millis());
        aftermath.now = now;
        let refused = aftermath.notices.len();
        let mut entries = mem::take(&mut ingest.entries);
        {
            let mut log = self.write_log();
            for record in records {
                // An engine may be written to by others, or hold what was legal once.
                match record.draft.check(self.options.ids) {
                    Ok(()) => entries.push(log.append(record, now, unix_now)),
                    Err(rule) => {
                        log.note_hole(record.seq, record.seq);
                        aftermath.notices.push(Notice::Refused(record.seq, rule));
                    }
                }
            }
        }
        self.change_version();
        aftermath.published += entries.len() as u64;
        self.offer(&entries, now, ingest, aftermath);
        if aftermath.notices.len() > refused {
            self.wake_all_after(aftermath);
        }
        entries.clear();
        entries.shrink_to(MOST_KEPT);
        ingest.entries = entries;
    }

    /// Puts a gap where something stands in the history that breaks a rule.
    pub(crate) fn checked(&self, mut page: Page) -> Page {
        let ids = self.options.ids;
        for record in &mut page.records {
            if let Err(rule) = record.draft.check(ids) {
                self.tell_refused(record.seq, rule);
                let gap = Gap::new(GapReason::Provider).to_event(None);
                let topics = mem::take(&mut record.draft.topics);
                record.draft = Draft::told(topics, gap, ids);
            }
        }
        page
    }

    fn tell_refused(&self, seq: u64, rule: InvalidDraft) {
        self.telemetry.refused.increment(1);
        let namespace = &*self.name;
        tracing::warn!(namespace, seq, %rule, "an entry of the provider's was refused");
    }

    /// Finds out whom these entries concern.
    fn offer(
        &self,
        entries: &[Arc<Entry>],
        now: u64,
        ingest: &mut Ingest,
        aftermath: &mut Aftermath,
    ) {
        let Aftermath { wakers, behind, .. } = aftermath;
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
                        ingest.waiting.push(Arc::clone(listener));
                    }
                });
            }
        }
        drop(log);
        // Known to wait before they are woken.
        if !ingest.waiting.is_empty() {
            lock(&self.behind).append(&mut ingest.waiting);
        }
    }

    fn wake_all_after(&self, aftermath: &mut Aftermath) {
        self.change_version();
        let wakers = self.all().into_iter().filter_map(|it| it.slot.take());
        aftermath.wakers.extend(wakers);
    }

    /// Calls those whom it concerns.
    fn tell(&self, aftermath: &mut Aftermath) {
        for waker in aftermath.wakers.drain(..) {
            waker.wake();
        }
        for listener in aftermath.behind.drain(..) {
            self.fall_behind(&listener, aftermath.now);
        }
        self.telemetry
            .published
            .increment(mem::take(&mut aftermath.published));
        let namespace = &*self.name;
        for notice in aftermath.notices.drain(..) {
            match notice {
                Notice::Hole(from, to) => {
                    tracing::warn!(namespace, from, to, "entries are missing");
                }
                Notice::Refused(seq, rule) => self.tell_refused(seq, rule),
                Notice::Stalled => tracing::warn!(namespace, "the provider does not answer"),
            }
        }
    }
}
