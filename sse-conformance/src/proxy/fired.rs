use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::fault::{Cut, Fault};

/// How often faults did something to a connection.
#[derive(Debug, Default)]
pub struct Fired {
    black_holes: AtomicU64,
    delays: AtomicU64,
    throttles: AtomicU64,
    splits: AtomicU64,
    cuts: AtomicU64,
    resets: AtomicU64,
    ends: Mutex<Vec<usize>>,
}

impl Fired {
    /// Directions of connections in which bytes were swallowed.
    pub fn black_holes(&self) -> u64 {
        self.black_holes.load(Ordering::Relaxed)
    }

    /// Pieces that were held back.
    pub fn delays(&self) -> u64 {
        self.delays.load(Ordering::Relaxed)
    }

    /// Pieces that were slowed down.
    pub fn throttles(&self) -> u64 {
        self.throttles.load(Ordering::Relaxed)
    }

    /// Pieces that were shorter than what there was.
    pub fn splits(&self) -> u64 {
        self.splits.load(Ordering::Relaxed)
    }

    /// Connections that were cut with [`Cut::End`].
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    /// Connections that were cut with [`Cut::Reset`].
    pub fn resets(&self) -> u64 {
        self.resets.load(Ordering::Relaxed)
    }

    /// Where connections were ended by [`Fault::EndBehind`]: each time, so many bytes behind the mark.
    pub fn ends(&self) -> Vec<usize> {
        self.lock_ends().clone()
    }

    pub(super) fn note(&self, fault: Fault, read: usize, wanted: usize) {
        let counter = match fault {
            Fault::BlackHole => &self.black_holes,
            Fault::Delay(_) => &self.delays,
            Fault::Throttle(_) => &self.throttles,
            Fault::Split(_) if read == wanted => &self.splits,
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_cut(&self, how: Cut) {
        let counter = match how {
            Cut::End => &self.cuts,
            Cut::Reset => &self.resets,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn note_end(&self, behind: usize) {
        self.lock_ends().push(behind);
    }

    fn lock_ends(&self) -> MutexGuard<'_, Vec<usize>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
