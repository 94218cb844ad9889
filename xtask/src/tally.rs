//! What the test harness counted.

use crate::report::Report;

/// Adds up the `test result:` lines of a run of `cargo test`.
pub(crate) fn tally(text: &str) -> Report {
    let mut report = Report::new();
    let results = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("test result: "));
    for result in results {
        report.passed += count(result, "passed");
        report.failed += count(result, "failed");
        report.ignored += count(result, "ignored");
    }
    report
}

fn count(result: &str, what: &str) -> usize {
    let mut parts = result.split([';', '.']);
    let part = parts.find_map(|part| part.trim().strip_suffix(what));
    part.and_then(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_binaries_are_added_up() {
        let report = tally(
            "running 3 tests\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             noise\n\
             test result: FAILED. 20 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s\n",
        );
        assert_eq!((report.passed, report.failed, report.ignored), (23, 2, 1));
    }

    #[test]
    fn a_run_without_a_result_counts_nothing() {
        let report = tally("error: could not compile\ntest result\n");
        assert_eq!((report.passed, report.failed), (0, 0));
    }
}
