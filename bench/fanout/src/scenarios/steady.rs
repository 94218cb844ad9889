//! Everybody reads: events of 200 bytes at one pace or another.

use anyhow::Result;

use super::{AT_ONCE, Setup, readers};
use crate::{
    figures::Sample,
    load::{Load, Pace, Traffic, Until},
    meter::Meter,
};

/// Connections, and what is published to them.
struct Steady {
    topics: usize,
    per_topic: usize,
    publishers: usize,
    retain: usize,
    warm_up: usize,
    traffic: Traffic,
}

pub(super) fn lockstep(setup: &Setup<'_>) -> Result<Sample> {
    let steady = Steady {
        topics: 1,
        per_topic: setup.sizes.subscribers,
        publishers: 1,
        retain: 1024,
        warm_up: 20,
        traffic: Traffic {
            pace: Pace::InFlight(1),
            until: Until::Elapsed(setup.seconds()),
        },
    };
    steady.run(setup)
}

pub(super) fn flat(setup: &Setup<'_>) -> Result<Sample> {
    let steady = Steady {
        topics: 1,
        per_topic: setup.sizes.subscribers,
        publishers: IN_FLIGHT,
        retain: 1024,
        warm_up: 300,
        traffic: Traffic {
            pace: Pace::InFlight(IN_FLIGHT),
            until: Until::Elapsed(setup.seconds()),
        },
    };
    steady.run(setup)
}

pub(super) fn ten_thousand(setup: &Setup<'_>) -> Result<Sample> {
    let steady = Steady {
        topics: 1,
        per_topic: setup.sizes.many,
        publishers: 1,
        retain: 1024,
        warm_up: 3,
        traffic: Traffic {
            pace: Pace::PerSecond(10),
            until: Until::Elapsed(setup.seconds()),
        },
    };
    steady.run(setup)
}

pub(super) fn burst(setup: &Setup<'_>) -> Result<Sample> {
    let events = setup.sizes.burst_events;
    let steady = Steady {
        topics: 1,
        per_topic: setup.sizes.burst_subscribers,
        publishers: IN_FLIGHT,
        // Whoever cannot hold the burst loses some of it.
        retain: (events * 2).next_power_of_two(),
        warm_up: 100,
        traffic: Traffic {
            pace: Pace::Burst,
            until: Until::Events(events),
        },
    };
    steady.run(setup)
}

pub(super) fn topics(setup: &Setup<'_>) -> Result<Sample> {
    let steady = Steady {
        topics: setup.sizes.topics,
        per_topic: setup.sizes.per_topic,
        publishers: IN_FLIGHT,
        retain: 128,
        warm_up: setup.sizes.topics,
        traffic: Traffic {
            pace: Pace::InFlight(IN_FLIGHT),
            until: Until::Elapsed(setup.seconds()),
        },
    };
    steady.run(setup)
}

pub(super) fn single(setup: &Setup<'_>) -> Result<Sample> {
    let steady = Steady {
        topics: 1,
        per_topic: 1,
        publishers: 1,
        retain: 1024,
        warm_up: 100,
        traffic: Traffic {
            pace: Pace::InFlight(1),
            until: Until::Elapsed(setup.seconds() / 3),
        },
    };
    steady.run(setup)
}

impl Steady {
    fn run(&self, setup: &Setup<'_>) -> Result<Sample> {
        let server = setup.start(self.retain)?;
        let mut load = Load::new(server.target(), self.topics, self.publishers)?;
        load.subscribe(readers(self.topics, self.per_topic), AT_ONCE)?;
        load.run(Traffic {
            pace: Pace::InFlight(self.publishers),
            until: Until::Events(self.warm_up),
        })?;
        let meter = Meter::start(&server, setup.pass)?;
        let phase = load.run(self.traffic)?;
        Ok(meter.stop()?.over(&phase))
    }
}

/// Events on their way at most, and connections that publish.
pub(super) const IN_FLIGHT: usize = 64;
