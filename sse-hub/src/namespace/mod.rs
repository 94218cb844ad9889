//! One log with all who listen to it.

mod agenda;
mod by_topic;
mod held_channels;
mod ingest;
mod laggards;
mod membership;

use std::{
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::Poll,
};

use bytestring::ByteString;
use slab::Slab;

use agenda::Agenda;
use ingest::{Ingest, IngestWaker};
pub(crate) use membership::{LastReading, next_listener_id};

use crate::{
    clock::Clock,
    engine::Signal,
    listeners::{Listener, WakerSet},
    log::{Log, LogBytes, LogOptions},
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
    waiters: WakerSet,
    log: RwLock<Log>,
    ingest: Mutex<Ingest>,
    ingest_waker: Arc<IngestWaker>,
    listeners: Mutex<Slab<Arc<Listener>>>,
    /// Those of them that may wait for something, and when each is to be looked at.
    behind: Mutex<Vec<Arc<Listener>>>,
    agenda: Mutex<Agenda>,
    live: AtomicUsize,
    /// When it was last seen in use.
    used_at: AtomicU64,
    version: AtomicU64,
    stalled: AtomicBool,
    next_look_at_faded: AtomicUsize,
    next_look_at_faded_bytes: AtomicUsize,
}

/// How long a namespace is kept that nobody uses.
const KEPT_UNUSED_MILLIS: u64 = 60 * 60 * 1000;
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
        let used_at = AtomicU64::new(clock.millis());
        let capabilities = provider.capabilities();
        let status = provider.status();
        let tail = provider.tail(status.head);
        let log = LogOptions {
            retention,
            ids: options.ids,
            lag: options.lag,
            pin_limit: options.pin_limit,
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
            waiters: WakerSet::default(),
            log: RwLock::new(Log::new(status, log)),
            ingest: Mutex::new(Ingest::new(tail)),
            ingest_waker: Arc::new(IngestWaker::new(signal)),
            listeners: Mutex::new(Slab::new()),
            behind: Mutex::default(),
            agenda: Mutex::default(),
            live: AtomicUsize::new(0),
            used_at,
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

    /// Waits until the log has come to `seq`.
    pub(crate) async fn wait_for_head(&self, seq: u64) {
        std::future::poll_fn(|cx| {
            let reached = || self.read_log().head().seq >= seq;
            if reached() {
                return Poll::Ready(());
            }
            self.waiters.add(cx.waker());
            if reached() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// What comes of a future; `None` if that is not known by `deadline`, on the hub's clock.
    pub(crate) async fn until<T>(
        &self,
        deadline: u64,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(known) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(known));
            }
            self.waiters.add(cx.waker());
            if self.clock.millis() >= deadline {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    fn wake_waiters(&self) {
        self.waiters.wake_all();
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

    /// The bytes that it takes, with what its provider keeps in this process.
    pub(crate) fn bytes(&self) -> LogBytes {
        let mut bytes = self.read_log().bytes();
        bytes.index += self.provider.index_bytes();
        bytes
    }

    /// Whether nobody holds it, and nothing has been in it for an hour; asked while nobody else can come to hold it.
    pub(crate) fn is_forgotten(self: &Arc<Self>, now: u64) -> bool {
        let is_in_use = Arc::strong_count(self) > 1
            || Arc::strong_count(&self.watchers) > 1
            || self.live() > 0
            || !self.read_log().is_empty()
            || self.provider.index_bytes() > 0;
        if is_in_use {
            self.used_at.store(now, Ordering::Relaxed);
        }
        now.saturating_sub(self.used_at.load(Ordering::Relaxed)) > KEPT_UNUSED_MILLIS
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
        // Whoever is called from in there must not wait for it to be over.
        let most_behind = (!self.is_taken_in_here()).then(|| self.let_go(&mut lock(&self.ingest)));
        self.cold_pages.drive(self);
        if self.live() == 0 {
            self.cold_pages.clear();
        }
        self.read_log().forget_batches();
        let bytes = self.bytes();
        self.telemetry.bytes(bytes);
        if let Some(most_behind) = most_behind {
            self.telemetry.most_behind(most_behind);
        }
        Ticked {
            pinned: bytes.pinned,
            looked_at,
        }
    }
}
