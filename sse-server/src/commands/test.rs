use std::process::ExitCode;

use anyhow::Result;

use crate::{cli::TestOptions, script};

/// Runs the tests of a script; the exit code is 1 if one failed, or if there is none.
pub(super) fn test(options: &TestOptions) -> Result<ExitCode> {
    let trials = script::try_script(&options.file)?;
    let mut failed = 0;
    for trial in &trials {
        match &trial.failure {
            None => println!("{} ... ok", trial.name),
            Some(failure) => {
                failed += 1;
                println!(
                    "{} ... FAILED\n  {}",
                    trial.name,
                    failure.replace('\n', "\n  ")
                );
            }
        }
    }
    println!("{} passed, {failed} failed", trials.len() - failed);
    Ok(match (trials.len(), failed) {
        (0, _) => {
            eprintln!("{}: no function test_* in it", options.file.display());
            ExitCode::FAILURE
        }
        (_, 0) => ExitCode::SUCCESS,
        (_, _) => ExitCode::FAILURE,
    })
}
