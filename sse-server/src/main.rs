#![forbid(unsafe_code)]
//! The binary of [`sse_server`].

use std::process::ExitCode;

use sse_server::{cli::Cli, commands};

fn main() -> ExitCode {
    match commands::run(Cli::of_process()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sse-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
