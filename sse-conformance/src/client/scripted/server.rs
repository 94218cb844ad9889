use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{answer::Answer, asked::Asked, http1, http2};
use crate::proxy::Door;

/// A server on a port of its own that gives each request the next answer of its script, and 204 behind the last.
///
/// Dropping it ends all its connections.
pub struct Scripted {
    desk: Arc<Desk>,
    accepting: JoinHandle<()>,
}

/// Where requests are noted and answers taken from.
pub(super) struct Desk {
    door: Door,
    script: Mutex<VecDeque<Answer>>,
    asked: watch::Sender<Vec<Asked>>,
}

#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
}

impl Scripted {
    /// Begins to serve HTTP/1.1, one request a connection, in the current runtime.
    ///
    /// # Errors
    /// The machine gives no port.
    pub fn start(script: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        Self::begin(script, Protocol::Http1)
    }

    /// Begins to serve HTTP/2 with prior knowledge.
    ///
    /// # Errors
    /// The machine gives no port.
    pub fn start_http2(script: impl IntoIterator<Item = Answer>) -> io::Result<Self> {
        Self::begin(script, Protocol::Http2)
    }

    fn begin(script: impl IntoIterator<Item = Answer>, protocol: Protocol) -> io::Result<Self> {
        let (door, mut visitors) = Door::open_one()?;
        let desk = Arc::new(Desk {
            door,
            script: Mutex::new(script.into_iter().collect()),
            asked: watch::Sender::default(),
        });
        let own = Arc::clone(&desk);
        let accepting = tokio::spawn(async move {
            // The set goes with the server, and its connections with the set.
            let mut connections = JoinSet::new();
            for number in 0.. {
                let Some(stream) = visitors.next().await else {
                    return;
                };
                let desk = Arc::clone(&own);
                connections.spawn(async move {
                    // Whoever broke it knows.
                    match protocol {
                        Protocol::Http1 => drop(http1::serve(stream, number, &desk).await),
                        Protocol::Http2 => drop(http2::serve(stream, number, &desk).await),
                    }
                });
            }
        });
        Ok(Self { desk, accepting })
    }

    /// Returns the address of something on it.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.desk.door.address())
    }

    /// Adds an answer behind the others.
    pub fn push(&self, answer: Answer) {
        self.desk.lock_script().push_back(answer);
    }

    /// Returns all requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.desk.asked.borrow().clone()
    }

    /// Waits until there have been so many requests, and returns all.
    pub async fn asked_times(&self, times: usize) -> Vec<Asked> {
        let mut asked = self.desk.asked.subscribe();
        // The sender is ours.
        drop(asked.wait_for(|asked| asked.len() >= times).await);
        self.asked()
    }

    /// Refuses all who connect.
    pub async fn refuse(&self) {
        self.desk.refuse().await;
    }

    /// Accepts connections again.
    pub async fn accept(&self) {
        self.desk.door.open().await;
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Desk {
    pub(super) fn answer(&self, asked: Asked) -> Answer {
        self.asked.send_modify(|all| all.push(asked));
        let next = self.lock_script().pop_front();
        next.unwrap_or_else(|| Answer::status(204))
    }

    pub(super) async fn refuse(&self) {
        self.door.close().await;
    }

    fn lock_script(&self) -> MutexGuard<'_, VecDeque<Answer>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("address", &self.desk.door.address())
            .finish_non_exhaustive()
    }
}
