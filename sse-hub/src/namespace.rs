use std::{
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytestring::ByteString;
use slab::Slab;

use crate::{
    clock::Clock,
    engine::Signal,
    lag::Lagging,
    listeners::{CloseReason, Ending, Listener, Listeners, Offer, Seats},
    log::{Entry, Keep, Log, LogOptions},
    options::Options,
    presence::{Member, PresenceChange, Watchers},
    provider::{Capabilities, Provider, Tail, TailItem},
    retention::Retention,
    subscription::ColdPages,
    sync::{Mutex, lock},
    telemetry::Telemetry,
    topic::{Selector, Topic},
};

/// One log with all who listen to it.
pub(crate) struct Namespace {
    pub(crate) name: ByteString,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) capabilities: Capabilities,
    pub(crate) options: Arc<Options>,
    pub(crate) clock: Clock,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) telemetry: Telemetry,
    pub(crate) cold_pages: ColdPages,
    waiters: Mutex<Vec<Waker>>,
    log: RwLock<Log>,
    ingest: Mutex<Ingest>,
    ingest_waker: Arc<IngestWaker>,
    listeners: Mutex<Slab<Arc<Listener>>>,
    live: AtomicUsize,
    stalled: AtomicBool,
    next_look_at_faded: AtomicUsize,
}

/// The side that takes in what the provider gives.
struct Ingest {
    tail: Tail,
    /// Kept for its memory.
    wakers: Vec<Waker>,
    behind: Vec<Arc<Listener>>,
}

/// Wakes whoever is to ask the tail again: the publisher that is about to do so anyway, or the hub's thread.
struct IngestWaker {
    publishers: AtomicUsize,
    dirty: AtomicBool,
    signal: Weak<Signal>,
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
    pub(crate) fn new(
        name: ByteString,
        provider: Arc<dyn Provider>,
        retention: Retention,
        options: Arc<Options>,
        clock: Clock,
        signal: &Arc<Signal>,
    ) -> Self {
        let capabilities = provider.capabilities();
        let status = provider.status();
        let tail = provider.tail(status.head);
        let log = LogOptions {
            retention,
            ids: options.ids,
            lag: options.lag,
            history: capabilities.history,
        };
        Self {
            telemetry: Telemetry::new(&name),
            name,
            provider,
            capabilities,
            options,
            clock,
            watchers: Arc::default(),
            cold_pages: ColdPages::default(),
            waiters: Mutex::default(),
            log: RwLock::new(Log::new(status, log)),
            ingest: Mutex::new(Ingest {
                tail,
                wakers: Vec::new(),
                behind: Vec::new(),
            }),
            ingest_waker: Arc::new(IngestWaker {
                publishers: AtomicUsize::new(0),
                dirty: AtomicBool::new(true),
                signal: Arc::downgrade(signal),
            }),
            listeners: Mutex::new(Slab::new()),
            live: AtomicUsize::new(0),
            stalled: AtomicBool::new(false),
            next_look_at_faded: AtomicUsize::new(0),
        }
    }

    pub(crate) fn read_log(&self) -> RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_log(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Acquire)
    }

    /// Runs what publishes, and then takes in what came of it, so that no other thread need be woken for it.
    pub(crate) fn publishing<T>(&self, publish: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.ingest_waker.publishers.fetch_add(1, Ordering::SeqCst);
        let outcome = publish();
        if self.ingest_waker.dirty.load(Ordering::SeqCst) {
            self.pump();
        }
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
        let mut ingest = lock(&self.ingest);
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
        drop(ingest);
        self.wake_waiters();
    }

    /// Waits until the log has come to `seq`; false if it has not by `deadline`, on the hub's clock.
    pub(crate) async fn wait_for_head(&self, seq: u64, deadline: u64) -> bool {
        std::future::poll_fn(|cx| {
            let decided = || {
                let reached = self.read_log().head().seq >= seq;
                (reached || self.clock.millis() >= deadline).then_some(reached)
            };
            if let Some(reached) = decided() {
                return Poll::Ready(reached);
            }
            lock(&self.waiters).push(cx.waker().clone());
            decided().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn wake_waiters(&self) {
        let waiters = std::mem::take(&mut *lock(&self.waiters));
        for waiter in waiters {
            waiter.wake();
        }
    }

    fn take_in(&self, item: TailItem, ingest: &mut Ingest) {
        match item {
            TailItem::Batch(records) => {
                let (now, unix_now) = (self.clock.millis(), self.clock.unix_millis());
                let mut entries = Vec::with_capacity(records.len());
                {
                    let mut log = self.write_log();
                    entries.extend(
                        records
                            .into_iter()
                            .map(|record| log.append(record, now, unix_now)),
                    );
                }
                self.telemetry.published.increment(entries.len() as u64);
                self.offer(&entries, now, ingest);
            }
            TailItem::Cleared { topic, through } => {
                self.cold_pages.clear();
                self.write_log().clear(topic.as_str(), through);
                self.wake_all();
            }
            TailItem::Trimmed { first } => self.write_log().trim(first),
            TailItem::EpochChanged { new, fork_at, .. } => {
                self.write_log().change_epoch(new, fork_at);
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
        let Ingest { wakers, behind, .. } = ingest;
        {
            let log = self.read_log();
            for entry in entries {
                let (seq, len) = (entry.seq(), entry.event().len());
                for listeners in entry.channels().iter().filter_map(|&id| log.listeners(id)) {
                    listeners.for_each(|listener| match listener.offer(seq, len, now) {
                        Offer::Again => {}
                        Offer::Taken(waker) => wakers.extend(waker),
                        Offer::Behind => behind.push(Arc::clone(listener)),
                    });
                }
            }
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

    /// Does what the policy says about a subscription that is over its limit.
    pub(crate) fn fall_behind(&self, listener: &Arc<Listener>, now: u64) {
        if listener.is_ended() {
            return;
        }
        let (entries, bytes) = listener.lag();
        match listener.lagging {
            Lagging::Disconnect => {
                self.telemetry
                    .lagging(listener, entries, bytes, "disconnect");
                self.end(
                    listener,
                    Ending {
                        reason: CloseReason::Slow,
                        retry: None,
                        through: 0,
                    },
                );
                return;
            }
            Lagging::LatestPerKey if !listener.is_too_old(now) => {
                let seats = listener.seats();
                let keep = Keep {
                    through: u64::MAX,
                    replay_through: 0,
                    latest_per_key: true,
                    filter: None,
                    now,
                };
                let limit = listener.limit;
                let (count, len) = self.read_log().count_waiting(
                    &seats.channels,
                    listener.cursor(),
                    limit.entries,
                    keep,
                );
                if count <= limit.entries && len <= limit.bytes {
                    // Worth another look only when it could be over the limit again.
                    let room = (limit.entries - count).max(limit.entries / 8).max(1);
                    listener
                        .look_again_at
                        .store(entries + room as u64, Ordering::Relaxed);
                    listener.slot.wake();
                    return;
                }
            }
            Lagging::LatestPerKey | Lagging::Skip => {}
        }
        self.telemetry.lagging(listener, entries, bytes, "skip");
        listener.caught_up(listener.offered(), listener.cursor());
        listener.handed_back();
        listener.skip();
        listener.slot.wake();
    }

    /// Ends a subscription without polling it: its place, what it pins and its presence go at once.
    pub(crate) fn end(&self, listener: &Arc<Listener>, ending: Ending) -> bool {
        let reading = if ending.through > 0 {
            LastReading::WhatIsReady
        } else {
            LastReading::Nothing
        };
        if !listener.end(ending) {
            return false;
        }
        self.take_out(listener, reading);
        listener.slot.wake();
        true
    }

    /// Takes a subscription out of all places where it is known.
    pub(crate) fn take_out(&self, listener: &Arc<Listener>, reading: LastReading) {
        listener.handed_back();
        let removed = lock(&self.listeners).try_remove(listener.key());
        self.live
            .fetch_sub(usize::from(removed.is_some()), Ordering::AcqRel);
        let selectors = {
            let mut log = self.write_log();
            // Taken under the lock under which topics are added.
            let seats = listener.seats();
            let channels = match reading {
                LastReading::WhatIsReady => seats.channels.clone(),
                LastReading::Nothing => Vec::new(),
            };
            log.keep_for_reader(&channels);
            listener.set_seats(Seats {
                channels,
                seats: Vec::new(),
            });
            vacate(&mut log, &seats)
        };
        self.tell_end(listener, selectors);
        self.telemetry.subscribers.decrement(1.0);
    }

    /// Notes that an ended subscription has read what it was to read.
    pub(crate) fn finish_reading(&self, listener: &Listener) {
        let mut log = self.write_log();
        let seats = listener.seats();
        if seats.seats.is_empty() {
            log.release_reader(&seats.channels);
            listener.set_seats(Seats::default());
        }
    }

    fn tell_end(&self, listener: &Listener, selectors: Vec<ByteString>) {
        for selector in selectors {
            let member = listener.member();
            self.watchers.tell(|| PresenceChange::End {
                selector: selector.clone(),
                member: member.clone(),
            });
        }
    }

    /// Registers a subscription; `decide` looks at the log while nothing can be published.
    pub(crate) fn enter<T>(
        &self,
        selectors: &[Selector],
        decide: impl FnOnce(&Log, &[crate::log::ChannelId]) -> (Arc<Listener>, T),
    ) -> (Arc<Listener>, T) {
        let (listener, decided) = {
            let mut log = self.write_log();
            let mut channels: Vec<_> = selectors
                .iter()
                .map(|selector| log.channel(selector))
                .collect();
            channels.sort_unstable();
            channels.dedup();
            let (listener, decided) = decide(&log, &channels);
            let seats = channels
                .iter()
                .filter_map(|&id| log.listeners(id))
                .map(|listeners: &Arc<Listeners>| listeners.insert(Arc::clone(&listener)))
                .collect();
            listener.set_key(lock(&self.listeners).insert(Arc::clone(&listener)));
            listener.set_seats(Seats { channels, seats });
            (listener, decided)
        };
        self.live.fetch_add(1, Ordering::Relaxed);
        for selector in selectors {
            self.tell_start(&listener, selector.as_str());
        }
        self.telemetry.subscribers.increment(1.0);
        (listener, decided)
    }

    /// Looks at the log through some channels that stay no longer than that.
    pub(crate) fn with_channels<T>(
        &self,
        selectors: &[Selector],
        look: impl FnOnce(&Log, &[crate::log::ChannelId]) -> T,
    ) -> T {
        let mut log = self.write_log();
        let channels: Vec<_> = selectors
            .iter()
            .map(|selector| log.channel(selector))
            .collect();
        let seen = look(&log, &channels);
        for channel in channels {
            log.release_channel(channel);
        }
        seen
    }

    fn tell_start(&self, listener: &Listener, selector: &str) {
        let member = listener.member();
        self.watchers.tell(|| PresenceChange::Start {
            selector: selector.into(),
            member: member.clone(),
        });
    }

    /// Adds topics to a live subscription; what it listens to already is left alone.
    pub(crate) fn add(&self, listener: &Arc<Listener>, selectors: &[Selector]) {
        let added = {
            let mut log = self.write_log();
            let mut seats = (*listener.seats()).clone();
            let mut added = Vec::new();
            if listener.is_ended() {
                return;
            }
            for selector in selectors {
                let id = log.channel(selector);
                if seats.channels.contains(&id) {
                    continue;
                }
                if let Some(listeners) = log.listeners(id) {
                    seats.channels.push(id);
                    seats.seats.push(listeners.insert(Arc::clone(listener)));
                    added.push(selector);
                }
            }
            listener.set_seats(seats);
            added
        };
        for selector in added {
            self.tell_start(listener, selector.as_str());
        }
        listener.slot.wake();
    }

    /// Takes topics from a live subscription.
    pub(crate) fn remove(&self, listener: &Arc<Listener>, selectors: &[Selector]) {
        let selectors = {
            let mut log = self.write_log();
            let (mut kept, mut removed) = (Seats::default(), Seats::default());
            let seats = listener.seats();
            for (&channel, &seat) in seats.channels.iter().zip(&seats.seats) {
                let asked = log
                    .selector(channel)
                    .is_some_and(|name| selectors.iter().any(|it| *it.as_str() == *name));
                let side = if asked { &mut removed } else { &mut kept };
                side.channels.push(channel);
                side.seats.push(seat);
            }
            listener.set_seats(kept);
            vacate(&mut log, &removed)
        };
        self.tell_end(listener, selectors);
        listener.slot.wake();
    }

    pub(crate) fn count_listeners(&self, topics: &[Topic]) -> usize {
        let log = self.read_log();
        let channels = log.known_channels(topics);
        if let [channel] = channels[..] {
            return log
                .listeners(channel)
                .map_or(0, |listeners| listeners.len());
        }
        let mut ids = std::collections::HashSet::new();
        for listeners in channels.iter().filter_map(|&id| log.listeners(id)) {
            listeners.for_each(|listener| {
                ids.insert(listener.id);
            });
        }
        ids.len()
    }

    pub(crate) fn members(&self, topic: &Topic) -> Vec<Member> {
        let log = self.read_log();
        let mut members = std::collections::BTreeMap::new();
        for listeners in log
            .known_channels(std::slice::from_ref(topic))
            .iter()
            .filter_map(|&id| log.listeners(id))
        {
            listeners.for_each(|listener| {
                members.insert(listener.id, listener.member());
            });
        }
        members.into_values().collect()
    }

    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// All live subscriptions, at this moment.
    pub(crate) fn all(&self) -> Vec<Arc<Listener>> {
        lock(&self.listeners)
            .iter()
            .map(|(_, listener)| Arc::clone(listener))
            .collect()
    }

    pub(crate) fn wake_all(&self) {
        for listener in self.all() {
            listener.slot.wake();
        }
    }

    /// Does what is due: expiry, limits of age, keep-alives. Returns the bytes that are pinned.
    pub(crate) fn tick(&self) -> u64 {
        if self.is_dirty() {
            self.pump();
        }
        self.wake_waiters();
        let now = self.clock.millis();
        {
            let mut log = self.write_log();
            log.expire(now);
            log.retain(now);
        }
        let keep_alive = self
            .options
            .keep_alive
            .map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX));
        for listener in self.all() {
            if listener.is_too_old(now) {
                self.fall_behind(&listener, now);
            } else if let Some(waker) =
                keep_alive.and_then(|interval| listener.remind(now, interval))
            {
                waker.wake();
            }
        }
        self.let_go(&mut lock(&self.ingest));
        let log = self.read_log();
        log.forget_batches();
        let bytes = log.bytes();
        self.telemetry.bytes(bytes);
        bytes.pinned
    }

    fn let_go_if_worthwhile(&self, ingest: &mut Ingest) {
        let faded = self.read_log().faded_count();
        if faded > 0
            && (self.live() == 0 || faded >= self.next_look_at_faded.load(Ordering::Relaxed))
        {
            self.let_go(ingest);
        }
    }

    /// Lets faded entries go that no subscription waits for.
    ///
    /// Nothing may be taken in meanwhile: an entry that was not yet offered is waited for by nobody.
    fn let_go(&self, _not_taking_in: &mut Ingest) {
        let (mut needed_after, mut all_considered) = (u64::MAX, u64::MAX);
        for (_, listener) in lock(&self.listeners).iter() {
            needed_after = needed_after.min(listener.needs_after().unwrap_or(u64::MAX));
            all_considered = all_considered.min(listener.cursor());
        }
        let mut log = self.write_log();
        log.let_go(needed_after, all_considered, self.clock.millis());
        self.next_look_at_faded
            .store(2 * log.faded_count() + 64, Ordering::Relaxed);
    }

    /// Bytes are what subscriptions may hold; those that hold most are ended first.
    pub(crate) fn release_pins(&self, mut over: u64) {
        let mut listeners = self.all();
        listeners.sort_by_key(|listener| std::cmp::Reverse(listener.pinned()));
        for listener in listeners {
            let pinned = listener.pinned();
            if over == 0 || pinned == 0 {
                return;
            }
            self.telemetry.lagging(&listener, 0, pinned, "disconnect");
            self.end(
                &listener,
                Ending {
                    reason: CloseReason::Slow,
                    retry: None,
                    through: 0,
                },
            );
            over = over.saturating_sub(pinned);
        }
    }
}

/// What an ended subscription is still to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LastReading {
    /// What was published before it ended.
    WhatIsReady,
    Nothing,
}

/// Gives seats up; returns the names of the topics and patterns.
fn vacate(log: &mut Log, seats: &Seats) -> Vec<ByteString> {
    let mut selectors = Vec::with_capacity(seats.channels.len());
    for (&channel, &seat) in seats.channels.iter().zip(&seats.seats) {
        if let Some(listeners) = log.listeners(channel).cloned() {
            listeners.remove(seat);
            selectors.extend(log.selector(channel));
            log.release_channel(channel);
        }
    }
    selectors
}

/// A number for each subscription of the process.
pub(crate) fn next_listener_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
