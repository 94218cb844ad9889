//! `cargo xtask stress`: seeds that decide on everything that is done to a hub, or to a client; and a load for the server.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::job::Job;
use crate::workspace;

/// What is run, and how often.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Seeds {
    /// What is put under stress.
    target: Target,
    /// The engine under the hub; a client reads from one in memory.
    #[arg(long, default_value = "memory")]
    provider: Provider,
    /// How many seeds; one with `--seed` alone.
    #[arg(long = "seeds")]
    count: Option<u64>,
    /// The first of them; a failing one is run again by its number.
    #[arg(long = "seed")]
    first: Option<u64>,
    /// How large the server's load is; it has no seeds.
    #[arg(long, default_value = "full")]
    size: Size,
}

/// What there is to be put under stress.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    Hub,
    /// Through a network that fails; each seed is run with retention beyond the run and with little.
    Client,
    /// Thousands of connections, the end of all of them, and a script that is loaded again and again.
    Server,
}

/// How large the server's load is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Size {
    /// For a machine that does nothing else; with optimisation.
    Full,
    /// For a look.
    Small,
}

/// The engines under a hub.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Provider {
    /// The hub's own, in memory.
    Memory,
    /// One for tests, with a replay of its own, holes and delays.
    Delayed,
    /// The hub's own in files, on a disk that fails and a machine that crashes.
    File,
}

impl Provider {
    /// Those that `cargo xtask ci` runs.
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Delayed, Self::File];
}

/// Runs seeds and shows what was found.
///
/// # Errors
///
/// Cargo cannot be started.
pub(crate) fn run(seeds: Seeds) -> Result<bool> {
    let count = match (seeds.count, seeds.first) {
        (Some(count), _) => count,
        (None, Some(_)) => 1,
        (None, None) => 100,
    };
    let first = seeds.first.unwrap_or(0);
    let job = match seeds.target {
        Target::Hub => job(seeds.provider, first, count),
        Target::Client => client_job(first, count),
        Target::Server => server_job(seeds.size),
    };
    Ok(job.limit(LIMIT).show()?.success)
}

/// The program that runs seeds, built when it is needed.
pub(crate) fn job(provider: Provider, first: u64, seeds: u64) -> Job {
    let provider = match provider {
        Provider::Memory => "memory",
        Provider::Delayed => "delayed",
        Provider::File => "file",
    };
    Job::cargo("run --quiet --package xtask --features stress --bin stress --").args([
        provider.to_owned(),
        first.to_string(),
        seeds.to_string(),
    ])
}

/// The program that runs seeds against the client, built when it is needed.
pub(crate) fn client_job(first: u64, seeds: u64) -> Job {
    Job::cargo("run --quiet --package xtask --features soak --bin soak --")
        .args([first.to_string(), seeds.to_string()])
}

/// The program that loads the server, built when it is needed.
pub(crate) fn server_job(size: Size) -> Job {
    let (profile, size) = match size {
        Size::Full => ("release", "full"),
        Size::Small => ("dev", "small"),
    };
    Job::cargo("run --quiet --locked --package fanout --bin stress --profile")
        .args([profile, "--", size])
        .directory(workspace::root().join("bench"))
}

/// A night of seeds.
const LIMIT: Duration = Duration::from_secs(8 * 60 * 60);
