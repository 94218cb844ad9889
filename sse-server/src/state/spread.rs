use std::{
    hash::{BuildHasher as _, RandomState},
    ops::RangeInclusive,
};

use sse_core::Retry;

/// Draws a time in milliseconds; each call has a random state of its own.
pub(super) fn draw(range: RangeInclusive<u64>) -> Retry {
    let span = range.end().saturating_sub(*range.start()).saturating_add(1);
    let random = RandomState::new().hash_one(range.start());
    Retry::from_millis(range.start() + random % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_over_the_whole_range() {
        let mut drawn: Vec<_> = (0..2_000).map(|_| draw(10..=19).as_millis()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, (10..=19).collect::<Vec<_>>());
    }
}
