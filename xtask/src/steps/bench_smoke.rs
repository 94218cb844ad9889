//! The benchmark builds, and its contenders agree on a small input.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let directory = workspace::root().join("bench");
    report.count(
        &Job::cargo("run --locked -- smoke")
            .directory(directory)
            .run()?,
    );
    Ok(report)
}
