use std::time::Duration;

/// How long to wait before a new connection, and when to give up.
///
/// The delay before the next connection is
///
/// ```text
/// least + U(0, max(0, min(max, base · multiplierⁿ) − least))
/// ```
///
/// where `base` is the last `retry` of the server, or else `initial`, and at least `floor`;
/// `least` is `base`, or what `Retry-After` says if that is more; n is the number of failures since a connection was healthy,
/// the last one included; U is uniform.
/// So it is never sooner than the server asked, which would undo how a server spreads its clients,
/// and a `retry` above `max` wins over `max`. No delay is longer than 24 hours.
/// Without jitter it is `base · multiplierⁿ⁻¹`, within the same bounds.
///
/// No combination of values is wrong: a `multiplier` below 1, or none at all, counts as 1.
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use std::time::Duration;
/// use sse_client::{Backoff, Jitter};
///
/// let backoff = Backoff::new().initial(Duration::from_millis(500)).max_retries(10).jitter(Jitter::None);
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The delay until the server has sent a reconnection time; 1 s by default.
    pub initial: Duration,
    /// What the bound of the delay grows by with each failure; 2 by default.
    pub multiplier: f64,
    /// Whether the delay is drawn; [`Jitter::Full`] by default.
    pub jitter: Jitter,
    /// Where growth ends; 30 s by default.
    pub max: Duration,
    /// The shortest delay, whatever the server sends; 100 ms by default.
    pub floor: Duration,
    /// For how long a connection must have been open so that the failures before it are forgotten; 60 s by default.
    ///
    /// A server that accepts and closes at once is thus asked ever more slowly.
    pub healthy_after: Duration,
    /// How many failures in a row are retried; no limit by default.
    pub max_retries: Option<u32>,
    /// For how long after the first failure in a row connections are tried; no limit by default.
    pub max_elapsed: Option<Duration>,
}

/// Whether delays are drawn.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Jitter {
    /// They are not: all clients of a server that went away come back at once.
    None,
    /// They are uniform from the reconnection time to the bound that grows.
    #[default]
    Full,
}

impl Backoff {
    /// Makes a backoff with the defaults.
    pub const fn new() -> Self {
        Self {
            initial: Duration::from_secs(1),
            multiplier: 2.0,
            jitter: Jitter::Full,
            max: Duration::from_secs(30),
            floor: Duration::from_millis(100),
            healthy_after: Duration::from_secs(60),
            max_retries: None,
            max_elapsed: None,
        }
    }

    /// Makes a backoff that never retries: the first failure is final, and the end of a response ends the events.
    pub const fn never() -> Self {
        Self::new().max_retries(0)
    }

    /// Sets the delay until the server has sent a reconnection time.
    pub const fn initial(mut self, initial: Duration) -> Self {
        self.initial = initial;
        self
    }

    /// Sets what the bound of the delay grows by with each failure.
    pub const fn multiplier(mut self, multiplier: f64) -> Self {
        self.multiplier = multiplier;
        self
    }

    /// Sets whether the delay is drawn.
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets where growth ends.
    pub const fn max(mut self, max: Duration) -> Self {
        self.max = max;
        self
    }

    /// Sets the shortest delay.
    pub const fn floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// Sets for how long a connection must have been open so that the failures before it are forgotten.
    pub const fn healthy_after(mut self, healthy_after: Duration) -> Self {
        self.healthy_after = healthy_after;
        self
    }

    /// Sets how many failures in a row are retried.
    pub const fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// Sets for how long after the first failure in a row connections are tried.
    pub const fn max_elapsed(mut self, max_elapsed: Duration) -> Self {
        self.max_elapsed = Some(max_elapsed);
        self
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}
