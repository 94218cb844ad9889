use std::{ops::RangeInclusive, time::Duration};

use sse_core::Retry;

use crate::{
    ids::Ids,
    lag::{LagLimit, Lagging},
    position::random_u64,
    topic::Topic,
};

/// What a hub is told once and all its namespaces share.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) default_topic: Topic,
    pub(crate) ids: Ids,
    pub(crate) lag: LagLimit,
    pub(crate) lagging: Lagging,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) max_replay: Option<u64>,
    /// Of each namespace, at a time.
    pub(crate) max_patterns: usize,
    pub(crate) pin_limit: u64,
    pub(crate) retry: RetrySpread,
}

/// The reconnection time that each subscription is told: so spread that clients do not come back all at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetrySpread {
    /// The least.
    pub(crate) base: Duration,
    /// Reconnections a second that are welcome.
    pub(crate) rate: u32,
}

impl RetrySpread {
    /// Draws a time for one of `connections`.
    pub(crate) fn draw(self, connections: usize) -> Retry {
        let spread = (connections as u64).saturating_mul(1000) / u64::from(self.rate.max(1));
        let base = Retry::from(self.base).as_millis();
        draw(base..=base.saturating_add(spread))
    }
}

/// The reconnection time of those who are asked to come again later.
pub(crate) fn draw_soft_reject() -> Retry {
    draw(15_000..=45_000)
}

fn draw(range: RangeInclusive<u64>) -> Retry {
    let span = range.end().saturating_sub(*range.start()).saturating_add(1);
    Retry::from_millis(range.start() + random_u64() % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reconnection_time_is_within_its_spread_however_many_there_are() {
        let spread = RetrySpread {
            base: Duration::from_secs(1),
            rate: 2_000,
        };
        for (connections, most) in [(0, 1_000), (1, 1_000), (50_000, 26_000)] {
            let drawn = spread.draw(connections).as_millis();
            assert!((1_000..=most).contains(&drawn), "{connections}: {drawn}");
        }
        assert!(spread.draw(usize::MAX).as_millis() >= 1_000);
    }
}
