#![forbid(unsafe_code)]
//! Runs seeds against the hub; the last line is `N passed, N failed`.
//!
//! A program of its own, since `cargo xtask` must build, and tell what is wrong, while the hub
//! does not. Its arguments are the engine, the first seed and how many.

use std::env;
use std::io;
use std::process::ExitCode;

use sse_conformance::hub::{Engine, stress, tell_seed};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments
        .iter()
        .skip(1)
        .filter_map(|it| it.parse().ok())
        .collect();
    let engine = arguments.first().and_then(|name| Engine::from_name(name));
    let (Some(engine), [first, seeds]) = (engine, &numbers[..]) else {
        eprintln!("error: the arguments are memory, delayed or file, the first seed, how many");
        return ExitCode::FAILURE;
    };
    if env::var_os("SSE_STRESS_TELL").is_some() {
        print!("{}", tell_seed(engine, *first));
        return ExitCode::SUCCESS;
    }
    match stress(engine, *first, *seeds, &mut io::stdout().lock()) {
        Ok(outcome) if outcome.failed == 0 && outcome.passed > 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
