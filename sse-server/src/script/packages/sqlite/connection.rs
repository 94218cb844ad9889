//! A database connection on a thread of its own.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use rusqlite::limits::Limit;
use tokio::sync::oneshot;

/// What a piece of work gives back.
pub(super) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

type Work = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

/// The connection's queue: work is done in the order in which it comes. The thread ends when this
/// is dropped.
pub(super) struct Connection {
    queue: mpsc::Sender<Work>,
    /// One of those that may be open.
    _open: OpenFile,
}

/// How many connections a state has open, each with a thread. A clone counts the same.
#[derive(Clone, Default)]
pub(super) struct OpenFiles(Rc<Cell<usize>>);

struct OpenFile(OpenFiles);

impl OpenFiles {
    /// Whether there is room for one more.
    pub(super) fn has_room(&self) -> bool {
        self.0.get() < MOST_OPEN
    }

    fn open(&self) -> OpenFile {
        self.0.set(self.0.get() + 1);
        OpenFile(self.clone())
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let files = &self.0.0;
        files.set(files.get() - 1);
    }
}

impl Connection {
    /// # Errors
    ///
    /// The database cannot be opened, or too many are.
    pub(super) async fn open(path: String, files: &OpenFiles, heap: i64) -> mlua::Result<Self> {
        if !files.has_room() {
            return Err(mlua::Error::runtime(format_args!(
                "more than {MOST_OPEN} databases are open"
            )));
        }
        let open = files.open();
        let (answer, opened) = oneshot::channel();
        let (queue, work) = mpsc::channel::<Work>();
        let serve = move || match limited(&path, heap) {
            Ok(mut connection) => {
                if answer.send(Ok(())).is_ok() {
                    for work in work {
                        work(&mut connection);
                    }
                }
            }
            Err(error) => {
                let _ = answer.send(Err(error));
            }
        };
        thread::Builder::new()
            .name("sqlite".to_owned())
            .spawn(serve)?;
        let opened = opened.await.map_err(|_| gone())?;
        opened.map_err(mlua::Error::external)?;
        Ok(Self { queue, _open: open })
    }

    /// Does a piece of work on the thread and waits for what it gives back.
    ///
    /// # Cancel safety
    ///
    /// Work that is no longer awaited is not begun; if it has begun, it is interrupted.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Outcome<T> + Send + 'static,
    ) -> mlua::Result<T> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting(Arc::default());
        let abandoned = Arc::clone(&waiting.0);
        let work: Work = Box::new(move |connection| {
            if abandoned.load(Ordering::Relaxed) {
                return;
            }
            let stop = move || abandoned.load(Ordering::Relaxed);
            let outcome = connection
                .progress_handler(STEPS, Some(stop))
                .map_err(Into::into)
                .and_then(|()| work(connection));
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            let _ = answer.send(outcome);
        });
        self.queue.send(work).map_err(|_| gone())?;
        let outcome = answered.await.map_err(|_| gone())?;
        outcome.map_err(mlua::Error::runtime)
    }

    /// Has a piece of work done, whoever waits.
    pub(super) fn post(&self, work: impl FnOnce(&mut rusqlite::Connection) + Send + 'static) {
        // A thread that is gone has closed the connection, and nothing is left to do.
        let _ = self.queue.send(Box::new(work));
    }
}

/// Opens a database. What all of them hold in memory is limited, for the whole process: a limit of the heap only falls.
fn limited(path: &str, heap: i64) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    connection.query_row(&format!("PRAGMA hard_heap_limit = {heap}"), [], |_| Ok(()))?;
    Ok(connection)
}

/// Says that nobody waits any more.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn gone() -> mlua::Error {
    mlua::Error::runtime("the connection's thread is gone")
}

/// How many of the database's own steps pass before it looks whether anybody still waits: well
/// under a millisecond.
const STEPS: i32 = 10_000;

/// The longest text or blob, in bytes: a quarter of what the state may hold.
const LONGEST: i32 = 64 << 20;

/// A script opens few, once.
const MOST_OPEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT count(*) FROM n";

    async fn open(path: &str) -> mlua::Result<Connection> {
        Connection::open(path.to_owned(), &OpenFiles::default(), 0).await
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_interrupted() {
        let connection = open(":memory:").await.unwrap();
        let (begun, begins) = oneshot::channel();
        let endless = connection.call(move |database| {
            let _ = begun.send(());
            Ok(database.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?)
        });
        tokio::select! {
            _ = endless => unreachable!("it has no end"),
            begun = begins => begun.unwrap(),
        }
        let one = connection
            .call(|database| Ok(database.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
        assert_eq!(one.await.unwrap(), 1);
    }

    #[tokio::test]
    async fn work_that_was_not_begun_never_is() {
        let connection = open(":memory:").await.unwrap();
        let (open, gate) = mpsc::channel();
        connection.post(move |_| gate.recv().unwrap());
        let mut never = Box::pin(connection.call(|database| {
            database.execute_batch("CREATE TABLE never (x)")?;
            Ok(())
        }));
        assert!(futures_util::poll!(&mut never).is_pending());
        drop(never);
        open.send(()).unwrap();
        let tables = connection.call(|database| {
            let count = "SELECT count(*) FROM sqlite_schema";
            Ok(database.query_row(count, [], |row| row.get::<_, i64>(0))?)
        });
        assert_eq!(tables.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_opened_says_so() {
        let opened = open("/nowhere/at/all.db").await;
        assert!(opened.is_err_and(|error| error.to_string().contains("unable to open")));
    }
}
