//! What `sse-server` must hold: thousands of connections, the end of all of them, a script that is loaded again and again.

mod child;
mod drain;
mod many;
mod publishing;
mod reloads;
mod requests;
mod stream;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use tokio::runtime::Builder;

use self::drain::Ids;
use crate::{
    cores::raise_open_files,
    programs::{Build, Programs},
    servers::{ALL, STANDALONE},
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
};

/// Runs all parts, says of each how it went, and tells whether all went well.
///
/// # Errors
///
/// The server cannot be built.
pub fn run(sizes: &Sizes) -> Result<bool> {
    raise_open_files()?;
    let server = ALL.iter().find(|server| server.name == STANDALONE);
    let server = *server.context("it is one of the servers")?;
    let programs = Programs::build(&[server], &[Build::Timed])?;
    let binary = programs.path(child::BINARY, Build::Timed);
    let binary: PathBuf = binary.context("the server was not built")?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let outcomes = [
        many::run(&binary, sizes),
        runtime.block_on(drain::run(&binary, sizes, Ids::Publisher)),
        runtime.block_on(drain::run(&binary, sizes, Ids::Hub)),
        runtime.block_on(reloads::run(&binary, sizes)),
    ];
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
