//! Who listens: one record for each subscription, found by the channels that it listens to.

mod ending;
#[cfg(all(loom, test))]
mod hand_over;
mod listener;
mod waker_set;
mod waker_slot;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use slab::Slab;

pub use ending::CloseReason;
pub(crate) use ending::Ending;
pub(crate) use listener::{Listener, Offer, Seats};
pub(crate) use waker_set::WakerSet;
pub(crate) use waker_slot::WakerSlot;

use crate::sync::{Mutex, lock};

/// The subscriptions of one channel.
#[derive(Default)]
pub(crate) struct Listeners {
    seats: Mutex<Slab<Arc<Listener>>>,
    count: AtomicUsize,
}

impl Listeners {
    pub(crate) fn insert(&self, listener: Arc<Listener>) -> usize {
        let mut seats = lock(&self.seats);
        self.count.fetch_add(1, Ordering::Relaxed);
        seats.insert(listener)
    }

    pub(crate) fn remove(&self, seat: usize) {
        let removed = {
            let mut seats = lock(&self.seats);
            let removed = seats.try_remove(seat);
            self.count
                .fetch_sub(usize::from(removed.is_some()), Ordering::Relaxed);
            if seats.is_empty() {
                *seats = Slab::new();
            }
            removed
        };
        // Whatever a listener owns is dropped outside the lock.
        drop(removed);
    }

    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn for_each(&self, mut visit: impl FnMut(&Arc<Listener>)) {
        for (_, listener) in lock(&self.seats).iter() {
            visit(listener);
        }
    }
}
