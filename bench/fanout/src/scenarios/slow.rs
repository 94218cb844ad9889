//! Some stop reading: the others must not notice.

use anyhow::Result;

use super::{AT_ONCE, Setup, readers, steady::IN_FLIGHT};
use crate::{
    figures::{Figure, Sample},
    load::{Load, Pace, Reads, Traffic, Until},
    meter::Meter,
};

/// A pair of runs, with and without those who stop.
pub(super) fn run(setup: &Setup<'_>) -> Result<Sample> {
    let stopped = setup.sizes.stopped;
    // Each comes first in every other round.
    let (with, without) = if setup.round.is_multiple_of(2) {
        let with = once(setup, stopped)?;
        (with, once(setup, 0)?)
    } else {
        let without = once(setup, 0)?;
        (once(setup, stopped)?, without)
    };
    let ratio = |figure| Some(with.get(&figure)? / without.get(&figure)?);
    let mut sample = with.clone();
    for (figure, of) in [
        (Figure::CpuRatio, Figure::CpuPerDelivery),
        (Figure::P99Ratio, Figure::P99),
    ] {
        sample.extend(ratio(of).map(|ratio| (figure, ratio)));
    }
    Ok(sample)
}

fn once(setup: &Setup<'_>, stopped: usize) -> Result<Sample> {
    // Little is held, so that those who stop are soon too far behind.
    let server = setup.start(4 * IN_FLIGHT)?;
    let mut load = Load::new(server.address, 1, IN_FLIGHT)?.data_len(DATA_LEN);
    let subscribers = setup.sizes.subscribers;
    // Spread among the others: a server that walks a list meets them on its way.
    let every = subscribers.checked_div(stopped).unwrap_or(usize::MAX);
    let all = readers(1, subscribers).enumerate().map(|(index, mut one)| {
        if index % every == every - 1 {
            one.reads = Reads::Stops;
        }
        one
    });
    load.subscribe(all, AT_ONCE)?;
    load.run(Traffic {
        pace: Pace::InFlight(IN_FLIGHT),
        until: Until::Events(300),
    })?;
    let meter = Meter::start(&server, setup.pass)?;
    let phase = load.run(Traffic {
        pace: Pace::InFlight(IN_FLIGHT),
        until: Until::Elapsed(setup.seconds()),
    })?;
    let mut sample = meter.stop()?.over(&phase);
    let (cut, told) = load.read_stopped()?;
    sample.insert(Figure::Cut, cut as f64);
    sample.insert(Figure::Told, told as f64);
    Ok(sample)
}

/// Short events would all find room in the system's buffers before anybody is slow.
const DATA_LEN: usize = 2048;
