//! Formatting, of the workspace and of the crates beside it.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    for directory in [".", "bench", "fuzz"] {
        let directory = workspace::root().join(directory);
        if !directory.join("Cargo.toml").exists() {
            continue;
        }
        let checked = Job::cargo("fmt --all --check -- --color never")
            .directory(directory)
            .run()?;
        report.count(&checked);
    }
    Ok(report)
}
