//! Every crate with none of its features, with each alone, and with all.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace::{Package, Workspace};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    for package in Workspace::members_only()?.members() {
        for choice in choices(package) {
            // Clippy, since `-D warnings` then holds for this crate without rebuilding the others.
            let job = format!("clippy --package {} --no-default-features", package.name);
            let job = Job::cargo(&job)
                .args(&choice)
                .args(["--", "-D", "warnings"])
                .run()?;
            match (job.success, report.failed) {
                (true, _) => report.pass(),
                (false, 0) => report.fail(job.complaint()),
                // Mostly the same complaint again; the log has it.
                (false, _) => report.fail(job.why),
            }
        }
    }
    Ok(report)
}

/// The arguments of each combination; `default` is one of the features.
fn choices(package: &Package) -> Vec<Vec<String>> {
    let alone = package
        .features
        .keys()
        .map(|name| vec!["--features".to_owned(), name.clone()]);
    let mut choices: Vec<_> = [Vec::new()].into_iter().chain(alone).collect();
    if package.features.len() > 1 {
        choices.push(vec!["--all-features".to_owned()]);
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(features: &[&str], expected: &[&str]) {
        let features = features
            .iter()
            .map(|name| ((*name).to_owned(), Vec::new()))
            .collect();
        let package = Package {
            features,
            ..Package::default()
        };
        let lines: Vec<_> = choices(&package)
            .iter()
            .map(|choice| choice.join(" "))
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn none_each_alone_and_all_are_tried() {
        check(
            &["a", "b"],
            &["", "--features a", "--features b", "--all-features"],
        );
    }

    #[test]
    fn one_feature_alone_is_all_of_them() {
        check(&["a"], &["", "--features a"]);
        check(&[], &[""]);
    }
}
