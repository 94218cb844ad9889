//! Thousands of connections on which nothing happens: what they take, and whether all came at once.

use anyhow::{Result, bail};

use super::{Setup, readers};
use crate::{
    figures::{Figure, Sample},
    load::{Load, Pace, Traffic, Until},
    process::dropped_syns,
};

/// Connections without a response at most: more than a careless listener queues.
const STORM: usize = 1000;

pub(super) fn run(setup: &Setup<'_>) -> Result<Sample> {
    let server = setup.start(1024)?;
    let mut load = Load::new(server.target(), 1, 1)?;
    // One publish without subscribers, so that what is made once is there already.
    load.publish_one(0)?;
    let topic_end = load.end(0);
    let (before, dropped) = (server.resident_bytes()?, dropped_syns()?);
    let subscriptions = readers(1, setup.sizes.many).map(|mut subscription| {
        subscription.from = topic_end;
        subscription
    });
    let opening = load.subscribe(subscriptions, STORM)?;
    let resident = server.resident_bytes()?;
    let dropped = dropped_syns()? - dropped;
    if resident < before {
        bail!("the server shrank from {before} to {resident} bytes");
    }
    // All of them are there, and not only their sockets.
    load.run(Traffic {
        pace: Pace::InFlight(1),
        until: Until::Events(1),
    })?;
    Ok(Sample::from([
        (
            Figure::BytesPerConnection,
            (resident - before) as f64 / setup.sizes.many as f64,
        ),
        (
            Figure::SlowestConnect,
            opening.slowest_connect.as_secs_f64() * 1e3,
        ),
        (Figure::DroppedSyns, dropped as f64),
    ]))
}
