//! The table at the end of a run.

use std::fmt;
use std::time::Duration;

use crate::report::{Options, Report};
use crate::verdict::Verdict;

/// Every step of a run with its verdict, its tests and its time.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    verdict: Verdict,
    tests: usize,
    passed: usize,
    failed: usize,
    skipped: usize,
    time: Duration,
}

impl Summary {
    /// Adds a step that is over, and returns its verdict.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        report: &Report,
        options: Options,
        time: Duration,
    ) -> Verdict {
        let verdict = Verdict::on(report, options);
        // A step that failed without a test of its own still counts as one failure.
        let failed = match &verdict {
            Verdict::Failed(_) => report.failed.max(1),
            _ => report.failed,
        };
        let skipped = report.ignored + usize::from(matches!(verdict, Verdict::Skipped(_)));
        let (passed, tests) = (report.passed, report.passed + failed);
        self.rows.push(Row {
            name,
            verdict: verdict.clone(),
            tests,
            passed,
            failed,
            skipped,
            time,
        });
        verdict
    }

    /// Whether no step failed.
    pub(crate) fn is_ok(&self) -> bool {
        self.rows
            .iter()
            .all(|row| !matches!(row.verdict, Verdict::Failed(_)))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:14} {:>9} {:>6}  result", "step", "seconds", "tests")?;
        for row in &self.rows {
            let seconds = row.time.as_secs_f64();
            let verdict = row.verdict.to_string();
            let verdict = verdict.lines().next().unwrap_or_default();
            writeln!(
                f,
                "{:14} {seconds:>9.1} {:>6}  {verdict}",
                row.name, row.tests
            )?;
        }
        let total: Duration = self.rows.iter().map(|row| row.time).sum();
        let tests: usize = self.rows.iter().map(|row| row.tests).sum();
        writeln!(f, "{:14} {:>9.1} {tests:>6}", "total", total.as_secs_f64())?;
        let sum = |of: fn(&Row) -> usize| self.rows.iter().map(of).sum::<usize>();
        let (passed, failed) = (sum(|row| row.passed), sum(|row| row.failed));
        write!(
            f,
            "\n{passed} passed, {failed} failed, {} skipped",
            sum(|row| row.skipped)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_line(reports: &[Report], options: Options) -> (String, bool) {
        let mut summary = Summary::default();
        for report in reports {
            summary.add("step", report, options, Duration::from_millis(1500));
        }
        let text = summary.to_string();
        (text.lines().last().unwrap().to_owned(), summary.is_ok())
    }

    #[test]
    fn the_last_line_counts_tests_and_skipped_steps() {
        let reports = [
            Report::passed(7),
            Report::skipped("no tool"),
            Report::unavailable("far"),
        ];
        let (line, ok) = last_line(&reports, Options::default());
        assert_eq!((line.as_str(), ok), ("7 passed, 0 failed, 1 skipped", true));
    }

    #[test]
    fn a_skip_under_strict_counts_as_a_failure() {
        let strict = Options {
            strict: true,
            install: false,
        };
        let (line, ok) = last_line(&[Report::passed(7), Report::skipped("no tool")], strict);
        assert_eq!(
            (line.as_str(), ok),
            ("7 passed, 1 failed, 0 skipped", false)
        );
    }

    #[test]
    fn every_step_has_a_row_with_its_seconds_and_tests() {
        let mut summary = Summary::default();
        summary.add(
            "fmt",
            &Report::passed(1),
            Options::default(),
            Duration::from_millis(2250),
        );
        let text = summary.to_string();
        let row = text.lines().nth(1).unwrap();
        assert_eq!(
            row.split_whitespace().collect::<Vec<_>>(),
            ["fmt", "2.2", "1", "ok"]
        );
    }
}
