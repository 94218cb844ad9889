use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, OnceLock},
    thread::Thread,
};

use super::{
    options::Options,
    promise::{Answer, promise},
    reading,
    requests::{Request, Requests},
    storage::Storage,
    view::View,
};
use crate::{
    provider::{Page, ProviderError},
    sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock},
    topic::Topic,
};

/// What publishers, readers and the two threads of a log share.
pub(super) struct Shared {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) options: Options,
    pub(super) view: Mutex<View>,
    pub(super) requests: Mutex<Requests>,
    pub(super) key_bytes: AtomicU64,
    pub(super) is_closing: AtomicBool,
    reads: Mutex<VecDeque<Job>>,
    pub(super) writer: OnceLock<Thread>,
    pub(super) reader: OnceLock<Thread>,
}

/// Something to be read.
pub(super) type Job = Box<dyn FnOnce(&Shared) + Send>;

impl Shared {
    pub(super) fn new(storage: Arc<dyn Storage>, options: Options, view: View) -> Self {
        Self {
            storage,
            options,
            view: Mutex::new(view),
            requests: Mutex::new(Requests::default()),
            key_bytes: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            reads: Mutex::new(VecDeque::new()),
            writer: OnceLock::new(),
            reader: OnceLock::new(),
        }
    }

    /// Leaves something to be written with the next batch.
    pub(super) fn request(&self, request: Request) {
        lock(&self.requests).push(request);
        wake(&self.writer);
    }

    pub(super) fn read(&self, from: u64, limit: usize) -> Answer<Result<Page, ProviderError>> {
        self.ask(move |shared| reading::page(shared, None, from, limit))
    }

    pub(super) fn read_topics(
        &self,
        topics: Vec<Topic>,
        from: u64,
        limit: usize,
    ) -> Answer<Result<Page, ProviderError>> {
        self.ask(move |shared| reading::page(shared, Some(&topics), from, limit))
    }

    pub(super) fn find(&self, id: String) -> Answer<Result<Option<u64>, ProviderError>> {
        self.ask(move |shared| reading::find(shared, &id))
    }

    /// Has something read by the thread that does so.
    fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Self) -> std::io::Result<T> + Send + 'static,
    ) -> Answer<Result<T, ProviderError>> {
        let (promise, answer) = promise();
        let job: Job =
            Box::new(move |shared| promise.give(read(shared).map_err(ProviderError::new)));
        if self.options.clock.is_manual() {
            job(self);
        } else {
            lock(&self.reads).push_back(job);
            wake(&self.reader);
        }
        answer
    }

    pub(super) fn next_read(&self) -> Option<Job> {
        lock(&self.reads).pop_front()
    }

    /// Ends the threads, once what was asked for is done.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::Release);
        wake(&self.writer);
        wake(&self.reader);
    }
}

fn wake(thread: &OnceLock<Thread>) {
    if let Some(thread) = thread.get() {
        thread.unpark();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
