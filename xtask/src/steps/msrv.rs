//! The oldest compiler that the workspace promises.

use anyhow::{Context as _, Result};

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tool::has_toolchain;
use crate::workspace::{Package, Workspace};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let locked = Workspace::locked()?;
    let ours = locked
        .published()
        .find_map(|package| package.rust_version.as_deref());
    let ours = ours.context("the workspace names no rust-version")?;
    for package in newer(&locked.packages, ours) {
        let theirs = package.rust_version.as_deref().unwrap_or_default();
        let Package { name, version, .. } = package;
        report.fail(format!(
            "{name} {version} needs Rust {theirs}, newer than {ours}"
        ));
    }
    if report.failed == 0 {
        report.pass();
    }
    let lint = "clippy --workspace --all-targets --all-features -- -D clippy::incompatible_msrv";
    report.count(&Job::cargo(lint).run()?);
    if has_toolchain(ours) {
        let check =
            format!("+{ours} check --workspace --all-features --target-dir target/xtask/msrv");
        report.count(&Job::cargo(&check).run()?);
    } else {
        report.note(format!(
            "not available: toolchain {ours}, so nothing was built with it"
        ));
    }
    Ok(report)
}

/// The packages that declare a newer compiler than `ours`.
fn newer<'a>(packages: &'a [Package], ours: &str) -> impl Iterator<Item = &'a Package> {
    let ours = parts(ours);
    packages.iter().filter(move |package| {
        package
            .rust_version
            .as_deref()
            .is_some_and(|theirs| parts(theirs) > ours)
    })
}

/// A compiler's version as numbers; parts that are left out are 0.
fn parts(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(theirs: Option<&str>, is_newer: bool) {
        let rust_version = theirs.map(str::to_owned);
        let packages = [Package {
            rust_version,
            ..Package::default()
        }];
        assert_eq!(
            newer(&packages, "1.89").count() == 1,
            is_newer,
            "{theirs:?}"
        );
    }

    #[test]
    fn a_package_that_needs_a_newer_compiler_is_found() {
        check(Some("1.90"), true);
        check(Some("1.89.1"), true);
        check(Some("1.100"), true);
        check(Some("2.0"), true);
    }

    #[test]
    fn a_package_that_is_content_is_not() {
        check(Some("1.89"), false);
        check(Some("1.89.0"), false);
        check(Some("1.9"), false);
        check(None, false);
    }
}
