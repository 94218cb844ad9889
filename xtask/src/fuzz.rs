//! `cargo xtask fuzz`: the targets of `fuzz/`, seeded from the corpus.

mod fuzzers;
mod planted;
mod seeds;

use anyhow::{Result, ensure};

use crate::report::{Options, Report};
use crate::tool::{Tool, has_nightly};
use crate::workspace;

use fuzzers::Fuzzers;
pub(crate) use planted::planted;

/// Runs a target, or `all`, for `seconds` each; a target without a finding is a test passed.
///
/// # Errors
///
/// There is no such target, or its seeds cannot be written.
pub(crate) fn run(name: &str, seconds: u64, options: Options) -> Result<Report> {
    let known = targets()?;
    let chosen: Vec<_> = known
        .iter()
        .filter(|target| name == "all" || *target == name)
        .collect();
    ensure!(
        !chosen.is_empty(),
        "no fuzz target is named `{name}`; there are {}",
        known.join(", ")
    );
    if let Some(missing) = missing(options)? {
        return Ok(missing);
    }
    let fuzz = workspace::root().join("fuzz");
    let mut report = Report::new();
    let fuzzers = Fuzzers::build()?;
    for target in chosen {
        let seeds = seeds::write(target, &fuzz.join("corpus"))?;
        let found = fuzz.join("artifacts").join(target);
        let job = fuzzers.job(target, &seeds, &found, seconds)?.run()?;
        report.count(&job);
        report.note(format!("{target}: {}", executions(&job.text)));
    }
    Ok(report)
}

/// What is reported when the means for fuzzing are missing.
fn missing(options: Options) -> Result<Option<Report>> {
    if !has_nightly(options) {
        return Ok(Some(Report::skipped(
            "no nightly toolchain, which fuzzing needs; --install fetches it",
        )));
    }
    for tool in [Tool::CargoFuzz, Tool::Cxx] {
        if tool.find(options)?.is_none() {
            return Ok(Some(Report::skipped(tool.missing())));
        }
    }
    Ok(None)
}

/// The targets that the manifest in `fuzz/` names.
fn targets() -> Result<Vec<String>> {
    let fuzz = workspace::Workspace::read(&workspace::root().join("fuzz"), &["--no-deps"])?;
    let targets = fuzz.packages.iter().flat_map(|package| &package.targets);
    let binaries = targets.filter(|target| target.kind.iter().any(|kind| kind == "bin"));
    Ok(binaries.map(|target| target.name.clone()).collect())
}

/// The last line in which libFuzzer tells what it did.
fn executions(text: &str) -> &str {
    let done = text.lines().rev().find(|line| line.starts_with("Done "));
    done.unwrap_or("it did not come to its end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_executions_is_taken_from_the_fuzzers_last_word() {
        let text = "#12 NEW cov: 3\nDone 123456 runs in 16 second(s)\nstat: x\n";
        assert_eq!(executions(text), "Done 123456 runs in 16 second(s)");
        assert_eq!(executions("panicked"), "it did not come to its end");
    }
}
