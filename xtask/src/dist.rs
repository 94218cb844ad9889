//! `cargo xtask dist`: an archive of the server for this machine.

use std::time::Duration;

use anyhow::Result;

use crate::job::Job;

/// Runs the program that makes the archive; a program of its own, since it builds on systems
/// where this one does not.
///
/// # Errors
///
/// Cargo cannot be started.
pub(crate) fn run(profile: &str) -> Result<bool> {
    let job = Job::cargo("run --quiet --locked --package xtask --bin dist --").args([profile]);
    let shown = job.limit(LIMIT).show()?;
    if !shown.success {
        println!("{}", shown.why);
    }
    Ok(shown.success)
}

/// All of the server with every optimisation, on a slow machine.
const LIMIT: Duration = Duration::from_secs(90 * 60);
