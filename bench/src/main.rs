#![forbid(unsafe_code)]
//! The command line of the benchmark.

use std::env;

use anyhow::{Result, bail};
use bench::{
    callgrind, codec,
    options::{Options, USAGE},
    smoke,
};

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let Some((command, rest)) = args.split_first() else {
        bail!("a command is needed\n{USAGE}");
    };
    match command.as_str() {
        "codec" => codec::run(&Options::parse(rest)?),
        "instructions" => codec::instructions(&Options::parse(rest)?),
        "smoke" => smoke::run(),
        callgrind::RUN_ONCE => callgrind::run_once(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("unknown command {command}\n{USAGE}"),
    }
}
