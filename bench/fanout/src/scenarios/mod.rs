//! What is asked of every server.

mod idle;
pub mod in_process;
mod reconnect;
mod resume;
mod slow;
mod steady;

use std::time::Duration;

use anyhow::Result;

use crate::{
    cores::Cores,
    figures::Sample,
    load::{Reads, Subscription},
    meter::Pass,
    process::Running,
    programs::{Build, Programs},
    servers::Server,
};

/// One run of one server, from its start to its end.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub title: &'static str,
    pub needs: Needs,
    /// Whether system calls and allocations per delivery mean anything.
    pub is_counted: bool,
    pub run: fn(&Setup<'_>) -> Result<Sample>,
}

/// What a server must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Delivery,
    /// More topics than one.
    Topics,
    Resume,
    /// Its clients come back when it told them to.
    Reconnection,
}

/// What a run is done with.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    pub server: &'a Server,
    pub programs: &'a Programs,
    pub cores: &'a Cores,
    pub sizes: &'a Sizes,
    pub pass: Pass,
    pub round: usize,
}

/// How large the scenarios are.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Of `lockstep`, `flat` and `slow`.
    pub subscribers: usize,
    pub stopped: usize,
    /// Events after which it is looked at what a hub still holds.
    pub held_events: usize,
    /// Of `10k`, `idle` and `reconnect`.
    pub many: usize,
    pub burst_subscribers: usize,
    pub burst_events: usize,
    pub topics: usize,
    pub per_topic: usize,
    pub resuming: usize,
    pub behind: usize,
    pub waves: usize,
    /// Of a phase that is measured.
    pub seconds: Duration,
}

pub const FULL: Sizes = Sizes {
    subscribers: 1000,
    stopped: 50,
    held_events: 6000,
    many: 10_000,
    burst_subscribers: 100,
    burst_events: 10_000,
    topics: 1000,
    per_topic: 10,
    resuming: 1000,
    behind: 100,
    waves: 5,
    seconds: Duration::from_secs(3),
};

pub const SMOKE: Sizes = Sizes {
    subscribers: 50,
    stopped: 5,
    held_events: 300,
    many: 200,
    burst_subscribers: 10,
    burst_events: 300,
    topics: 20,
    per_topic: 3,
    resuming: 20,
    behind: 10,
    waves: 2,
    seconds: Duration::from_millis(100),
};

pub const ALL: &[Scenario] = &[
    Scenario {
        name: "lockstep",
        title: "1,000 subscribers, the next event when all have the last",
        needs: Needs::Delivery,
        is_counted: true,
        run: steady::lockstep,
    },
    Scenario {
        name: "flat",
        title: "1,000 subscribers, flat out, at most 64 events on their way",
        needs: Needs::Delivery,
        is_counted: true,
        run: steady::flat,
    },
    Scenario {
        name: "10k",
        title: "10,000 subscribers, 10 events/s",
        needs: Needs::Delivery,
        is_counted: false,
        run: steady::ten_thousand,
    },
    Scenario {
        name: "burst",
        title: "100 subscribers, a burst of 10,000 events",
        needs: Needs::Delivery,
        is_counted: true,
        run: steady::burst,
    },
    Scenario {
        name: "topics",
        title: "1,000 topics of 10 subscribers, flat out, at most 64 events on their way",
        needs: Needs::Topics,
        is_counted: true,
        run: steady::topics,
    },
    Scenario {
        name: "single",
        title: "1 subscriber in lockstep: what a publish costs, HTTP's part included",
        needs: Needs::Delivery,
        is_counted: true,
        run: steady::single,
    },
    Scenario {
        name: "idle",
        title: "10,000 idle connections, 1,000 at once while connecting",
        needs: Needs::Delivery,
        is_counted: false,
        run: idle::run,
    },
    Scenario {
        name: "resume",
        title: "1,000 clients resume 100 events behind",
        needs: Needs::Resume,
        is_counted: false,
        run: resume::run,
    },
    Scenario {
        name: "reconnect",
        title: "10,000 clients come back after the server was killed and started again",
        needs: Needs::Reconnection,
        is_counted: false,
        run: reconnect::run,
    },
    Scenario {
        name: "slow",
        title: "50 of 1,000 subscribers stop reading, flat out, against none of 1,000",
        needs: Needs::Delivery,
        is_counted: false,
        run: slow::run,
    },
];

impl Setup<'_> {
    /// Starts the server, holding so many events.
    pub(crate) fn start(&self, retain: usize) -> Result<Running> {
        let build = match self.pass {
            Pass::Timed | Pass::SystemCalls => Build::Timed,
            Pass::Allocations => Build::Counting,
        };
        Running::start(self.server, self.programs, build, self.cores, retain)
    }

    /// How long a phase lasts: a count needs less than a time.
    pub(crate) fn seconds(&self) -> Duration {
        match self.pass {
            Pass::Timed => self.sizes.seconds,
            Pass::SystemCalls | Pass::Allocations => self.sizes.seconds / 3,
        }
    }
}

/// A subscription for each of so many topics, so many times.
pub(crate) fn readers(topics: usize, each: usize) -> impl Iterator<Item = Subscription> {
    (0..topics * each).map(move |index| Subscription {
        topic: (index % topics) as u32,
        reads: Reads::Always,
        after: None,
        from: 0,
    })
}

/// Connections without a response while a server is being filled: no queue is meant to overflow.
pub(crate) const AT_ONCE: usize = 64;
