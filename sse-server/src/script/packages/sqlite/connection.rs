//! A database connection on a thread of its own.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use tokio::sync::oneshot;

/// What a piece of work gives back.
pub(super) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

type Work = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

/// The connection's queue: work is done in the order in which it comes. The thread ends when this
/// is dropped.
pub(super) struct Connection {
    queue: mpsc::Sender<Work>,
}

impl Connection {
    /// # Errors
    ///
    /// The database cannot be opened.
    pub(super) async fn open(path: String) -> mlua::Result<Self> {
        let (answer, opened) = oneshot::channel();
        let (queue, work) = mpsc::channel::<Work>();
        let serve = move || match rusqlite::Connection::open(path) {
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
        Ok(Self { queue })
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

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT count(*) FROM n";

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_interrupted() {
        let connection = Connection::open(":memory:".to_owned()).await.unwrap();
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
        let connection = Connection::open(":memory:".to_owned()).await.unwrap();
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
        let opened = Connection::open("/nowhere/at/all.db".to_owned()).await;
        assert!(opened.is_err_and(|error| error.to_string().contains("unable to open")));
    }
}
