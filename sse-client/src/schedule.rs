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
            let growth = multiplier.powf(f64::from(times)).min(f64::MAX);
            let grown = base.as_secs_f64() * growth;
            let grown = Duration::try_from_secs_f64(grown).unwrap_or(LONGEST);
            grown.min(backoff.max).min(LONGEST).max(least)
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
                let spread = grown(self.failures).saturating_sub(least);
                (least + spread.mul_f64(random)).min(least + spread)
            }
        }
    }
}

/// A longer wait is a mistake, or is meant to park clients: they may ask once a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The delays of failures that follow each other without a healthy connection.
    #[track_caller]
    fn check(backoff: Backoff, asked: Asked, random: f64, milliseconds: &[u64]) {
        let mut schedule = Schedule::new(backoff);
        for (n, &milliseconds) in milliseconds.iter().enumerate() {
            let delay = schedule.failed(s(0), asked, || random);
            assert_eq!(
                delay,
                Some(Duration::from_millis(milliseconds)),
                "failure {n}"
            );
        }
    }

    #[test]
    fn the_formula_by_a_table() {
        let full = Backoff::new();
        let none = full.jitter(Jitter::None);
        let nothing = Asked::default();
        let retry = |milliseconds: u64| nothing.retry(Retry::from_millis(milliseconds));
        check(full, nothing, 0.0, &[1000; 40]);
        check(
            full,
            nothing,
            0.5,
            &[1500, 2500, 4500, 8500, 15_500, 15_500],
        );
        check(
            full,
            nothing,
            1.0,
            &[2000, 4000, 8000, 16_000, 30_000, 30_000],
        );
        check(
            none,
            nothing,
            0.7,
            &[1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
        );
        check(full, retry(3000), 1.0, &[6000, 12_000, 24_000, 30_000]);
        check(full, retry(3000), 0.0, &[3000, 3000]);
        check(none, retry(0), 0.0, &[100, 200, 400]);
        check(none.floor(s(2)), retry(0), 0.0, &[2000, 4000]);
        // More than the longest delay is the server's wish, up to a day.
        check(full, retry(60_000), 1.0, &[60_000, 60_000]);
        check(full, retry(u64::MAX), 1.0, &[86_400_000]);
        check(full, nothing.retry_after(s(5)), 0.0, &[5000, 5000]);
        check(full, nothing.retry_after(s(5)), 1.0, &[5000, 5000, 8000]);
        check(full, nothing.retry_after(Duration::MAX), 1.0, &[86_400_000]);
        check(full, retry(7000).retry_after(s(5)), 0.0, &[7000]);
        // What makes no sense counts as what does.
        for odd in [0.0, 0.5, -3.0, f64::NAN, f64::NEG_INFINITY] {
            check(none.multiplier(odd), nothing, 0.0, &[1000, 1000, 1000]);
        }
        check(
            none.multiplier(f64::INFINITY),
            nothing,
            0.0,
            &[1000, 30_000],
        );
        check(full, nothing, f64::NAN, &[1000]);
        check(full, nothing, -1.0, &[1000]);
        check(full, nothing, 7.0, &[2000]);
        check(
            none.max(Duration::MAX).initial(Duration::MAX),
            nothing,
            0.0,
            &[86_400_000],
        );
    }

    #[test]
    fn failures_are_forgotten_after_a_healthy_connection_and_no_other() {
        let mut schedule = Schedule::new(Backoff::new().jitter(Jitter::None));
        let mut failed = |opened: Option<u64>, now: u64| {
            if let Some(opened) = opened {
                schedule.opened(s(opened));
            }
            let delay = schedule.failed(s(now), Asked::default(), || 0.0);
            (delay.unwrap().as_secs(), schedule.failures())
        };
        assert_eq!(failed(None, 0), (1, 1));
        assert_eq!(failed(Some(1), 2), (2, 2));
        assert_eq!(failed(Some(10), 69), (4, 3));
        assert_eq!(failed(None, 200), (8, 4), "an attempt is no connection");
        assert_eq!(failed(Some(300), 360), (1, 1));
        assert_eq!(failed(None, 361), (2, 2));
    }

    #[test]
    fn it_gives_up_after_so_many_failures_or_so_long() {
        let gives_up = |backoff, instants: &[u64]| {
            let mut schedule = Schedule::new(backoff);
            let mut failed = |&now: &u64| schedule.failed(s(now), Asked::default(), || 0.0);
            instants.iter().position(|now| failed(now).is_none())
        };
        let backoff = Backoff::new();
        assert_eq!(gives_up(Backoff::never(), &[0]), Some(0));
        assert_eq!(gives_up(backoff.max_retries(2), &[0, 1, 2, 3]), Some(2));
        // The next attempt, too, must begin in time.
        assert_eq!(
            gives_up(backoff.max_elapsed(s(10)), &[100, 105, 109, 110]),
            Some(3)
        );
        assert_eq!(
            gives_up(backoff.max_elapsed(Duration::ZERO), &[100]),
            Some(0)
        );
        assert_eq!(gives_up(backoff, &[0, u64::MAX]), None);

        let mut schedule = Schedule::new(backoff.max_retries(1));
        assert!(schedule.failed(s(0), Asked::default(), || 0.0).is_some());
        schedule.opened(s(1));
        assert!(schedule.failed(s(61), Asked::default(), || 0.0).is_some());
        assert!(schedule.failed(s(62), Asked::default(), || 0.0).is_none());
    }
}
