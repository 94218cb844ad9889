//! The benchmarks build, and their contenders do the same on a small input.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    // A little optimisation costs less than comparing large events without any.
    let codec = smoke("bench").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    for job in [codec, smoke("fanout"), smoke("client")] {
        let job = job.run()?;
        report.count(&job);
        let lines = job.text.lines().filter(|line| {
            line.starts_with("skipped") || line.contains("delivered") || line.contains("compared")
        });
        report.notes.extend(lines.map(str::to_owned));
    }
    Ok(report)
}

fn smoke(package: &str) -> Job {
    Job::cargo("run --locked --package")
        .args([package, "--", "smoke"])
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .directory(workspace::root().join("bench"))
}
