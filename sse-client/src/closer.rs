use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Waker},
};

/// Closes an event source, from any task.
///
/// It ends at once, also while it connects or waits; events that have come and were not taken are dropped.
/// What comes first counts. Dropping a closer does nothing.
/// A clone closes the same event source. Shareable between threads: `Send + Sync`.
#[derive(Clone)]
pub struct Closer(Arc<Closing>);

#[derive(Default)]
pub(crate) struct Closing {
    closed: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    cause: Option<Box<dyn Error + Send + Sync>>,
    waker: Option<Waker>,
}

impl Closer {
    pub(crate) fn new(closing: Arc<Closing>) -> Self {
        Self(closing)
    }

    /// Closes: the next item is the end.
    pub fn close(&self) {
        self.0.close(None);
    }

    /// Closes with a cause: the next item is a final error of the kind [`Closed`](crate::ErrorKind::Closed), whose source it is.
    pub fn close_with(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) {
        self.0.close(Some(cause.into()));
    }

    /// Tells whether it was closed by this closer or a clone.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl fmt::Debug for Closer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closer")
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

impl Closing {
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Leaves a waker for a close that is yet to come; tells whether it has come.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> bool {
        let mut inner = self.lock();
        match &mut inner.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        // Looked at under the lock: a close that this misses will find the waker.
        self.is_closed()
    }

    /// Lets go of the waker, once there is nothing left to close.
    pub(crate) fn forget(&self) {
        let waker = self.lock().waker.take();
        drop(waker);
    }

    pub(crate) fn take_cause(&self) -> Option<Box<dyn Error + Send + Sync>> {
        self.lock().cause.take()
    }

    fn close(&self, cause: Option<Box<dyn Error + Send + Sync>>) {
        let mut inner = self.lock();
        if self.is_closed() {
            return;
        }
        inner.cause = cause;
        self.closed.store(true, Ordering::Release);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
