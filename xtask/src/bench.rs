//! `cargo xtask bench`: the workspace in `bench/`, with optimisation.

use std::time::Duration;

use anyhow::Result;

use crate::job::Job;
use crate::report::Options;
use crate::tool::Tool;
use crate::workspace;

/// Runs a benchmark with its arguments and shows what it prints.
///
/// # Errors
///
/// Cargo cannot be started, or an installation failed.
pub(crate) fn run(arguments: &[String], options: Options) -> Result<bool> {
    let manifest = workspace::root().join("bench/Cargo.toml");
    let job = Job::cargo("run --quiet --release --locked --manifest-path").args([manifest]);
    // Fan-out and client are packages of their own; everything else is a command of the codec's.
    let (job, arguments) = match arguments.split_first() {
        Some((first, rest)) if PACKAGES.contains(&first.as_str()) => {
            (job.args(["--package", first]), rest)
        }
        _ => {
            if Tool::Valgrind.find(options)?.is_none() {
                println!("no instruction counts: {}", Tool::Valgrind.missing());
            }
            (job, arguments)
        }
    };
    // Paths in the arguments are meant from where the reader stands.
    let job = job
        .args(["--"])
        .args(arguments)
        .directory(std::env::current_dir()?);
    let shown = job.limit(LIMIT).show()?;
    if !shown.success {
        println!("{}", shown.why);
    }
    Ok(shown.success)
}

/// Benchmarks that are not the codec's.
const PACKAGES: [&str; 2] = ["client", "fanout"];

/// Many rounds of many contenders.
const LIMIT: Duration = Duration::from_secs(2 * 60 * 60);
