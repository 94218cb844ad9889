//! Every test of the workspace, and every example in the docs.

use std::time::Duration;

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tally::tally;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let job = Job::cargo("test --workspace --all-features --no-fail-fast")
        // The step `teeth` runs these.
        .args([
            "--",
            "--skip",
            "every_fault_is",
            "--skip",
            "every_mistake_is",
        ])
        .limit(LIMIT)
        .run()?;
    let mut report = tally(&job.text);
    if !job.success {
        report.failed = report.failed.max(1);
        report.note(job.complaint());
    }
    Ok(report)
}

/// A cold build of every framework comes first.
const LIMIT: Duration = Duration::from_secs(30 * 60);
