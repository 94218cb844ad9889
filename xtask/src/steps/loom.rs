//! The hub's hand-over between threads, in every order that they can take.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tally::tally;

pub(crate) fn run(_options: Options) -> Result<Report> {
    // A target of its own: with other flags everything is built anew.
    let job = Job::cargo("test --package sse-hub --lib --target-dir target/xtask/loom hand_over");
    let job = job.env("RUSTFLAGS", "--cfg loom").run()?;
    let mut report = tally(&job.text);
    if !job.success {
        report.fail(job.complaint());
    } else if report.passed == 0 {
        report.fail("no model was tried");
    }
    Ok(report)
}
