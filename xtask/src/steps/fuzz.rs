//! A short run of every fuzz target.

use anyhow::Result;

use crate::fuzz;
use crate::report::{Options, Report};

pub(crate) fn run(options: Options) -> Result<Report> {
    fuzz::run("all", SECONDS, options)
}

/// For each target: enough to see that it still runs.
const SECONDS: u64 = 15;
