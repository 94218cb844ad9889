use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use sse_core::{EventType, Received};

use crate::error::Error;

/// Callbacks for the events of [`EventSource::connect`](crate::EventSource::connect).
///
/// They can be added and removed at any time and from any task, also inside a callback.
/// When the event source is dropped they are, too, and those that are added later are dropped at once;
/// so a callback may hold this and its own [`Listener`].
/// A callback is called for the events after the one during which it was added, in the order in which callbacks were added.
/// A clone has the same callbacks. Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_client::{EventSource, EventType, MemoryTransport, Reply};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sse_client::Error> {
/// # let transport = MemoryTransport::new().reply(Reply::events().chunk("event: tick\ndata: 1\n\n"));
/// # let request = http::Request::get("http://localhost/").body(()).unwrap();
/// let mut events = EventSource::with_transport(transport, request);
/// let listeners = events.listeners();
/// listeners.on_message(|event| println!("{}", event.data()));
/// let ticks = listeners.on(EventType::from_static("tick"), |event| println!("tick {}", event.data()));
/// events.connect().await?;
/// ticks.remove();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Listeners {
    list: Arc<Mutex<List>>,
}

/// Removes one callback. Dropping it does not.
///
/// A clone removes the same callback. Shareable between threads: `Send + Sync`.
#[derive(Clone)]
pub struct Listener {
    list: Weak<Mutex<List>>,
    removed: Arc<AtomicBool>,
}

#[derive(Default)]
struct List {
    entries: Arc<Vec<Entry>>,
    /// Whether the event source is gone.
    closed: bool,
}

#[derive(Clone)]
struct Entry {
    which: Which,
    removed: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Which {
    Event(Filter, Callback<Received>),
    Comment(Callback<str>),
    Error(Callback<Error>),
}

#[derive(Clone)]
enum Filter {
    Any,
    Unnamed,
    Type(EventType),
}

type Callback<T> = Arc<Mutex<dyn FnMut(&T) + Send>>;

impl Listeners {
    /// Calls `callback` for events without a type, or with the type `message`, which is the same.
    pub fn on_message(&self, callback: impl FnMut(&Received) + Send + 'static) -> Listener {
        self.add(Which::Event(
            Filter::Unnamed,
            Arc::new(Mutex::new(callback)),
        ))
    }

    /// Calls `callback` for events of a type.
    pub fn on(
        &self,
        event_type: EventType,
        callback: impl FnMut(&Received) + Send + 'static,
    ) -> Listener {
        self.add(Which::Event(
            Filter::Type(event_type),
            Arc::new(Mutex::new(callback)),
        ))
    }

    /// Calls `callback` for every event.
    pub fn on_any(&self, callback: impl FnMut(&Received) + Send + 'static) -> Listener {
        self.add(Which::Event(Filter::Any, Arc::new(Mutex::new(callback))))
    }

    /// Calls `callback` for every comment, if the event source gives them; see [`EventSource::comments`](crate::EventSource::comments).
    pub fn on_comment(&self, callback: impl FnMut(&str) + Send + 'static) -> Listener {
        self.add(Which::Comment(Arc::new(Mutex::new(callback))))
    }

    /// Calls `callback` for every error after which events go on: one that skipped an event.
    pub fn on_error(&self, callback: impl FnMut(&Error) + Send + 'static) -> Listener {
        self.add(Which::Error(Arc::new(Mutex::new(callback))))
    }

    pub(crate) fn dispatch(&self, received: &Received) {
        let event_type = received.event_type();
        let comment = received.event.comment.as_deref();
        let is_event = received.event.data.is_some();
        for entry in &*self.snapshot() {
            match &entry.which {
                Which::Event(filter, callback) if is_event && filter.admits(event_type) => {
                    entry.call(callback, received);
                }
                Which::Comment(callback) => {
                    if let Some(comment) = comment {
                        entry.call(callback, comment);
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn dispatch_error(&self, error: &Error) {
        for entry in &*self.snapshot() {
            if let Which::Error(callback) = &entry.which {
                entry.call(callback, error);
            }
        }
    }

    fn add(&self, which: Which) -> Listener {
        let removed = Arc::new(AtomicBool::new(false));
        let entry = Entry {
            which,
            removed: Arc::clone(&removed),
        };
        let mut list = lock(&self.list);
        if list.closed {
            // What the callback holds may use the listeners when it is dropped.
            drop(list);
            drop(entry);
        } else {
            Arc::make_mut(&mut list.entries).push(entry);
        }
        Listener {
            list: Arc::downgrade(&self.list),
            removed,
        }
    }

    /// Drops the callbacks, since there is nothing left that calls them.
    pub(crate) fn close(&self) {
        let mut list = lock(&self.list);
        list.closed = true;
        let entries = std::mem::take(&mut list.entries);
        drop(list);
        drop(entries);
    }

    /// The callbacks are called without the lock, so that they may add and remove.
    fn snapshot(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&lock(&self.list).entries)
    }
}

fn lock(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listener {
    /// Removes the callback; it is not called for events that are taken after this returns, and it is dropped once it is not running.
    ///
    /// It does not wait: a call that has begun in another task may still be running, or about to run.
    /// Inside a callback, nothing else is: there the one that is removed is not called any more.
    pub fn remove(&self) {
        if self.removed.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(list) = self.list.upgrade() else {
            return;
        };
        let mut list = lock(&list);
        let kept = list
            .entries
            .iter()
            .filter(|entry| !Arc::ptr_eq(&entry.removed, &self.removed))
            .cloned()
            .collect();
        // What the callback holds may use the listeners when it is dropped.
        let before = std::mem::replace(&mut list.entries, Arc::new(kept));
        drop(list);
        drop(before);
    }
}

impl Entry {
    fn call<T: ?Sized>(&self, callback: &Callback<T>, value: &T) {
        let mut callback = callback.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.removed.load(Ordering::Acquire) {
            callback(value);
        }
    }
}

impl Filter {
    fn admits(&self, event_type: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Unnamed => event_type == "message",
            // The empty type is no type.
            Self::Type(wanted) if wanted.as_str().is_empty() => event_type == "message",
            Self::Type(wanted) => wanted.as_str() == event_type,
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners")
            .field("len", &lock(&self.list).entries.len())
            .finish()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("removed", &self.removed.load(Ordering::Acquire))
            .finish_non_exhaustive()
    }
}
