//! Every example, started and talked to; and every command that the READMEs print.

mod clients;
mod plain;
mod readme;
mod response;
mod script;
mod server;
mod servers;

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace;
pub(crate) use server::Server;
pub(crate) use servers::{PAGES, UPSTREAM};

/// Runs all examples, and what the READMEs say about them.
///
/// # Errors
///
/// The tree cannot be read.
pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let build = Job::cargo("build --quiet --package examples --bins").run()?;
    report.count(&build);
    if !build.success {
        return Ok(report);
    }
    complete(&mut report)?;
    plain::run(&mut report)?;
    servers::run(&mut report);
    clients::run(&mut report);
    readme::run(&mut report)?;
    Ok(report)
}

/// Looks for an example that none of the tables has.
fn complete(report: &mut Report) -> Result<()> {
    let mut there = BTreeSet::new();
    for entry in fs::read_dir(workspace::root().join("examples/src/bin"))? {
        let path = entry?.path();
        there.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    let known: BTreeSet<_> = plain::names()
        .chain(servers::names())
        .chain(clients::names())
        .map(str::to_owned)
        .collect();
    if there == known {
        report.pass();
    } else {
        let odd: Vec<_> = there.symmetric_difference(&known).collect();
        report.fail(format!(
            "in the tree or in the tables, but not in both: {odd:?}"
        ));
    }
    Ok(())
}
