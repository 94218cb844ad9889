//! The connections that are open: who may be listed and ended from elsewhere.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytestring::ByteString;
use sse_core::Retry;
use sse_hub::SubscriptionHandle;
use tokio_util::sync::CancellationToken;

/// All open connections, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    listed: Arc<Mutex<Listed>>,
}

#[derive(Debug, Default)]
struct Listed {
    connections: HashMap<ByteString, Arc<Connected>>,
    /// How many connections listen to each pattern.
    patterns: HashMap<String, usize>,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) name: ByteString,
    pub(crate) topics: Vec<String>,
    /// In milliseconds since 1970.
    pub(crate) since: u64,
    pub(crate) remote: IpAddr,
    handle: SubscriptionHandle,
    cut: Option<CancellationToken>,
    /// When it was seen that the hub had let go of it.
    released: Mutex<Option<Instant>>,
    /// The reconnection time that it is told at its end; [`UNSET`] if none was asked for.
    retry: AtomicU64,
}

const UNSET: u64 = u64::MAX;

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for the patterns among these topics, if all together may be so many.
    pub(crate) fn has_room_for(&self, topics: &[String], most: usize) -> bool {
        let listed = self.lock();
        let is_new = |topic: &&String| is_pattern(topic) && !listed.patterns.contains_key(*topic);
        let new = topics.iter().filter(is_new).count();
        new == 0 || listed.patterns.len() + new <= most
    }

    /// Lists a connection until what is returned is dropped.
    pub(crate) fn enter(
        &self,
        name: ByteString,
        topics: Vec<String>,
        remote: IpAddr,
        handle: SubscriptionHandle,
        cut: Option<CancellationToken>,
    ) -> Registration {
        let connected = Arc::new(Connected {
            name: name.clone(),
            topics,
            since: unix_millis(),
            remote,
            handle,
            cut,
            released: Mutex::default(),
            retry: AtomicU64::new(UNSET),
        });
        let mut listed = self.lock();
        for pattern in connected.patterns() {
            *listed.patterns.entry(pattern.clone()).or_default() += 1;
        }
        listed.connections.insert(name, Arc::clone(&connected));
        drop(listed);
        Registration {
            registry: self.clone(),
            connected,
        }
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().connections.len()
    }

    /// Returns all, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Connected>> {
        let mut all: Vec<_> = self.lock().connections.values().cloned().collect();
        all.sort_by_key(|it| it.handle.id());
        all
    }

    /// Returns those with these names, in their order.
    pub(crate) fn named<'a>(
        &self,
        names: impl IntoIterator<Item = &'a ByteString>,
    ) -> Vec<Arc<Connected>> {
        let listed = self.lock();
        let find = |name: &ByteString| listed.connections.get(name).cloned();
        names.into_iter().filter_map(find).collect()
    }

    /// Ends a connection after what is ready; false if there is none of this name.
    pub(crate) fn disconnect(&self, name: &str, retry: Option<Retry>) -> bool {
        let Some(connected) = self.lock().connections.get(name).cloned() else {
            return false;
        };
        if let Some(retry) = retry {
            connected.retry.store(retry.as_millis(), Ordering::Release);
        }
        connected.handle.disconnect("disconnected")
    }

    /// Cuts those that the hub let go of and that have taken nothing more for so long.
    pub(crate) fn cut_stalled(&self, patience: Duration) {
        let now = Instant::now();
        for connected in self.lock().connections.values() {
            let Some(cut) = &connected.cut else { continue };
            if connected.handle.is_live() {
                continue;
            }
            let released = connected.released.lock();
            let mut released = released.unwrap_or_else(PoisonError::into_inner);
            if now.duration_since(*released.get_or_insert(now)) >= patience {
                tracing::warn!(connection = %connected.name, "a client that takes nothing is cut");
                cut.cancel();
            }
        }
    }

    /// Returns how many entries the connection has yet to take that is most behind.
    pub(crate) fn most_behind(&self) -> u64 {
        let listed = self.lock();
        let lags = listed.connections.values().map(|it| it.handle.lag().0);
        lags.max().unwrap_or(0)
    }
}

/// Keeps a connection listed.
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Registry,
    connected: Arc<Connected>,
}

impl Registration {
    /// Returns the reconnection time that someone asked for who ended it.
    pub(crate) fn retry(&self) -> Option<Retry> {
        match self.connected.retry.load(Ordering::Acquire) {
            UNSET => None,
            millis => Some(Retry::from_millis(millis)),
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut listed = self.registry.lock();
        for pattern in self.connected.patterns() {
            if let Some(count) = listed.patterns.get_mut(pattern) {
                *count -= 1;
                if *count == 0 {
                    listed.patterns.remove(pattern);
                }
            }
        }
        listed.connections.remove(&self.connected.name);
    }
}

impl Connected {
    fn patterns(&self) -> impl Iterator<Item = &String> {
        self.topics.iter().filter(|topic| is_pattern(topic))
    }
}

/// Whether a name stands for many topics.
pub(crate) fn is_pattern(topic: &str) -> bool {
    let mut segments = topic.split('/');
    segments.any(|segment| matches!(segment, "*" | "**"))
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
