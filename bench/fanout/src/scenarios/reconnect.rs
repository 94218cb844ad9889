//! The server is killed, and all come back when it told them to.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{AT_ONCE, Setup, readers};
use crate::{
    figures::{Figure, Sample},
    load::{Load, Pace, Traffic, Until},
};

/// Reconnections a second that a hub welcomes if it is told nothing else.
const WELCOME: f64 = 2_000.0;

pub(super) fn run(setup: &Setup<'_>) -> Result<Sample> {
    let mut server = setup.start(RETAINED)?;
    let mut load = Load::new(server.target(), 1, 1)?;
    load.subscribe(readers(1, setup.sizes.many), AT_ONCE)?;
    let times = load.reconnection_times()?;
    drop(load);
    let killed = server.restart(setup, RETAINED)?;
    let mut load = Load::new(server.target(), 1, 1)?;
    let come_back = readers(1, times.len()).zip(&times);
    let come_back = come_back.map(|(one, &after)| (killed + after, one));
    let (began, unserved) = load.subscribe_at(come_back.collect())?;
    // All are there, and not only their sockets. The hub has everything in memory, so no provider is read.
    if unserved == 0 {
        load.run(Traffic {
            pace: Pace::InFlight(1),
            until: Until::Events(1),
        })?;
    }
    Ok(Sample::from([
        (
            Figure::ReconnectRate,
            most_in_a_second(&began) as f64 / WELCOME,
        ),
        (Figure::Unserved, unserved as f64),
    ]))
}

const RETAINED: usize = 1024;

/// The most that began within a second; they are in order.
fn most_in_a_second(began: &[Instant]) -> usize {
    let before = |end: Instant| began.partition_point(|&at| at < end);
    let within = began
        .iter()
        .map(|&at| before(at + Duration::from_secs(1)) - before(at));
    within.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_second_counts_wherever_it_begins() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        assert_eq!(most_in_a_second(&[]), 0);
        assert_eq!(most_in_a_second(&[0, 900, 1000, 1899, 2100].map(at)), 3);
    }
}
