#![forbid(unsafe_code)]
//! Puts `sse-server` under a load that finds out what it loses; the last line is `N passed, N failed`.
//!
//! Its argument is `full` or `small`.

use std::{env, process::ExitCode};

use anyhow::{Result, bail};
use fanout::stress::{self, FULL, SMALL};

fn main() -> Result<ExitCode> {
    let size = env::args().nth(1);
    let sizes = match size.as_deref() {
        Some("full") => &FULL,
        Some("small") => &SMALL,
        _ => bail!("the argument is full or small"),
    };
    Ok(if stress::run(sizes)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
