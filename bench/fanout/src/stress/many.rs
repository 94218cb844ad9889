//! Each of thousands gets each event.

use std::path::Path;

use anyhow::{Context, Result};

use super::{AT_ONCE, Sizes, child::Child};
use crate::{
    load::{Load, Pace, Publishing, Target, Traffic, Until},
    scenarios::readers,
};

pub(super) fn run(binary: &Path, sizes: &Sizes) -> Result<String> {
    let &Sizes {
        many,
        events,
        events_per_second,
        ..
    } = sizes;
    let what =
        format!("{many} connections get {events} events at {events_per_second}/s, none missing");
    let run = || {
        let paths = ["--sub-path", "/events", "--pub-path", "/publish"];
        let server = Child::start(binary, None, &paths)?;
        let target = Target {
            address: server.address,
            publishing: Publishing::Form,
        };
        let mut load = Load::new(target, 1, 1)?;
        load.subscribe(readers(1, many), AT_ONCE)?;
        // It checks each delivery: what is lost, doubled or out of order ends it.
        let phase = load.run(Traffic {
            pace: Pace::PerSecond(events_per_second),
            until: Until::Events(events),
        })?;
        anyhow::ensure!(
            phase.deliveries == (many * events) as u64,
            "{} deliveries came",
            phase.deliveries
        );
        let p99 = phase.latency.quantile_ms(0.99).unwrap_or_default();
        Ok(format!(
            "{what}: {} deliveries, p99 {p99:.0} ms",
            phase.deliveries
        ))
    };
    run().context(what.clone())
}
