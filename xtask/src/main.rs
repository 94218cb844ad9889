#![forbid(unsafe_code)]
//! The workspace's own tasks: `cargo xtask --help`.

mod browser;
mod ci;
mod cli;
mod examples;
mod group;
mod job;
mod report;
mod steps;
mod summary;
mod tally;
mod tool;
mod verdict;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let outcome = group::die_together()
        .map_err(Into::into)
        .and_then(|()| cli::Cli::parse().run());
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
