//! The public vectors in `testdata/`.

use std::fs;

use anyhow::Result;

use crate::report::{Options, Report};
use crate::{contract, vectors, workspace};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut files = Vec::new();
    for entry in fs::read_dir(workspace::root().join("testdata"))? {
        let path = entry?.path();
        let is_jsonl = path
            .extension()
            .is_some_and(|extension| extension == "jsonl");
        // The rows of a server's contract are no vectors.
        if is_jsonl && !path.ends_with(contract::CORPUS) {
            files.push(path);
        }
    }
    files.sort();
    let job = vectors::job(&files).run()?;
    let mut report = closing(&job.text);
    report.note(format!("{} files", files.len()));
    if !job.success || report.passed == 0 {
        report.failed = report.failed.max(1);
        report.note(job.complaint());
    }
    Ok(report)
}

/// The numbers of the closing line, `N passed, N failed`.
pub(super) fn closing(text: &str) -> Report {
    let line = text.lines().last().unwrap_or_default();
    let numbers = line.split_once(" passed, ").map(|(passed, rest)| {
        (
            passed.parse(),
            rest.strip_suffix(" failed").unwrap_or_default().parse(),
        )
    });
    match numbers {
        Some((Ok(passed), Ok(failed))) => Report {
            passed,
            failed,
            ..Report::new()
        },
        _ => Report::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, passed: usize, failed: usize) {
        let report = closing(text);
        assert_eq!((report.passed, report.failed), (passed, failed), "{text}");
    }

    #[test]
    fn the_last_line_is_read_and_nothing_else() {
        check("1 passed, 1 failed\n1543 passed, 2 failed\n", 1543, 2);
        check("5 passed, 0 failed\nthread panicked\n", 0, 0);
        check("", 0, 0);
    }
}
