//! `cargo xtask vectors FILE…`: the corpus's formats, run by the conformance crate.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use crate::job::Job;

/// Runs the files' vectors and shows each failure and, last, how many passed and failed.
///
/// # Errors
///
/// Cargo cannot be started.
pub(crate) fn run(files: &[PathBuf]) -> Result<bool> {
    // The paths are meant from where the reader stands.
    Ok(job(files).directory(env::current_dir()?).show()?.success)
}

/// The program that runs vectors, built when it is needed.
pub(crate) fn job(files: &[PathBuf]) -> Job {
    Job::cargo("run --quiet --package xtask --features vectors --bin vectors --").args(files)
}
