//! `cargo xtask contract tinysse`: what a server of tinysse's interface must do, row by row.

mod client;
mod exchange;
mod fault;
mod front;
mod row;
pub(crate) mod self_test;
mod server;
mod text;
mod trial;

use std::collections::HashSet;
use std::env;
use std::fs;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::contract::fault::Fault;
use crate::contract::front::Front;
use crate::contract::row::Row;
use crate::contract::server::Program;
use crate::contract::trial::{Trial, evaluator};
use crate::job::Job;
use crate::report::Report;
use crate::workspace;

/// What is tried, and on whom.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Whose interface.
    #[arg(value_enum)]
    interface: Interface,
    /// The server's program; ours, built first, by default.
    #[arg(long, conflicts_with = "against")]
    binary: Option<PathBuf>,
    /// A server that runs already; rows that need options or a script are skipped.
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// Shows that each planted fault fails a row.
    #[arg(long, conflicts_with = "against")]
    self_test: bool,
    /// Runs the rows whose id begins so.
    #[arg(long, default_value = "")]
    only: String,
}

/// An interface that servers share.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Interface {
    Tinysse,
}

/// What rows are tried on.
#[derive(Debug)]
pub(crate) enum Target {
    /// A program, started for each row.
    Program(PathBuf),
    /// A server that runs.
    Server(SocketAddr),
}

/// How a row came out.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped,
}

/// Runs the rows and shows those that fail, and last how many passed, failed and were skipped.
///
/// # Errors
///
/// The corpus or the program cannot be found.
pub(crate) fn run(options: Options) -> Result<bool> {
    let Interface::Tinysse = options.interface;
    let target = match (options.against, options.binary) {
        (Some(url), _) => Target::Server(address(&url)?),
        (None, Some(path)) => Target::Program(path.canonicalize().context("no such program")?),
        (None, None) => Target::Program(build()?),
    };
    let report = if options.self_test {
        self_test::run(&target)?
    } else {
        rows(&target, &options.only)?
    };
    for note in &report.notes {
        println!("{note}");
    }
    println!(
        "{} passed, {} failed, {} skipped",
        report.passed, report.failed, report.ignored
    );
    Ok(report.failed == 0 && report.passed > 0)
}

/// Builds the server, and returns its path.
///
/// # Errors
///
/// It does not build.
pub(crate) fn build() -> Result<PathBuf> {
    let job = Job::cargo("build --package sse-server --bin sse-server").run()?;
    ensure!(job.success, job.complaint());
    let own = || workspace::root().join("target");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from);
    Ok(target.join("debug/sse-server"))
}

/// Runs the rows whose id begins so.
pub(crate) fn rows(target: &Target, only: &str) -> Result<Report> {
    let mut report = Report::new();
    let mut ids = HashSet::new();
    for line in corpus()?.lines() {
        let id = id_of(line);
        if !id.starts_with(only) {
            continue;
        }
        if !ids.insert(id.clone()) {
            report.fail(format!("{id}: FAILED: a second row with this id"));
            continue;
        }
        match Row::read(line).map(|row| perform(&row, target, None, PATIENCE)) {
            Ok(Outcome::Passed) => report.pass(),
            Ok(Outcome::Failed(why)) => report.fail(format!("{id}: FAILED: {why}")),
            Ok(Outcome::Skipped) => report.ignored += 1,
            Err(error) => report.fail(format!("{id}: FAILED: {error:#}")),
        }
    }
    Ok(report)
}

/// The row of an id.
fn row(id: &str) -> Result<Row> {
    let corpus = corpus()?;
    let line = corpus.lines().find(|line| id_of(line) == id);
    Row::read(line.with_context(|| format!("no row {id}"))?)
}

/// The rows, with ids that no row before them has published: a server that runs may remember.
fn corpus() -> Result<String> {
    let path = workspace::root().join(CORPUS);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    Ok(text.replace("{run}", &format!("{run:x}")))
}

fn id_of(line: &str) -> String {
    let value: Value = serde_json::from_str(line).unwrap_or_default();
    value["id"]
        .as_str()
        .unwrap_or("a row without an id")
        .to_owned()
}

/// Tries a row, behind a front with a fault if there is one.
fn perform(
    row: &Row,
    target: &Target,
    fault: Option<&'static Fault>,
    patience: Duration,
) -> Outcome {
    let tried = match target {
        Target::Server(_) if row.needs_own_server() => return Outcome::Skipped,
        Target::Server(address) => Trial::new(*address, patience).run(row),
        Target::Program(binary) => perform_with(row, binary, fault, patience),
    };
    match tried {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

fn perform_with(
    row: &Row,
    binary: &Path,
    fault: Option<&'static Fault>,
    patience: Duration,
) -> Result<()> {
    let program = Program::new(binary, row)?;
    let script = match &row.script_file {
        Some(file) => fs::read_to_string(workspace::root().join(file)).context("no such script")?,
        None if row.lua.is_empty() => row.script.join("\n"),
        None => evaluator(&row.script, &row.lua),
    };
    program.write_script(&script)?;
    let server = (!row.needs_no_server())
        .then(|| program.serve(row, patience))
        .transpose()?;
    let behind = server.as_ref().map_or(NOWHERE, |server| server.address);
    let address = match fault {
        Some(fault) => Front::open(behind, fault)?.address,
        None => behind,
    };
    let mut trial = Trial::new(address, patience);
    trial.server = server;
    trial.program = Some(program);
    trial.run(row)
}

fn address(url: &str) -> Result<SocketAddr> {
    let url = url::Url::parse(url).context("--against needs a URL")?;
    let host = url.host_str().context("the URL has no host")?;
    let port = url.port_or_known_default().context("the URL has no port")?;
    let mut addresses = (host, port).to_socket_addrs()?;
    addresses.next().context("the host has no address")
}

/// The rows.
pub(crate) const CORPUS: &str = "testdata/tinysse-contract.jsonl";

/// How long a step waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// For a program that does not serve.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_runner_and_an_id_of_its_own() {
        let mut ids = HashSet::new();
        for line in corpus().unwrap().lines() {
            let row = Row::read(line).unwrap_or_else(|error| panic!("{}: {error:#}", id_of(line)));
            assert!(ids.insert(row.id.clone()), "{}", row.id);
        }
        assert!(ids.len() > 100);
    }
}
