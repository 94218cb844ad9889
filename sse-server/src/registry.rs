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
use sse_hub::{SubscriptionHandle, Topic};
use tokio_util::sync::CancellationToken;

use crate::{
    remote::{Client, accounted},
    settings::Limits,
};

/// All open subscriptions, by name: a connection that speaks HTTP/2 may have many.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    most: Most,
    listed: Arc<Mutex<Listed>>,
}

/// How much there may be of what.
#[derive(Clone, Copy, Debug)]
struct Most {
    all: usize,
    of_an_address: usize,
    patterns: usize,
}

#[derive(Debug, Default)]
struct Listed {
    connections: HashMap<ByteString, Arc<Connected>>,
    /// How many there are of each address.
    addresses: HashMap<IpAddr, usize>,
    /// How many listen to each pattern.
    patterns: HashMap<String, usize>,
}

/// There are too many of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

/// An open subscription.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) name: ByteString,
    pub(crate) topics: Vec<String>,
    /// In milliseconds since 1970.
    pub(crate) since: u64,
    pub(crate) remote: IpAddr,
    /// What it is counted by.
    address: IpAddr,
    handle: SubscriptionHandle,
    cut: Option<Arc<CancellationToken>>,
    /// How often it has taken something.
    taken: AtomicU64,
    /// When it was seen that the hub had let go of it, and what it had taken by then.
    released: Mutex<Option<(Instant, u64)>>,
    /// The reconnection time that it is told at its end; [`UNSET`] if none was asked for.
    retry: AtomicU64,
}

const UNSET: u64 = u64::MAX;

impl Registry {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            most: Most {
                all: limits.connections.unwrap_or(usize::MAX),
                of_an_address: match limits.address_connections {
                    0 => usize::MAX,
                    most => most,
                },
                patterns: limits.patterns,
            },
            listed: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for one more of this client, with these topics.
    pub(crate) fn has_room_for(&self, client: &Client, topics: &[String]) -> bool {
        let address = accounted(client.peer.ip());
        self.lock().has_room_for(address, topics, self.most)
    }

    /// Lists a subscription until what is returned is dropped, if there is room.
    pub(crate) fn enter(
        &self,
        name: ByteString,
        mut topics: Vec<String>,
        client: &Client,
        handle: SubscriptionHandle,
    ) -> Result<Registration, Full> {
        let address = accounted(client.peer.ip());
        let mut listed = self.lock();
        if !listed.has_room_for(address, &topics, self.most) {
            return Err(Full);
        }
        if topics.is_empty() {
            topics.push(Topic::default().to_string());
        }
        let connected = Arc::new(Connected {
            name: name.clone(),
            topics,
            since: unix_millis(),
            remote: client.remote,
            address,
            handle,
            cut: client.cut.clone(),
            taken: AtomicU64::new(0),
            released: Mutex::default(),
            retry: AtomicU64::new(UNSET),
        });
        for pattern in connected.patterns() {
            *listed.patterns.entry(pattern.clone()).or_default() += 1;
        }
        *listed.addresses.entry(address).or_default() += 1;
        listed.connections.insert(name, Arc::clone(&connected));
        drop(listed);
        Ok(Registration {
            registry: self.clone(),
            connected,
        })
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

    /// Cuts the connections of those that the hub let go of and that have taken nothing more for so long.
    ///
    /// One that has another stream which gets on is left alone: those that do not hold a few KB each.
    pub(crate) fn cut_stalled(&self, patience: Duration) {
        let now = Instant::now();
        let mut stalled: HashMap<*const CancellationToken, Option<&Arc<Connected>>> =
            HashMap::new();
        let listed = self.lock();
        for connected in listed.connections.values() {
            let Some(cut) = &connected.cut else { continue };
            let of_connection = stalled.entry(Arc::as_ptr(cut)).or_insert(Some(connected));
            if !connected.has_stalled(now, patience) {
                *of_connection = None;
            }
        }
        for connected in stalled.into_values().flatten() {
            tracing::warn!(connection = %connected.name, "a client that takes nothing is cut");
            if let Some(cut) = &connected.cut {
                cut.cancel();
            }
        }
    }
}

impl Listed {
    fn has_room_for(&self, address: IpAddr, topics: &[String], most: Most) -> bool {
        let of_address = self.addresses.get(&address).copied().unwrap_or(0);
        let mut new: Vec<_> = topics.iter().filter(|topic| is_pattern(topic)).collect();
        new.retain(|topic| !self.patterns.contains_key(*topic));
        new.sort_unstable();
        new.dedup();
        self.connections.len() < most.all
            && of_address < most.of_an_address
            && (new.is_empty() || self.patterns.len() + new.len() <= most.patterns)
    }
}

/// Keeps a connection listed.
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Registry,
    connected: Arc<Connected>,
}

impl Registration {
    /// Notes that its client gets on.
    pub(crate) fn took(&self) {
        self.connected.taken.fetch_add(1, Ordering::Relaxed);
    }

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
        let address = self.connected.address;
        if let Some(count) = listed.addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                listed.addresses.remove(&address);
            }
        }
        listed.connections.remove(&self.connected.name);
    }
}

impl Connected {
    /// Whether the hub let go of it, and it has taken nothing more for so long.
    fn has_stalled(&self, now: Instant, patience: Duration) -> bool {
        if self.handle.is_live() {
            return false;
        }
        let taken = self.taken.load(Ordering::Relaxed);
        let released = self.released.lock();
        let mut released = released.unwrap_or_else(PoisonError::into_inner);
        match *released {
            Some((since, before)) if before == taken => now.duration_since(since) >= patience,
            _ => {
                *released = Some((now, taken));
                false
            }
        }
    }

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
