//! `cargo xtask fuzz`: the targets of `fuzz/`, seeded from the corpus.

mod planted;
mod seeds;

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tool::{Tool, has_toolchain};
use crate::workspace;

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
    let mut report = Report::new();
    // Built first, so that the seconds are for running alone.
    let built = cargo_fuzz("build").limit(BUILD).run()?;
    ensure!(built.success, built.complaint());
    for target in chosen {
        let seeds = seeds::write(target, &workspace::root().join("fuzz/corpus"))?;
        let job = cargo_fuzz("run")
            .args([target.as_str()])
            .args([seeds])
            .args(["--"]);
        let job = job.args([format!("-max_total_time={seconds}")]).args(RUN);
        let job = job.limit(Duration::from_secs(seconds) + BUILD).run()?;
        report.count(&job);
        report.note(format!("{target}: {}", executions(&job.text)));
    }
    Ok(report)
}

/// What is reported when the means for fuzzing are missing.
fn missing(options: Options) -> Result<Option<Report>> {
    if !has_toolchain("nightly") {
        return Ok(Some(Report::skipped(
            "no nightly toolchain, which fuzzing needs",
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

fn cargo_fuzz(task: &str) -> Job {
    Job::cargo("+nightly fuzz").args([task])
}

/// The last line in which libFuzzer tells what it did.
fn executions(text: &str) -> &str {
    let done = text.lines().rev().find(|line| line.starts_with("Done "));
    done.unwrap_or("it did not come to its end")
}

/// Building libFuzzer and the core with the sanitizer.
const BUILD: Duration = Duration::from_secs(10 * 60);

/// A hung input is a finding, a large one is not.
const RUN: [&str; 3] = ["-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=0"];

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
