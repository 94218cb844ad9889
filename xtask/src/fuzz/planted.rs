//! Codecs with a fault in them, which the fuzz targets must find.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::fuzz::{Fuzzers, missing, seeds};
use crate::report::{Options, Report};
use crate::workspace;

/// Runs each fault's own fuzz target against it; one that finds its fault is a test passed.
///
/// # Errors
///
/// The targets cannot be built or seeded.
pub(crate) fn planted(options: Options) -> Result<Report> {
    if let Some(missing) = missing(options)? {
        return Ok(missing);
    }
    let fuzzers = Fuzzers::build()?;
    // What a fault's run finds must not become an input of the real one.
    let directory = workspace::scratch("planted")?;
    let mut report = Report::new();
    let list = workspace::root().join("fuzz/faults.txt");
    let list = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    for (target, fault) in faults(&list) {
        hunt(&mut report, &fuzzers, fault, target, &directory)?;
    }
    Ok(report)
}

/// Each fault after the target meant for it, one a line.
fn faults(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.trim().split_once(' '))
}

fn hunt(
    report: &mut Report,
    fuzzers: &Fuzzers,
    fault: &str,
    target: &str,
    directory: &Path,
) -> Result<()> {
    let seeds = seeds::write(target, &directory.join("seeds"))?;
    let found = directory.join("found").join(fault);
    let start = Instant::now();
    let job = fuzzers.job(target, &seeds, &found, SECONDS)?;
    let job = job.env("SSE_FUZZ_FAULT", fault).run()?;
    let seconds = start.elapsed().as_secs_f64();
    if is_finding(&job.text) {
        report.pass();
        report.note(format!(
            "fault {fault}: reported by fuzz target {target} in {seconds:.1} s"
        ));
    } else if job.success {
        report.fail(format!(
            "fault {fault}: not found by {target} in {SECONDS} s"
        ));
    } else {
        report.fail(format!(
            "fault {fault}: {target} could not run: {}",
            job.complaint()
        ));
    }
    Ok(())
}

/// Whether libFuzzer ended on an assertion that an input broke: a slow input is kept, too.
fn is_finding(text: &str) -> bool {
    let mut kept = text
        .lines()
        .filter(|line| line.contains("Test unit written to"));
    kept.any(|line| line.contains("/crash-"))
}

/// For each fault; most are found among the seeds.
const SECONDS: u64 = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_the_target_before_the_fault() {
        let list = "# TARGET FAULT\n\ndecoder bom-kept\nencoder space-lost\n";
        let found: Vec<_> = faults(list).collect();
        assert_eq!(found, [("decoder", "bom-kept"), ("encoder", "space-lost")]);
    }

    #[test]
    fn only_an_input_that_broke_an_assertion_is_a_finding() {
        assert!(is_finding(
            "panicked\nartifact_prefix='x/'; Test unit written to x/crash-1\n"
        ));
        assert!(!is_finding("error: could not compile `fuzz`"));
        assert!(!is_finding(
            "artifact_prefix='x/'; Test unit written to x/slow-unit-1\n"
        ));
        assert!(!is_finding("Done 100 runs in 2 second(s)"));
    }
}
