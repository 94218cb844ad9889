//! The documentation, with every link in it.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let job = Job::cargo("doc --workspace --no-deps --all-features");
    let job = job.env("RUSTDOCFLAGS", "-D warnings").run()?;
    report.count(&job);
    Ok(report)
}
