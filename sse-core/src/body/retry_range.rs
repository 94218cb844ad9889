use core::hash::BuildHasher;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::hash::RandomState;

use crate::Retry;

/// The range that a final `retry` is drawn from, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryRange {
    least: u64,
    greatest: u64,
}

impl RetryRange {
    pub(super) fn new(range: &RangeInclusive<Duration>) -> Self {
        let [start, end] =
            [range.start(), range.end()].map(|bound| Retry::from(*bound).as_millis());
        Self {
            least: start.min(end),
            greatest: start.max(end),
        }
    }

    pub(super) fn draw(self) -> Retry {
        // Each `RandomState` has keys of its own, so its hash of nothing is a random number.
        let random = RandomState::new().hash_one(());
        let millis = match (self.greatest - self.least).checked_add(1) {
            Some(span) => self.least + random % span,
            None => random,
        };
        Retry::from_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check([start, end]: [u64; 2], least: u64, greatest: u64) {
        let range = Duration::from_millis(start)..=Duration::from_millis(end);
        let range = RetryRange::new(&range);
        for _ in 0..200 {
            let drawn = range.draw().as_millis();
            assert!((least..=greatest).contains(&drawn), "{drawn}");
        }
    }

    #[test]
    fn every_draw_lies_in_the_range_whichever_bound_is_named_first() {
        check([1000, 5000], 1000, 5000);
        check([5000, 1000], 1000, 5000);
        check([7, 7], 7, 7);
        check([0, u64::MAX], 0, u64::MAX);
    }

    #[test]
    fn draws_differ() {
        let range = RetryRange {
            least: 0,
            greatest: u64::MAX,
        };
        let first = range.draw();
        assert!((0..8).any(|_| range.draw() != first));
    }
}
