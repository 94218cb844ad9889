//! The core on the web's own target, where that is installed.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tool::has_part;

pub(crate) fn run(_options: Options) -> Result<Report> {
    if !has_part(None, "target", TARGET) {
        return Ok(Report::unavailable(format!(
            "the target {TARGET} is not installed"
        )));
    }
    let mut report = Report::new();
    for features in ["--no-default-features", "", "--features json,stream"] {
        let job = format!("check --package sse-core --target {TARGET} {features}");
        report.count(&Job::cargo(&job).run()?);
    }
    Ok(report)
}

const TARGET: &str = "wasm32-unknown-unknown";
