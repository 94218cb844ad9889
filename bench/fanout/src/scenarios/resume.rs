//! Clients that come back and want what they missed, then go on live.

use std::time::Duration;

use anyhow::Result;

use super::{AT_ONCE, Setup};
use crate::{
    figures::{Figure, Sample},
    load::{Load, Pace, Reads, Subscription, Traffic, Until},
    meter::Meter,
    meter::Spent,
};

pub(super) fn run(setup: &Setup<'_>) -> Result<Sample> {
    let sizes = setup.sizes;
    let server = setup.start(1024)?;
    let mut cpu = Duration::ZERO;
    let mut slowest_connect = Duration::ZERO;
    let mut load = Load::new(server.target(), 1, 1)?;
    for _ in 0..sizes.waves {
        let (id, place) = load.publish_one(0)?;
        for _ in 0..sizes.behind {
            load.publish_one(0)?;
        }
        let subscription = Subscription {
            topic: 0,
            reads: Reads::Always,
            after: Some(id),
            from: place + 1,
        };
        let meter = Meter::start(&server, setup.pass)?;
        let clients = std::iter::repeat_n(subscription, sizes.resuming);
        let opening = load.subscribe(clients, AT_ONCE)?;
        load.catch_up()?;
        if let Spent::Cpu(spent) = meter.stop()? {
            cpu += spent;
        }
        slowest_connect = slowest_connect.max(opening.slowest_connect);
        // The next event comes right after those that were missed: none was doubled at the seam.
        load.run(Traffic {
            pace: Pace::InFlight(1),
            until: Until::Events(2),
        })?;
        load.close_subscribers();
    }
    let clients = (sizes.waves * sizes.resuming) as f64;
    Ok(Sample::from([
        (Figure::CpuPerClient, cpu.as_secs_f64() * 1e6 / clients),
        (Figure::SlowestConnect, slowest_connect.as_secs_f64() * 1e3),
    ]))
}
