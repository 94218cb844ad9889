use std::{
    any::Any,
    fmt,
    future::ready,
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sse_core::EventId;

use super::{
    error::OpenError,
    options::Options,
    promise::promise,
    recovery::recover,
    requests::{Prepared, Request},
    shared::Shared,
    storage::Storage,
    tail::FileTail,
    view::View,
    writer::Writer,
};
use crate::{
    draft::Draft,
    provider::{
        Ack, AppendError, AppendErrorKind, Appended, BoxFuture, Capabilities, Page, Provider,
        ProviderError, Status, Tail,
    },
    sync::{Mutex, Ordering, lock},
    topic::Topic,
};

/// A log in files: what was acknowledged survives the crash of the process and of the machine.
///
/// A clone is the same log; the last one that is dropped closes it, after what was asked for is written.
/// One log is one namespace's: each namespace needs a directory of its own.
#[derive(Clone)]
pub struct File {
    open: Arc<Open>,
}

/// An open log, with its threads.
struct Open {
    shared: Arc<Shared>,
    /// Here only if the log has no thread.
    writer: Mutex<Option<Writer>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// How long nobody asks for anything until the writer's thread takes time for what else is due.
const QUIET: Duration = Duration::from_millis(20);

/// How long it rests then.
const REST: Duration = Duration::from_secs(1);

/// How long another that has the log open is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

impl File {
    /// Opens the log in a directory, with [`Options::new`].
    ///
    /// # Errors
    /// As [`Options::open`].
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, OpenError> {
        Options::new().open(directory)
    }

    /// Says how a log is opened.
    pub fn options() -> Options {
        Options::new()
    }

    pub(super) fn open_with(
        options: Options,
        storage: Arc<dyn Storage>,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::io("", error);
        let guard = lock_patiently(&*storage)?;
        let mut found = recover(&*storage, options.on_damage)?;
        let sealed = found.sealed.iter_mut();
        let all = sealed.map(|it| std::mem::take(&mut it.keys));
        let mut keys: Vec<_> = all.flatten().collect();
        keys.extend(found.active.keys.iter().cloned());
        let has_thread = !options.clock.is_manual();
        let view = View::new(found);
        let shared = Arc::new(Shared::new(storage, options, view));
        let writer = Writer::new(&shared, keys, guard);
        let file = Self {
            open: Arc::new(Open {
                shared,
                writer: Mutex::new(Some(writer)),
                threads: Mutex::default(),
            }),
        };
        if has_thread {
            file.open.start().map_err(failed)?;
        }
        Ok(file)
    }

    /// Writes and syncs what waits, and lets go of what is old.
    ///
    /// The log's own thread does so; this is for tests that move the clock.
    pub fn maintain(&self) {
        if let Some(writer) = &mut *lock(&self.open.writer) {
            while writer.turn(&self.open.shared) {}
            writer.rest(&self.open.shared);
        }
    }
}

/// Waits for one that is just being closed: a hub's own thread may hold it for a moment longer than the hub.
fn lock_patiently(storage: &dyn Storage) -> Result<Box<dyn Any + Send + Sync>, OpenError> {
    let began = Instant::now();
    loop {
        match storage.lock().map_err(|error| OpenError::io("", error))? {
            Some(guard) => return Ok(guard),
            None if began.elapsed() >= PATIENCE => return Err(OpenError::locked()),
            None => thread::sleep(PATIENCE / 100),
        }
    }
}

impl Open {
    fn start(&self) -> std::io::Result<()> {
        let Some(mut writer) = lock(&self.writer).take() else {
            return Ok(());
        };
        let shared = Arc::clone(&self.shared);
        let write = move || {
            let _ = shared.writer.set(thread::current());
            let mut last = Instant::now();
            loop {
                let is_closing = shared.is_closing.load(Ordering::Acquire);
                if writer.turn(&shared) {
                    last = Instant::now();
                    continue;
                }
                match QUIET.checked_sub(last.elapsed()) {
                    Some(left) if !is_closing => thread::park_timeout(left),
                    _ => {
                        writer.rest(&shared);
                        if is_closing {
                            return;
                        }
                        thread::park_timeout(REST);
                    }
                }
            }
        };
        let shared = Arc::clone(&self.shared);
        let read = move || {
            let _ = shared.reader.set(thread::current());
            loop {
                let is_closing = shared.is_closing.load(Ordering::Acquire);
                match shared.next_read() {
                    Some(job) => job(&shared),
                    None if is_closing => return,
                    None => thread::park(),
                }
            }
        };
        let mut threads = lock(&self.threads);
        threads.push(
            thread::Builder::new()
                .name("sse-hub-write".into())
                .spawn(write)?,
        );
        threads.push(
            thread::Builder::new()
                .name("sse-hub-read".into())
                .spawn(read)?,
        );
        Ok(())
    }
}

impl Drop for Open {
    /// When this is done another can open the log.
    fn drop(&mut self) {
        self.shared.close();
        for thread in lock(&self.threads).drain(..) {
            // One of them may have dropped the last clone itself, and cannot wait for its own end.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Provider for File {
    fn status(&self) -> Status {
        lock(&self.open.shared.view).status()
    }

    fn append(
        &self,
        batch: Vec<Draft>,
        ack: Ack,
    ) -> BoxFuture<'_, Vec<Result<Appended, AppendError>>> {
        let count = batch.len();
        let all = move |kind: AppendErrorKind| -> Vec<_> {
            (0..count).map(|_| Err(AppendError::new(kind))).collect()
        };
        if ack == Ack::Replicated {
            return Box::pin(ready(all(AppendErrorKind::Unsupported)));
        }
        if batch.is_empty() {
            return Box::pin(ready(Vec::new()));
        }
        // One takes more than its draft, so that nothing can be collected in the drafts' place.
        let mut prepared = Vec::with_capacity(count);
        for draft in batch {
            match Prepared::new(draft) {
                Some(one) => prepared.push(one),
                None => return Box::pin(ready(all(AppendErrorKind::Failed))),
            }
        }
        let (promise, answer) = promise();
        self.open.shared.request(Request::Append(prepared, promise));
        Box::pin(async move {
            let answers = answer.await;
            answers.unwrap_or_else(|| all(AppendErrorKind::OutcomeUnknown))
        })
    }

    fn read(&self, from: u64, limit: usize) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let answer = self.open.shared.read(from, limit);
        Box::pin(async move { answer.await.unwrap_or_else(|| Err(closed())) })
    }

    fn read_topics(
        &self,
        topics: &[Topic],
        from: u64,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page, ProviderError>> {
        let answer = self.open.shared.read_topics(topics.to_vec(), from, limit);
        Box::pin(async move { answer.await.unwrap_or_else(|| Err(closed())) })
    }

    fn trimmed(&self, topics: &[Topic]) -> u64 {
        lock(&self.open.shared.view).trimmed(topics)
    }

    fn find(&self, own_id: &EventId) -> BoxFuture<'_, Result<Option<u64>, ProviderError>> {
        let answer = self.open.shared.find(own_id.as_str().to_owned());
        Box::pin(async move { answer.await.unwrap_or_else(|| Err(closed())) })
    }

    fn tail(&self, after: u64) -> Tail {
        Box::pin(FileTail::open(&self.open.shared, after))
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, ProviderError>> {
        let head = lock(&self.open.shared.view).active.last;
        Box::pin(ready(Ok(head)))
    }

    fn clear(&self, topic: Topic) -> BoxFuture<'_, Result<(), ProviderError>> {
        let (promise, answer) = promise();
        self.open.shared.request(Request::Clear(topic, promise));
        Box::pin(async move { answer.await.unwrap_or_else(|| Err(closed())) })
    }

    fn index_bytes(&self) -> u64 {
        let shared = &self.open.shared;
        let keys = shared.key_bytes.load(Ordering::Relaxed);
        lock(&shared.view).index_bytes() + keys
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new()
            .replay(true)
            .by_topic(true)
            .ack(Ack::Durable)
    }
}

fn closed() -> ProviderError {
    ProviderError::new("the log is closed")
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("storage", &self.open.shared.storage)
            .finish_non_exhaustive()
    }
}
