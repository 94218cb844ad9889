#![forbid(unsafe_code)]
//! Measures clients that read an event stream from loopback, beside what their parts cost alone.

mod contenders;
mod input;
mod options;
mod process;
mod report;
mod run;
mod server;
mod sink;
mod smoke;
mod spread;
mod targets;

use std::{env, process::ExitCode};

use anyhow::Result;

use crate::options::{Options, USAGE};

fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some(process::SERVE) => server::serve()?,
        Some(process::READ) => process::read(&args[1..])?,
        Some("smoke") => smoke::run()?,
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            true
        }
        _ => run::run(&Options::parse(&args)?)?,
    };
    Ok(if done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
