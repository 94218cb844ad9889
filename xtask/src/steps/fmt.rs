//! Formatting, of the workspace and of the crates beside it.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    // With `--all` the crates beside would answer for the workspace again.
    let beside = "--package bench --package fanout";
    for (directory, which) in [(".", "--all"), ("bench", beside), ("fuzz", "")] {
        let directory = workspace::root().join(directory);
        if !directory.join("Cargo.toml").exists() {
            continue;
        }
        let job = format!("fmt {which} --check -- --color never");
        let checked = Job::cargo(&job).directory(directory).run()?;
        report.count(&checked);
    }
    Ok(report)
}
