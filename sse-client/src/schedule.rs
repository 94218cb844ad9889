use std::time::Duration;

use sse_core::Retry;

use crate::backoff::{Backoff, Jitter};

/// When to connect again: a [`Backoff`] and what has happened so far.
///
/// It is pure. Instants are times since any fixed moment, and the caller brings the randomness.
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use std::time::Duration;
/// use sse_client::{Asked, Backoff, Schedule};
///
/// let mut schedule = Schedule::new(Backoff::new());
/// let second = Duration::from_secs(1);
/// // The first failure: between 1 s and 2 s. The second: between 1 s and 4 s.
/// assert_eq!(schedule.failed(second, Asked::default(), || 0.5), Some(second * 3 / 2));
/// assert_eq!(schedule.failed(second * 3, Asked::default(), || 1.0), Some(second * 4));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    backoff: Backoff,
    failures: u32,
    first_failure: Duration,
    opened: Option<Duration>,
}

/// What the server has asked a client to wait.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// The last reconnection time of the event stream.
    pub retry: Option<Retry>,
    /// What the header `Retry-After` of the response says.
    pub retry_after: Option<Duration>,
}

impl Asked {
    /// Sets the last reconnection time of the event stream.
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.retry = Some(retry.into());
        self
    }

    /// Sets what the header `Retry-After` says.
    pub const fn retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }
}

impl Schedule {
    /// Makes a schedule for which nothing has happened.
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            failures: 0,
            first_failure: Duration::ZERO,
            opened: None,
        }
    }

    /// Takes note that a connection is open.
    pub const fn opened(&mut self, now: Duration) {
        self.opened = Some(now);
    }

    /// Takes note that a connection or an attempt has failed; returns the delay before the next attempt, or `None` to give up.
    ///
    /// `random` gives a number from 0 to 1.
    pub fn failed(
        &mut self,
        now: Duration,
        asked: Asked,
        random: impl FnOnce() -> f64,
    ) -> Option<Duration> {
        let opened = self.opened.take();
        if opened.is_some_and(|opened| now.saturating_sub(opened) >= self.backoff.healthy_after) {
            self.failures = 0;
        }
        if self.failures == 0 {
            self.first_failure = now;
        }
        self.failures = self.failures.saturating_add(1);
        let delay = self.delay(asked, random);
        let elapsed = now.saturating_sub(self.first_failure).saturating_add(delay);
        let too_many = self
            .backoff
            .max_retries
            .is_some_and(|most| self.failures > most);
        let too_long = self.backoff.max_elapsed.is_some_and(|most| elapsed > most);
        (!too_many && !too_long).then_some(delay)
    }

    /// Returns the number of failures since a connection was healthy.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns the backoff.
    pub const fn backoff(&self) -> &Backoff {
        &self.backoff
    }

    fn delay(&self, asked: Asked, random: impl FnOnce() -> f64) -> Duration {
        let backoff = &self.backoff;
        let base = asked.retry.map_or(backoff.initial, Retry::as_duration);
        let base = base.max(backoff.floor).min(LONGEST);
        let least = asked.retry_after.unwrap_or_default().min(LONGEST).max(base);
        let grown = |times: u32| {
            // NaN and what would shrink count as 1.
            let multiplier = backoff.multiplier.max(1.0);
            let grown = base.as_secs_f64() * multiplier.powf(f64::from(times));
            let grown = Duration::try_from_secs_f64(grown).unwrap_or(Duration::MAX);
            grown.min(backoff.max).max(least)
        };
        match backoff.jitter {
            Jitter::None => grown(self.failures - 1),
            Jitter::Full => {
                let random = random();
                // A source of randomness outside its bounds must not break ours.
                let random = if random.is_nan() {
                    0.0
                } else {
                    random.clamp(0.0, 1.0)
                };
                let spread = grown(self.failures) - least;
                (least + spread.mul_f64(random)).min(least + spread)
            }
        }
    }
}

/// A longer wait is a mistake of the server, or is meant to park clients: they may ask once a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
