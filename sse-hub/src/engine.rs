use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use bytestring::ByteString;

use crate::{
    clock::Clock,
    listeners::{CloseReason, Ending},
    namespace::Namespace,
    options::Options,
    position::random_u64,
    provider::{Memory, Provider},
    retention::Retention,
    sync::{Mutex, lock},
};

/// Makes the provider of a namespace.
pub(crate) type MakeProvider = dyn Fn(&str) -> Arc<dyn Provider> + Send + Sync;

/// What all clones of a hub share.
pub(crate) struct Engine {
    pub(crate) options: Arc<Options>,
    pub(crate) clock: Clock,
    retention: Retention,
    make_provider: Option<Box<MakeProvider>>,
    namespaces: Mutex<HashMap<ByteString, Arc<Namespace>>>,
    signal: Arc<Signal>,
    state: AtomicU8,
    /// When the last subscription is to have ended, on the hub's clock.
    drain_ends: AtomicU64,
    drains: Mutex<Vec<Departure>>,
    waiters: Mutex<Vec<Waker>>,
}

/// A subscription that is to end at some time.
struct Departure {
    at: u64,
    namespace: Weak<Namespace>,
    listener: Weak<crate::listeners::Listener>,
}

/// Wakes the hub's thread.
#[derive(Default)]
pub(crate) struct Signal {
    thread: OnceLock<thread::Thread>,
    started: AtomicBool,
}

impl Signal {
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const CLOSED: u8 = 2;

/// How often the hub's thread looks for what is due.
const TICK: Duration = Duration::from_millis(250);
/// While subscriptions are ended over a window.
const DRAIN_TICK: Duration = Duration::from_millis(10);

impl Engine {
    pub(crate) fn new(
        options: Options,
        clock: Clock,
        retention: Retention,
        make_provider: Option<Box<MakeProvider>>,
    ) -> Self {
        Self {
            options: Arc::new(options),
            clock,
            retention,
            make_provider,
            namespaces: Mutex::default(),
            signal: Arc::default(),
            state: AtomicU8::new(OPEN),
            drain_ends: AtomicU64::new(u64::MAX),
            drains: Mutex::default(),
            waiters: Mutex::default(),
        }
    }

    pub(crate) fn namespace(&self, name: &ByteString) -> Arc<Namespace> {
        let mut namespaces = lock(&self.namespaces);
        let namespace = namespaces.entry(name.clone()).or_insert_with(|| {
            let provider = match &self.make_provider {
                Some(make) => make(name),
                None => Arc::new(Memory::new(self.clock.clone())),
            };
            let (options, clock) = (Arc::clone(&self.options), self.clock.clone());
            Arc::new(Namespace::new(
                name.clone(),
                provider,
                self.retention.clone(),
                options,
                clock,
                &self.signal,
            ))
        });
        Arc::clone(namespace)
    }

    pub(crate) fn namespaces(&self) -> Vec<Arc<Namespace>> {
        lock(&self.namespaces).values().cloned().collect()
    }

    pub(crate) fn live(&self) -> usize {
        self.namespaces()
            .iter()
            .map(|namespace| namespace.live())
            .sum()
    }

    /// Starts the hub's thread, once.
    pub(crate) fn start(self: &Arc<Self>) {
        if self.clock.is_manual()
            || self.signal.started.load(Ordering::Relaxed)
            || self.signal.started.swap(true, Ordering::AcqRel)
        {
            return;
        }
        let (engine, signal) = (Arc::downgrade(self), Arc::clone(&self.signal));
        let started = thread::Builder::new()
            .name("sse-hub".into())
            .spawn(move || run(&engine, &signal));
        if let Err(error) = started {
            tracing::error!(%error, "the hub's thread could not be started: nothing will expire");
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == OPEN
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    /// Takes no more subscriptions, and ends those that there are over a window, in random order.
    pub(crate) fn drain(&self, window: Duration) {
        if self
            .state
            .compare_exchange(OPEN, DRAINING, Ordering::AcqRel, Ordering::Relaxed)
            .is_err()
            && window > Duration::ZERO
        {
            return;
        }
        let now = self.clock.millis();
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        self.drain_ends
            .store(now.saturating_add(window), Ordering::Release);
        let mut departures = Vec::new();
        for namespace in self.namespaces() {
            departures.extend(namespace.all().into_iter().map(|listener| Departure {
                at: 0,
                namespace: Arc::downgrade(&namespace),
                listener: Arc::downgrade(&listener),
            }));
        }
        let count = departures.len() as u64;
        // Spread evenly, in an order that nobody can foresee.
        for index in (1..departures.len()).rev() {
            departures.swap(index, draw_index(index + 1));
        }
        for (index, departure) in departures.iter_mut().enumerate() {
            departure.at = now + window * (index as u64) / count.max(1);
        }
        departures.reverse();
        *lock(&self.drains) = departures;
        self.signal.wake();
    }

    /// Ends those whose time has come.
    fn depart(&self, now: u64) {
        loop {
            let departure = {
                let mut drains = lock(&self.drains);
                match drains.last() {
                    Some(next) if next.at <= now => drains.pop(),
                    _ => break,
                }
            };
            let Some(departure) = departure else { break };
            if let (Some(namespace), Some(listener)) =
                (departure.namespace.upgrade(), departure.listener.upgrade())
            {
                namespace.end(&listener, self.drain_ending(&namespace));
            }
        }
        if now >= self.drain_ends.load(Ordering::Acquire) || self.live() == 0 {
            // Those that came in at the last moment.
            for namespace in self.namespaces() {
                for listener in namespace.all() {
                    namespace.end(&listener, self.drain_ending(&namespace));
                }
                namespace.watchers.close();
            }
            self.state.store(CLOSED, Ordering::Release);
            for waiter in std::mem::take(&mut *lock(&self.waiters)) {
                waiter.wake();
            }
        }
    }

    /// Waits until the hub is closed.
    pub(crate) async fn closed(&self) {
        std::future::poll_fn(|cx| {
            if self.is_closed() {
                return Poll::Ready(());
            }
            lock(&self.waiters).push(cx.waker().clone());
            if self.is_closed() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn drain_ending(&self, namespace: &Namespace) -> Ending {
        Ending {
            reason: CloseReason::Drain,
            retry: Some(self.options.retry.draw(self.live())),
            through: namespace.read_log().head().seq,
        }
    }

    /// Does what is due; returns how many subscriptions were looked at one by one.
    pub(crate) fn tick(&self) -> usize {
        let namespaces = self.namespaces();
        let ticked: Vec<_> = namespaces
            .iter()
            .map(|namespace| namespace.tick())
            .collect();
        let pinned: u64 = ticked.iter().map(|it| it.pinned).sum();
        let mut over = pinned.saturating_sub(self.options.pin_limit);
        for namespace in &namespaces {
            over = namespace.release_pins(over);
        }
        if !self.is_open() && !self.is_closed() {
            self.depart(self.clock.millis());
        }
        ticked.iter().map(|it| it.looked_at).sum()
    }

    fn until_next_tick(&self) -> Duration {
        if self.is_open() || self.is_closed() {
            TICK
        } else {
            DRAIN_TICK
        }
    }
}

/// Draws a number below `count`.
fn draw_index(count: usize) -> usize {
    usize::try_from(random_u64() % count as u64).unwrap_or(0)
}

fn run(engine: &Weak<Engine>, signal: &Signal) {
    let _ = signal.thread.set(thread::current());
    let mut last_tick = std::time::Instant::now();
    loop {
        let Some(alive) = engine.upgrade() else {
            return;
        };
        let pause = alive.until_next_tick();
        if last_tick.elapsed() >= pause {
            alive.tick();
            last_tick = std::time::Instant::now();
        } else {
            for namespace in alive
                .namespaces()
                .iter()
                .filter(|namespace| namespace.is_dirty())
            {
                namespace.pump();
            }
        }
        drop(alive);
        thread::park_timeout(pause.saturating_sub(last_tick.elapsed()));
    }
}

impl Drop for Engine {
    /// A stream whose hub is gone would wait for ever.
    fn drop(&mut self) {
        for namespace in self.namespaces() {
            let through = namespace.read_log().head().seq;
            for listener in namespace.all() {
                namespace.end(
                    &listener,
                    Ending {
                        reason: CloseReason::Drain,
                        retry: None,
                        through,
                    },
                );
            }
            namespace.watchers.close();
            namespace.cold_pages.clear();
        }
        self.signal.wake();
    }
}
