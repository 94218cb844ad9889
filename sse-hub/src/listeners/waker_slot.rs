use std::task::Waker;

use crate::sync::{AtomicBool, Mutex, Ordering, lock};

/// Where a subscription leaves its waker while it waits.
///
/// The hand-over: a reader looks, parks, and looks again; a writer appends and then wakes.
/// Whichever comes first, the reader sees the entry or the writer sees the waker.
pub(crate) struct WakerSlot {
    /// Whether there is a waker; looking here spares the lock for readers that are busy anyway.
    parked: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl WakerSlot {
    pub(crate) fn new() -> Self {
        Self {
            parked: AtomicBool::new(false),
            waker: Mutex::new(None),
        }
    }

    /// Leaves a waker, and looks again; the waker is taken back if that finds something, which is what is returned.
    pub(crate) fn park_unless(&self, waker: &Waker, look_again: impl FnOnce() -> bool) -> bool {
        self.park(waker);
        let found = look_again();
        if found {
            drop(self.take());
        }
        found
    }

    /// Leaves a waker. What was looked for must be looked for again afterwards.
    fn park(&self, waker: &Waker) {
        let replaced = {
            let mut slot = lock(&self.waker);
            match &*slot {
                Some(parked) if parked.will_wake(waker) => None,
                _ => slot.replace(waker.clone()),
            }
        };
        // A swap and no store: it sees what came before the last `take`, so that the second look does, too.
        self.parked.swap(true, Ordering::SeqCst);
        // A waker may own a task that owns this slot.
        drop(replaced);
    }

    /// Takes the waker, for a reader that does not wait any more or is to be woken.
    pub(crate) fn take(&self) -> Option<Waker> {
        if !self.parked.swap(false, Ordering::SeqCst) {
            return None;
        }
        lock(&self.waker).take()
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }
}
