//! The benchmarks build, and their contenders do the same on a small input.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let directory = workspace::root().join("bench");
    // A little optimisation costs less than comparing large events without any.
    let job = Job::cargo("run --locked -- smoke").directory(directory);
    let job = job
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()?;
    report.count(&job);
    let compared = job.text.lines().find(|line| line.contains("compared"));
    report.notes.extend(compared.map(str::to_owned));
    let directory = workspace::root().join("bench");
    let fanout = Job::cargo("run --locked --package fanout -- smoke").directory(directory);
    let fanout = fanout.env("CARGO_PROFILE_DEV_DEBUG", "0").run()?;
    report.count(&fanout);
    let told = |line: &&str| line.starts_with("skipped") || line.contains("delivered");
    report
        .notes
        .extend(fanout.text.lines().filter(told).map(str::to_owned));
    Ok(report)
}
