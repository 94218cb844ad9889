#![forbid(unsafe_code)]
//! The command line of the benchmark.

use std::{env, process::ExitCode};

use anyhow::Result;
use fanout::{
    options::{Options, USAGE},
    run,
    scenarios::in_process::{PUBLISH_ONCE, publish_once},
    smoke,
};

fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some("smoke") => smoke::run(&Options::parse(&args[1..])?)?,
        Some(PUBLISH_ONCE) => {
            publish_once(&args[1..])?;
            true
        }
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
