//! One log with all who listen to it.

mod agenda;
mod ingest;
mod laggards;
mod membership;

use std::{
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Poll, Waker},
};

use bytestring::ByteString;
use slab::Slab;

use agenda::Agenda;
use ingest::{Ingest, IngestWaker};
pub(crate) use membership::{LastReading, next_listener_id};

use crate::{
    clock::Clock,
    engine::Signal,
    listeners::Listener,
    log::{Log, LogOptions},
    options::Options,
    presence::Watchers,
    provider::{Capabilities, Provider},
    retention::Retention,
    subscription::ColdPages,
    sync::{Mutex, lock},
    telemetry::Telemetry,
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
    /// Those of them that may wait for something, and when each is to be looked at.
    behind: Mutex<Vec<Arc<Listener>>>,
    agenda: Mutex<Agenda>,
    live: AtomicUsize,
    version: AtomicU64,
    stalled: AtomicBool,
    next_look_at_faded: AtomicUsize,
    next_look_at_faded_bytes: AtomicUsize,
}

/// What came of doing what was due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticked {
    /// Bytes that are pinned.
    pub(crate) pinned: u64,
    /// Subscriptions that were looked at one by one.
    pub(crate) looked_at: usize,
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
            provider_replays: capabilities.replay,
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
            ingest: Mutex::new(Ingest::new(tail)),
            ingest_waker: Arc::new(IngestWaker::new(signal)),
            listeners: Mutex::new(Slab::new()),
            behind: Mutex::default(),
            agenda: Mutex::default(),
            live: AtomicUsize::new(0),
            version: AtomicU64::new(1),
            stalled: AtomicBool::new(false),
            next_look_at_faded: AtomicUsize::new(0),
            next_look_at_faded_bytes: AtomicUsize::new(0),
        }
    }

    pub(crate) fn read_log(&self) -> RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write_log(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that changes, after the log has and before anyone is woken for it.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    pub(crate) fn change_version(&self) {
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Acquire)
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
        self.change_version();
        for listener in self.all() {
            listener.slot.wake();
        }
    }

    /// Does what is due: expiry, limits of age, keep-alives.
    pub(crate) fn tick(&self) -> Ticked {
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
        let looked_at = self.look_after(now);
        let most_behind = self.let_go(&mut lock(&self.ingest));
        self.cold_pages.drive(self);
        if self.live() == 0 {
            self.cold_pages.clear();
        }
        let log = self.read_log();
        log.forget_batches();
        let bytes = log.bytes();
        self.telemetry.bytes(bytes);
        self.telemetry.most_behind(most_behind);
        Ticked {
            pinned: bytes.pinned,
            looked_at,
        }
    }
}
