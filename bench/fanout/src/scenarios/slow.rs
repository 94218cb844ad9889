//! Some stop reading: the others must not notice.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{AT_ONCE, Setup, readers, steady::IN_FLIGHT};
use crate::{
    figures::{Figure, Sample},
    load::{Load, Pace, Reads, Stopped, Traffic, Until},
    meter::{Meter, Pass},
    process::{Memory, Running},
};

/// A pair of runs, with and without those who stop.
pub(super) fn run(setup: &Setup<'_>) -> Result<Sample> {
    let stopped = setup.sizes.stopped;
    // Each comes first in every other round.
    let ((with, became), (without, _)) = if setup.round.is_multiple_of(2) {
        let with = once(setup, stopped)?;
        (with, once(setup, 0)?)
    } else {
        let without = once(setup, 0)?;
        (once(setup, stopped)?, without)
    };
    let mut sample = with.clone();
    if setup.server.tells_memory() && setup.pass == Pass::Timed {
        let (with, without) = (held(setup, stopped)?, held(setup, 0)?);
        let pinned = with.memory.pinned.max(without.memory.pinned);
        let held = with.memory.held.abs_diff(without.memory.held);
        sample.extend([
            (
                Figure::Unhandled,
                with.became.neither.max(became.neither) as f64,
            ),
            (Figure::NamedDifference, stopped.abs_diff(with.named) as f64),
            (Figure::PinnedLeft, pinned as f64),
            (Figure::HeldDifference, held as f64),
        ]);
    }
    let ratio = |figure| Some(with.get(&figure)? / without.get(&figure)?);
    for (figure, of) in [
        (Figure::CpuRatio, Figure::CpuPerDelivery),
        (Figure::P99Ratio, Figure::P99),
    ] {
        sample.extend(ratio(of).map(|ratio| (figure, ratio)));
    }
    Ok(sample)
}

fn once(setup: &Setup<'_>, stopped: usize) -> Result<(Sample, Stopped)> {
    let server = setup.start(RETAINED)?;
    let mut load = subscribed(&server, setup, stopped)?;
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
    let became = load.read_stopped()?;
    sample.insert(Figure::Cut, became.cut as f64);
    sample.insert(Figure::Told, became.told as f64);
    Ok((sample, became))
}

/// How a run ended.
struct Held {
    memory: Memory,
    became: Stopped,
    /// Subscriptions that the log names as lagging.
    named: usize,
}

/// What a hub holds when all are gone, after a number of events that is always the same and more than it lets
/// anybody be behind; and what became of those who stopped.
fn held(setup: &Setup<'_>, stopped: usize) -> Result<Held> {
    let server = setup.start(RETAINED)?;
    let mut load = subscribed(&server, setup, stopped)?;
    load.run(Traffic {
        pace: Pace::InFlight(IN_FLIGHT),
        until: Until::Events(setup.sizes.held_events),
    })?;
    let became = load.read_stopped()?;
    drop(load);
    let began = Instant::now();
    loop {
        let (memory, named) = (server.memory()?, server.named_lagging());
        if memory.pinned == 0 && named >= stopped || began.elapsed() > PATIENCE {
            return Ok(Held {
                memory,
                became,
                named,
            });
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn subscribed(server: &Running, setup: &Setup<'_>, stopped: usize) -> Result<Load> {
    let mut load = Load::new(server.target(), 1, IN_FLIGHT)?.data_len(DATA_LEN);
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
    Ok(load)
}

/// Little is held, so that those who stop are soon too far behind.
const RETAINED: usize = 4 * IN_FLIGHT;

/// A server notices within so long that its clients are gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Short events would all find room in the system's buffers before anybody is slow.
const DATA_LEN: usize = 2048;
