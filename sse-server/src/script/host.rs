use std::{future::Future, pin::Pin};

use crate::script::{publication::Publication, verdict::Routing};

/// A future that can be sent to another thread.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// What Lua may do to the server, through the package `sse`.
///
/// Futures are polled on the script's thread, inside a tokio runtime.
pub trait Host: Send + Sync + 'static {
    /// Publishes without running the hook `publish`; the error is raised in Lua.
    fn publish(
        &self,
        publication: Publication,
        routing: Routing,
    ) -> BoxFuture<Result<HostPublished, String>>;

    /// Returns the connections of a topic, or all; the error, of a name that is no topic, is raised in Lua.
    fn subscribers(&self, topic: Option<String>) -> BoxFuture<Result<Vec<Connection>, String>>;

    /// Counts the connections of a topic, or all; the error is raised in Lua.
    fn count(&self, topic: Option<String>) -> BoxFuture<Result<usize, String>>;

    /// Ends a connection, and tells whether there was one.
    fn disconnect(&self, connection: String, retry_ms: Option<u64>) -> BoxFuture<bool>;
}

/// What `sse.publish` returns.
#[expect(
    clippy::exhaustive_structs,
    reason = "it is made by whoever implements Host"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostPublished {
    /// The id of the entry.
    pub id: String,
    /// How many subscriptions listened.
    pub subscribers: usize,
}

/// A connection as `sse.subscribers` shows it; its `sub` is added by the engine.
#[expect(
    clippy::exhaustive_structs,
    reason = "it is made by whoever implements Host"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Connection {
    /// The id of its request, as in `sub.req.id`.
    pub id: String,
    /// What it subscribed to.
    pub topics: Vec<String>,
    /// When it began, in milliseconds since 1970.
    pub since_ms: u64,
}
