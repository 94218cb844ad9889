//! The benchmarks build, and their contenders do the same on a small input.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    for package in ["bench", "fanout", "client"] {
        let job = Job::cargo("run --locked --package")
            .args([package, "--", "smoke"])
            .directory(workspace::root().join("bench"))
            .run()?;
        report.count(&job);
        let lines = job.text.lines().filter(|line| {
            line.starts_with("skipped") || line.contains("delivered") || line.contains("compared")
        });
        report.notes.extend(lines.map(str::to_owned));
    }
    Ok(report)
}
