use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytestring::ByteString;
use futures_core::Stream;
use slab::Slab;

use crate::{
    listeners::WakerSlot,
    sync::{Mutex, lock},
};

/// Who a subscription stands for, as others shall see it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Presence {
    /// The name.
    pub name: ByteString,
    /// Anything else that others shall know.
    pub data: ByteString,
}

impl Presence {
    pub(crate) fn new(name: ByteString, data: ByteString) -> Self {
        Self { name, data }
    }
}

/// One subscription, as a list of those present shows it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Member {
    /// The number of the subscription; each of a hub has its own.
    pub subscription: u64,
    /// Who it stands for, if it said so.
    pub presence: Option<Presence>,
}

/// A subscription began or ceased to listen to a topic or pattern.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PresenceChange {
    /// It began.
    Start {
        /// The topic or pattern.
        selector: ByteString,
        /// The subscription.
        member: Member,
    },
    /// It ceased; there is exactly one end for each start.
    End {
        /// The topic or pattern.
        selector: ByteString,
        /// The subscription.
        member: Member,
    },
    /// The reader was too slow, and this many changes were not kept for it: ask for the whole list again.
    Missed(u64),
}

/// Those who want to know of changes.
#[derive(Default)]
pub(crate) struct Watchers {
    watching: Mutex<Watching>,
}

#[derive(Default)]
struct Watching {
    watchers: Slab<Arc<Watcher>>,
    closed: bool,
}

struct Watcher {
    state: Mutex<Pending>,
    slot: WakerSlot,
}

#[derive(Default)]
struct Pending {
    changes: VecDeque<PresenceChange>,
    missed: u64,
    closed: bool,
}

/// The most changes that are kept for a reader.
const MOST_CHANGES: usize = 1024;

impl Watchers {
    pub(crate) fn watch(self: &Arc<Self>) -> PresenceChanges {
        let mut watching = lock(&self.watching);
        let pending = Pending {
            closed: watching.closed,
            ..Pending::default()
        };
        let watcher = Arc::new(Watcher {
            state: Mutex::new(pending),
            slot: WakerSlot::new(),
        });
        let key = watching.watchers.insert(Arc::clone(&watcher));
        PresenceChanges {
            watcher,
            key,
            watchers: Arc::clone(self),
        }
    }

    /// Keeps a change for all who watch; [`wake`](Self::wake) is to follow, when no lock is held.
    pub(crate) fn note(&self, change: impl Fn() -> PresenceChange) {
        for (_, watcher) in &lock(&self.watching).watchers {
            let mut pending = lock(&watcher.state);
            if pending.changes.len() < MOST_CHANGES && pending.missed == 0 {
                pending.changes.push_back(change());
            } else {
                pending.missed += 1;
            }
        }
    }

    pub(crate) fn wake(&self) {
        let wakers: Vec<_> = lock(&self.watching)
            .watchers
            .iter()
            .filter_map(|(_, watcher)| watcher.slot.take())
            .collect();
        for waker in wakers {
            waker.wake();
        }
    }

    /// Ends all watches, those that begin later too.
    pub(crate) fn close(&self) {
        {
            let mut watching = lock(&self.watching);
            watching.closed = true;
            for (_, watcher) in &watching.watchers {
                lock(&watcher.state).closed = true;
            }
        }
        self.wake();
    }
}

/// Changes of who is present, as they happen; bounded, and honest about what was not kept.
///
/// It ends when the hub is closed, or gone. Dropping it ends the watch.
pub struct PresenceChanges {
    watcher: Arc<Watcher>,
    key: usize,
    watchers: Arc<Watchers>,
}

impl Stream for PresenceChanges {
    type Item = PresenceChange;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<PresenceChange>> {
        let next = || {
            let mut pending = lock(&self.watcher.state);
            if let Some(change) = pending.changes.pop_front() {
                return Poll::Ready(Some(change));
            }
            match std::mem::take(&mut pending.missed) {
                0 if pending.closed => Poll::Ready(None),
                0 => Poll::Pending,
                missed => Poll::Ready(Some(PresenceChange::Missed(missed))),
            }
        };
        let found = next();
        if found.is_ready() {
            return found;
        }
        let mut found = Poll::Pending;
        self.watcher.slot.park_unless(cx.waker(), || {
            found = next();
            found.is_ready()
        });
        found
    }
}

impl Drop for PresenceChanges {
    fn drop(&mut self) {
        lock(&self.watchers.watching).watchers.try_remove(self.key);
    }
}

impl fmt::Debug for PresenceChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceChanges").finish_non_exhaustive()
    }
}
