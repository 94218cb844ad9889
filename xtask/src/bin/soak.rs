#![forbid(unsafe_code)]
//! Runs seeds against the client; the last line is `N passed, N failed`.
//!
//! A program of its own, since `cargo xtask` must build, and tell what is wrong, while the client
//! does not. Its arguments are the first seed and how many.

use std::env;
use std::io;
use std::process::ExitCode;

use sse_conformance::client::soak;

fn main() -> ExitCode {
    let numbers: Option<Vec<u64>> = env::args().skip(1).map(|it| it.parse().ok()).collect();
    let Some(&[first, seeds]) = numbers.as_deref() else {
        eprintln!("error: the arguments are the first seed, how many");
        return ExitCode::FAILURE;
    };
    match soak(first, seeds, &mut io::stdout().lock()) {
        Ok(outcome) if outcome.failed == 0 && outcome.passed > 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
