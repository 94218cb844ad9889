//! What a step says when it is over.

use crate::job::Finished;

/// How a run treats what is missing on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// A skipped step is a failure.
    pub(crate) strict: bool,
    /// Missing tools are fetched; without it nothing outside the tree is touched.
    pub(crate) install: bool,
}

/// The outcome of a step: its tests, and why it did not run if it did not.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Tests (or checks of equal weight) that passed.
    pub(crate) passed: usize,
    /// Tests that failed; one or more fails the step.
    pub(crate) failed: usize,
    /// Tests inside the step that were left out.
    pub(crate) ignored: usize,
    /// A tool that `--install` could fetch is missing: a failure under `--strict`.
    pub(crate) skipped: Option<String>,
    /// The means cannot be had on this machine, even with `--install`: never a failure.
    pub(crate) unavailable: Option<String>,
    /// Lines for the reader, printed under the step.
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// A report of nothing yet, to be filled.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A step that ran `passed` tests, all of them well.
    pub(crate) fn passed(passed: usize) -> Self {
        Self {
            passed,
            ..Self::default()
        }
    }

    /// A step that did not run for want of a tool that could be installed.
    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self {
            skipped: Some(why.into()),
            ..Self::default()
        }
    }

    /// A step whose means are not to be had on this machine.
    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        Self {
            unavailable: Some(why.into()),
            ..Self::default()
        }
    }

    /// Counts a test that passed.
    pub(crate) fn pass(&mut self) {
        self.passed += 1;
    }

    /// Counts a test that failed, and says how.
    pub(crate) fn fail(&mut self, how: impl Into<String>) {
        self.failed += 1;
        self.notes.push(how.into());
    }

    /// Counts a job as a test.
    pub(crate) fn count(&mut self, job: &Finished) {
        if job.success {
            self.pass();
        } else {
            self.fail(job.complaint());
        }
    }

    /// Adds a line for the reader.
    pub(crate) fn note(&mut self, line: impl Into<String>) {
        self.notes.push(line.into());
    }

    /// Takes over the tests and notes of a part of the step.
    pub(crate) fn merge(&mut self, part: Self) {
        self.passed += part.passed;
        self.failed += part.failed;
        self.ignored += part.ignored;
        self.skipped = self.skipped.take().or(part.skipped);
        self.unavailable = self.unavailable.take().or(part.unavailable);
        self.notes.extend(part.notes);
    }
}
