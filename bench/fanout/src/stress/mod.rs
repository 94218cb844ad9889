//! What `sse-server` must hold: thousands of connections, the end of all of them, a script that is loaded again and
//! again, and being killed, which `fanout_axum` must hold, too.

mod child;
mod drain;
mod kills;
mod many;
mod publishing;
mod reloads;
mod requests;
mod stream;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use tokio::runtime::Builder;

use self::{drain::Ids, kills::Victim};
use crate::{
    cores::raise_open_files,
    options::Store,
    programs::{Build, Programs},
    servers::{ALL, HUB_AXUM, STANDALONE},
};

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Connections that each get all events.
    many: usize,
    events: usize,
    events_per_second: u32,
    /// Connections that are ended over the window.
    draining: usize,
    window: Duration,
    reloads: usize,
    /// Connections that stay through all reloads, and those that come and go.
    steady: usize,
    hasty: usize,
    /// How often each server is killed.
    kills: usize,
}

pub const FULL: Sizes = Sizes {
    many: 10_000,
    events: 100,
    events_per_second: 5,
    draining: 5_000,
    window: Duration::from_secs(10),
    reloads: 100,
    steady: 100,
    hasty: 20,
    kills: 50,
};

pub const SMALL: Sizes = Sizes {
    many: 500,
    events: 40,
    events_per_second: 10,
    draining: 300,
    window: Duration::from_secs(3),
    reloads: 20,
    steady: 20,
    hasty: 5,
    kills: 10,
};

/// Runs all parts, says of each how it went, and tells whether all went well.
///
/// # Errors
///
/// The server cannot be built.
pub fn run(sizes: &Sizes) -> Result<bool> {
    raise_open_files()?;
    let servers = [STANDALONE, HUB_AXUM].map(|name| ALL.iter().find(|it| it.name == name));
    let servers: Vec<_> = servers.into_iter().flatten().copied().collect();
    let programs = Programs::build(&servers, &[Build::Timed])?;
    let path = |name| programs.path(name, Build::Timed).context("not built");
    let (binary, fanout_axum): (PathBuf, PathBuf) = (path(child::BINARY)?, path(HUB_AXUM)?);
    let victims = [
        Victim {
            name: child::BINARY,
            binary: &binary,
            options: &["--ids", "hub", "--retain-count", "1000000"],
            subscribe: "/sse",
            publish: "/sse",
        },
        Victim {
            name: HUB_AXUM,
            binary: &fanout_axum,
            options: &["--retain", "1000000"],
            subscribe: "/events",
            publish: "/publish",
        },
    ];
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut outcomes = vec![
        many::run(&binary, sizes),
        runtime.block_on(drain::run(&binary, sizes, Ids::Publisher)),
        runtime.block_on(drain::run(&binary, sizes, Ids::Hub)),
        runtime.block_on(reloads::run(&binary, sizes)),
    ];
    for victim in victims {
        for store in [Store::Memory, Store::File] {
            outcomes.push(runtime.block_on(kills::run(victim, store, sizes.kills)));
        }
    }
    let mut passed = 0;
    for outcome in &outcomes {
        match outcome {
            Ok(verdict) => {
                println!("ok: {verdict}");
                passed += 1;
            }
            Err(error) => println!("FAILED: {error:#}"),
        }
    }
    println!("{passed} passed, {} failed", outcomes.len() - passed);
    Ok(passed == outcomes.len())
}

/// How long what must come is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Connections without a response at a time.
const AT_ONCE: usize = 64;
