#![forbid(unsafe_code)]
//! The workspace's own tasks: `cargo xtask --help`.

mod bench;
mod browser;
mod ci;
mod cli;
mod contract;
mod dist;
mod examples;
mod fuzz;
mod group;
mod job;
mod release;
mod report;
mod steps;
mod stress;
mod summary;
mod tally;
mod tidy;
mod tool;
mod vectors;
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
