//! The connections that are open: who may be listed and ended from elsewhere.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytestring::ByteString;
use sse_core::Retry;
use sse_hub::SubscriptionHandle;

/// All open connections, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    connections: Arc<Mutex<HashMap<ByteString, Arc<Connected>>>>,
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
    /// The reconnection time that it is told at its end; [`UNSET`] if none was asked for.
    retry: AtomicU64,
}

const UNSET: u64 = u64::MAX;

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<ByteString, Arc<Connected>>> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists a connection until what is returned is dropped.
    pub(crate) fn enter(
        &self,
        name: ByteString,
        topics: Vec<String>,
        remote: IpAddr,
        handle: SubscriptionHandle,
    ) -> Registration {
        let connected = Arc::new(Connected {
            name: name.clone(),
            topics,
            since: unix_millis(),
            remote,
            handle,
            retry: AtomicU64::new(UNSET),
        });
        self.lock().insert(name, Arc::clone(&connected));
        Registration {
            registry: self.clone(),
            connected,
        }
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns all, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Connected>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by_key(|it| it.handle.id());
        all
    }

    /// Returns those with these names, in their order.
    pub(crate) fn named<'a>(
        &self,
        names: impl IntoIterator<Item = &'a ByteString>,
    ) -> Vec<Arc<Connected>> {
        let connections = self.lock();
        let find = |name: &ByteString| connections.get(name).cloned();
        names.into_iter().filter_map(find).collect()
    }

    /// Ends a connection after what is ready; false if there is none of this name.
    pub(crate) fn disconnect(&self, name: &str, retry: Option<Retry>) -> bool {
        let Some(connected) = self.lock().get(name).cloned() else {
            return false;
        };
        if let Some(retry) = retry {
            connected.retry.store(retry.as_millis(), Ordering::Release);
        }
        connected.handle.disconnect("disconnected")
    }

    /// Returns how many entries the connection has yet to take that is most behind.
    pub(crate) fn most_behind(&self) -> u64 {
        let connections = self.lock();
        let lags = connections.values().map(|it| it.handle.lag().0);
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
        self.registry.lock().remove(&self.connected.name);
    }
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
