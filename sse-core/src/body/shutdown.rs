use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use tokio::sync::Notify;

/// Ends all streams that hold its signal, and tells when the last of them is gone.
///
/// Servers wait for open responses when they stop, and an event stream has no end of its own.
/// Clone it into the application's state, give each stream `.shutdown(shutdown.signal())`, and when the server is to stop call
/// [`trigger`](Self::trigger); where the server must be stopped after the streams, await [`drained`](Self::drained) in between.
///
/// Shareable between threads: `Send + Sync`; a clone costs a reference count.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sse_core::Shutdown;
///
/// let shutdown = Shutdown::new();
/// let signal = shutdown.signal();
/// shutdown.trigger();
/// signal.await;
/// shutdown.drained().await;
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Written under the lock; read without it, so that polling a signal touches no lock.
    triggered: AtomicBool,
    signals: Mutex<Signals>,
    drained: Notify,
}

#[derive(Default)]
struct Signals {
    live: usize,
    next_key: u64,
    wakers: HashMap<u64, Waker>,
}

impl Shutdown {
    /// Creates a handle that is not triggered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Completes all signals, those made later too; a second call does nothing.
    pub fn trigger(&self) {
        let wakers: Vec<Waker> = {
            let mut signals = self.shared.lock();
            self.shared.triggered.store(true, Ordering::Release);
            signals.wakers.drain().map(|(_, waker)| waker).collect()
        };
        for waker in wakers {
            waker.wake();
        }
        self.shared.drained.notify_waiters();
    }

    /// Returns a future that completes when [`trigger`](Self::trigger) is called, at once if it was called before.
    ///
    /// The handle counts as drained only when every signal is dropped, so keep it in the stream that it ends.
    pub fn signal(&self) -> ShutdownSignal {
        let mut signals = self.shared.lock();
        signals.live += 1;
        signals.next_key += 1;
        ShutdownSignal {
            key: signals.next_key,
            registered: None,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Waits until the handle is triggered and every signal is dropped.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; call again to wait again.
    pub async fn drained(&self) {
        loop {
            let mut notified = pin!(self.shared.drained.notified());
            // Registered before the check, so that a drop in between is not missed.
            notified.as_mut().enable();
            if self.shared.is_drained() {
                return;
            }
            notified.await;
        }
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("triggered", &self.shared.is_triggered())
            .field("signals", &self.shared.lock().live)
            .finish()
    }
}

/// A future that completes when its [`Shutdown`] is triggered.
///
/// Shareable between threads: `Send + Sync`.
pub struct ShutdownSignal {
    key: u64,
    /// The waker that is in the table, kept to know whether it must be replaced.
    registered: Option<Waker>,
    shared: Arc<Shared>,
}

impl Future for ShutdownSignal {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.shared.is_triggered() {
            return Poll::Ready(());
        }
        if self
            .registered
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            return Poll::Pending;
        }
        let [kept, tabled] = [cx.waker().clone(), cx.waker().clone()];
        // A waker may own a task that owns a signal, so none is dropped while the lock is held.
        let replaced = {
            let mut signals = self.shared.lock();
            // Checked again under the lock: `trigger` may have emptied the table in between.
            if self.shared.is_triggered() {
                return Poll::Ready(());
            }
            signals.wakers.insert(self.key, tabled)
        };
        drop(replaced);
        self.registered = Some(kept);
        Poll::Pending
    }
}

impl Drop for ShutdownSignal {
    fn drop(&mut self) {
        let waker = {
            let mut signals = self.shared.lock();
            signals.live -= 1;
            signals.wakers.remove(&self.key)
        };
        drop(waker);
        if self.shared.is_drained() {
            self.shared.drained.notify_waiters();
        }
    }
}

impl fmt::Debug for ShutdownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownSignal")
            .field("triggered", &self.shared.is_triggered())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn is_triggered(&self) -> bool {
        self.triggered.load(Ordering::Acquire)
    }

    fn is_drained(&self) -> bool {
        self.is_triggered() && self.lock().live == 0
    }

    fn lock(&self) -> MutexGuard<'_, Signals> {
        // Nothing panics while the lock is held, so what it guards is whole even if a thread did.
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
