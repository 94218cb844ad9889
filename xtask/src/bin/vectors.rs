#![forbid(unsafe_code)]
//! Runs files of test vectors against the codec; the last line is `N passed, N failed`.
//!
//! A program of its own, since `cargo xtask` must build, and tell what is wrong, while the codec
//! does not.

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use sse_conformance::vectors::run_files;

fn main() -> ExitCode {
    let files: Vec<_> = env::args_os().skip(1).map(PathBuf::from).collect();
    match run_files(&files, &mut io::stdout().lock()) {
        Ok(tally) if tally.failed == 0 && tally.passed > 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
