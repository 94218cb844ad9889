//! Lints, on everything that a build could see.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let job = Job::cargo("clippy --workspace --all-targets --all-features -- -D warnings").run()?;
    report.count(&job);
    Ok(report)
}
