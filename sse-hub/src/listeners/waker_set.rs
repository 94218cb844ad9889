use std::{collections::HashMap, fmt, mem, ptr, task::Waker};

use crate::sync::{Mutex, lock};

/// The wakers of all who wait for the same thing: each once, however often it asks.
#[derive(Default)]
pub(crate) struct WakerSet {
    wakers: Mutex<HashMap<Identity, Waker>>,
}

/// What makes two wakers wake the same task, as [`Waker::will_wake`] sees it.
type Identity = (usize, usize);

impl WakerSet {
    /// Leaves a waker. What was looked for must be looked for again afterwards.
    pub(crate) fn add(&self, waker: &Waker) {
        let identity = (waker.data().addr(), ptr::from_ref(waker.vtable()).addr());
        lock(&self.wakers)
            .entry(identity)
            .or_insert_with(|| waker.clone());
    }

    /// Wakes all, outside the lock, and forgets them.
    pub(crate) fn wake_all(&self) {
        // In the loop's head the lock would be held throughout.
        let wakers = mem::take(&mut *lock(&self.wakers));
        for waker in wakers.into_values() {
            waker.wake();
        }
    }
}

impl fmt::Debug for WakerSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakerSet").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_that_asks_again_and_again_is_kept_and_woken_once() {
        let tasks = [(); 2].map(|()| Arc::new(Woken::default()));
        let set = WakerSet::default();
        for _ in 0..100 {
            for task in &tasks {
                set.add(&Waker::from(Arc::clone(task)));
            }
        }
        // One reference is here, one in the set.
        assert_eq!(tasks.each_ref().map(Arc::strong_count), [2, 2]);
        set.wake_all();
        set.wake_all();
        assert_eq!(
            tasks.each_ref().map(|it| it.0.load(Ordering::Relaxed)),
            [1, 1]
        );
    }
}
