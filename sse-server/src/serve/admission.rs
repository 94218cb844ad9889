use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::Semaphore;

use super::rate::Bucket;
use crate::{
    remote::{Standing, accounted},
    settings::Limits,
};

/// Who may come in: connections are counted, all together and by address.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    most: usize,
    limits: Limits,
    open: AtomicUsize,
    places: Mutex<Places>,
}

#[derive(Debug)]
struct Places {
    all: Bucket,
    by_address: HashMap<IpAddr, Place>,
}

/// What one address takes.
#[derive(Debug)]
struct Place {
    open: usize,
    bucket: Bucket,
    handshakes: Arc<Semaphore>,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    shared: Arc<Shared>,
    address: IpAddr,
    pub(super) standing: Standing,
    /// Given back when the first request has come.
    pub(super) handshakes: Arc<Semaphore>,
}

impl Admission {
    pub(super) fn new(most: usize, limits: Limits) -> Self {
        let all = Bucket::full(limits.connection_rate, Instant::now());
        let places = Places {
            all,
            by_address: HashMap::new(),
        };
        Self {
            shared: Arc::new(Shared {
                most,
                limits,
                open: AtomicUsize::new(0),
                places: Mutex::new(places),
            }),
        }
    }

    /// Counts a connection, and says how it stands; `None` if there is not even room to tell it so.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Admitted> {
        let shared = &self.shared;
        let open = shared.open.load(Ordering::Relaxed);
        // Beyond the limit a few are heard, so that health and those who are asked to come again have an answer.
        if open >= shared.most.saturating_add(reserve(shared.most)) {
            return None;
        }
        let address = accounted(peer);
        let (limits, now) = (&shared.limits, Instant::now());
        let mut places = shared.lock();
        let is_slow_enough = places.all.take(limits.connection_rate, now);
        let place = places.by_address.entry(address).or_insert_with(|| Place {
            open: 0,
            bucket: Bucket::full(limits.address_rate, now),
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
        });
        let most = match limits.address_connections {
            0 => usize::MAX,
            most => most,
        };
        let is_within = is_slow_enough
            && open < shared.most
            && place.open < most
            && place.bucket.take(limits.address_rate, now);
        place.open += 1;
        shared.open.fetch_add(1, Ordering::Relaxed);
        Some(Admitted {
            shared: Arc::clone(shared),
            address,
            standing: if is_within {
                Standing::Within
            } else {
                Standing::Over
            },
            handshakes: Arc::clone(&place.handshakes),
        })
    }

    /// Returns how many connections are open.
    pub(super) fn open(&self) -> usize {
        self.shared.open.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
        let rate = self.shared.limits.address_rate;
        let mut places = self.shared.lock();
        if let Some(place) = places.by_address.get_mut(&self.address) {
            place.open -= 1;
            // An address whose rate is not yet forgotten stays until the next connection of it goes.
            if place.open == 0 && place.bucket.is_full(rate, Instant::now()) {
                places.by_address.remove(&self.address);
            }
        }
        let most = MOST_ADDRESSES;
        if places.by_address.len() > most {
            let now = Instant::now();
            places
                .by_address
                .retain(|_, place| place.open > 0 || !place.bucket.is_full(rate, now));
        }
    }
}

/// Addresses that are remembered without a connection.
const MOST_ADDRESSES: usize = 10_000;

fn reserve(most: usize) -> usize {
    (most / 20).clamp(8, 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::Cli, settings::Settings};

    fn admission(most: usize, arguments: &[&str]) -> Admission {
        let all = ["sse-server"].iter().chain(arguments);
        let settings = Settings::try_from(Cli::read(all).unwrap().serve).unwrap();
        Admission::new(most, settings.limits)
    }

    fn standing(admission: &Admission, address: &str) -> (Standing, Admitted) {
        let admitted = admission.admit(address.parse().unwrap()).unwrap();
        (admitted.standing, admitted)
    }

    #[test]
    fn connections_are_counted_by_address_and_given_back() {
        let admission = admission(100, &["--max-address-connections", "1"]);
        let (first, held) = standing(&admission, "2001:db8::1");
        let (second, _held) = standing(&admission, "2001:db8::2");
        let (third, _other) = standing(&admission, "2001:db8:0:1::1");
        assert_eq!(
            (first, second, third),
            (Standing::Within, Standing::Over, Standing::Within)
        );
        drop(held);
        assert_eq!(admission.open(), 2);
    }

    #[test]
    fn beyond_the_limit_a_few_are_heard_and_then_none() {
        let admission = admission(2, &[]);
        let held: Vec<_> = (0..10).map(|_| standing(&admission, "::1")).collect();
        assert_eq!(held[1].0, Standing::Within);
        assert_eq!(held[2].0, Standing::Over);
        assert!(admission.admit("::1".parse().unwrap()).is_none());
        drop(held);
        assert_eq!(standing(&admission, "::1").0, Standing::Within);
    }

    #[test]
    fn new_connections_have_a_rate() {
        let admission = admission(100, &["--address-rate", "2"]);
        let held: Vec<_> = (0..3)
            .map(|_| standing(&admission, "127.0.0.1").1)
            .collect();
        assert_eq!(held[1].standing, Standing::Within);
        assert_eq!(held[2].standing, Standing::Over);
    }
}
