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

impl RetrySpread {
    /// Returns the time of one who has this turn, so that as many come in a second as are welcome.
    pub(crate) fn at(self, turn: usize) -> Retry {
        let each = 1000 / u64::from(self.rate.max(1));
        let before = (turn as u64).saturating_mul(1000) / u64::from(self.rate.max(1));
        let least = Retry::from(self.base).as_millis().saturating_add(before);
        draw(least..=least.saturating_add(each))
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
    use crate::turns::{Turn, Turns};

    const SPREAD: RetrySpread = RetrySpread {
        base: Duration::from_secs(1),
        rate: 2_000,
    };

    /// The most that come back within a second.
    fn most_in_a_second(times: &[u64]) -> usize {
        let mut times = times.to_vec();
        times.sort_unstable();
        let before = |end: u64| times.partition_point(|&it| it < end);
        let within = times.iter().map(|&from| before(from + 1000) - before(from));
        within.max().unwrap()
    }

    #[test]
    fn as_many_come_back_in_a_second_as_are_welcome_whenever_they_came() {
        let turns = Turns::default();
        let come = |_| {
            let turn = turns.take();
            (SPREAD.at(turn.number()).as_millis(), turn)
        };
        let mut present: Vec<(u64, Turn)> = (0..5_000).map(come).collect();
        for round in 0..20 {
            let mut index = 0;
            present.retain(|_| {
                index += 1;
                (index + round) % 3 > 0
            });
            let missing = 5_000 - present.len();
            present.extend((0..missing).map(come));
            let times: Vec<u64> = present.iter().map(|(time, _)| *time).collect();
            let most = most_in_a_second(&times);
            assert!(most <= 2_400, "{most} in round {round}");
            assert!(times.iter().all(|it| (1_000..=3_501).contains(it)));
        }
    }

    #[test]
    fn a_reconnection_time_is_within_its_spread_however_many_there_are() {
        for (connections, most) in [(0, 1_000), (1, 1_000), (50_000, 26_000)] {
            let drawn = SPREAD.draw(connections).as_millis();
            assert!((1_000..=most).contains(&drawn), "{connections}: {drawn}");
        }
        assert!(SPREAD.draw(usize::MAX).as_millis() >= 1_000);
    }
}
