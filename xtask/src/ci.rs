//! `cargo xtask ci`: the steps, one after another.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::report::{Options, Report};
use crate::steps::{STEPS, Step};
use crate::summary::Summary;

/// Runs the named steps, or all of them, and tells whether none failed.
///
/// # Errors
///
/// A name is no step's.
pub(crate) fn run(names: &[String], options: Options) -> Result<bool> {
    let mut summary = Summary::default();
    for Step { name, about, run } in choose(names)? {
        perform(&mut summary, name, about, options, run);
    }
    println!("{summary}");
    Ok(summary.is_ok())
}

/// Runs something that is no step of its own as if it were one.
pub(crate) fn finish(
    name: &'static str,
    about: &str,
    options: Options,
    run: impl Fn(Options) -> Result<Report>,
) -> bool {
    let mut summary = Summary::default();
    perform(&mut summary, name, about, options, run);
    println!("{summary}");
    summary.is_ok()
}

fn perform(
    summary: &mut Summary,
    name: &'static str,
    about: &str,
    options: Options,
    run: impl Fn(Options) -> Result<Report>,
) {
    println!("==> {name}: {about}");
    let start = Instant::now();
    let report = attempt(run, options);
    let time = start.elapsed();
    let verdict = summary.add(name, &report, options, time);
    for line in report.notes.iter().flat_map(|note| note.lines()) {
        println!("    {line}");
    }
    let tests = match report.passed + report.failed {
        0 => String::new(),
        tests => format!(", {tests} tests"),
    };
    println!("{name}: {verdict}, {:.1} s{tests}\n", time.as_secs_f64());
}

fn choose(names: &[String]) -> Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find = |name: &String| {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        let step = STEPS.iter().find(|step| step.name == name);
        step.with_context(|| format!("no step is named `{name}`; there are {}", known.join(", ")))
    };
    names.iter().map(find).collect()
}

/// Runs a step; an error or a panic in it is a failure of that step alone.
fn attempt(run: impl Fn(Options) -> Result<Report>, options: Options) -> Report {
    let complaint = match catch_unwind(AssertUnwindSafe(|| run(options))) {
        Ok(Ok(report)) => return report,
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => format!("the step panicked: {}", message(panic.as_ref())),
    };
    let mut report = Report::new();
    report.fail(complaint);
    report
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_step_that_panics_is_one_failure_with_its_message() {
        let report = attempt(|_| panic!("out of {}", "order"), Options::default());
        assert_eq!(report.failed, 1);
        assert_eq!(report.notes, ["the step panicked: out of order"]);
    }

    #[test]
    fn a_step_that_cannot_run_is_one_failure_with_its_error() {
        let report = attempt(|_| bail!("no such file"), Options::default());
        assert_eq!(
            (report.failed, report.notes),
            (1, vec!["no such file".to_owned()])
        );
    }

    #[test]
    fn a_name_that_is_no_step_is_refused_with_the_list() {
        let error = choose(&["fmt".to_owned(), "frobnicate".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`frobnicate`") && error.contains("clippy"),
            "{error}"
        );
    }

    #[test]
    fn without_names_all_steps_are_chosen() {
        assert_eq!(choose(&[]).unwrap().len(), STEPS.len());
    }
}
