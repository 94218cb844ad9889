//! How a step came out.

use std::fmt;

use crate::report::{Options, Report};

/// What is printed beside a step's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All its tests passed.
    Ok,
    /// A test failed, the step could not run, or it was skipped under `--strict`.
    Failed(String),
    /// A tool is missing that `--install` would have fetched.
    Skipped(String),
    /// The means are not to be had on this machine.
    NotAvailable(String),
}

impl Verdict {
    /// The verdict on a step that came to its end.
    pub(crate) fn on(report: &Report, options: Options) -> Self {
        if report.failed > 0 {
            return Self::Failed(format!("{} failed", report.failed));
        }
        match (&report.skipped, &report.unavailable) {
            (Some(why), _) if options.strict => Self::Failed(format!("skipped: {why}")),
            (Some(why), _) => Self::Skipped(why.clone()),
            (None, Some(why)) => Self::NotAvailable(why.clone()),
            (None, None) => Self::Ok,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Failed(why) => write!(f, "FAILED ({why})"),
            Self::Skipped(why) => write!(f, "skipped ({why})"),
            Self::NotAvailable(why) => write!(f, "not available ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Options = Options {
        strict: true,
        install: false,
    };

    #[track_caller]
    fn check(report: &Report, options: Options, shown: &str) {
        assert_eq!(Verdict::on(report, options).to_string(), shown);
    }

    #[test]
    fn a_skip_is_a_failure_only_under_strict() {
        let report = Report::skipped("no browser");
        check(&report, Options::default(), "skipped (no browser)");
        check(&report, STRICT, "FAILED (skipped: no browser)");
    }

    #[test]
    fn what_cannot_be_had_is_never_a_failure() {
        check(
            &Report::unavailable("no Miri"),
            STRICT,
            "not available (no Miri)",
        );
    }

    #[test]
    fn a_failed_test_outweighs_a_skip() {
        let mut report = Report::skipped("no browser");
        report.fail("wrong");
        check(&report, Options::default(), "FAILED (1 failed)");
        check(&Report::passed(3), STRICT, "ok");
    }
}
