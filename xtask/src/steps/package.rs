//! The archives that a registry would get.

use anyhow::Result;

use crate::job::Job;
use crate::report::{Options, Report};
use crate::tidy::papers::PAPERS;
use crate::workspace::{self, Package, Workspace};

pub(crate) fn run(_options: Options) -> Result<Report> {
    let mut report = Report::new();
    let workspace = Workspace::members_only()?;
    for package in workspace.published() {
        let Package { name, .. } = package;
        let list = Job::cargo(&format!("package --list --allow-dirty --package {name}")).run()?;
        if !list.success {
            report.fail(list.complaint());
            continue;
        }
        let missing = missing(&list.text);
        if missing.is_empty() {
            report.pass();
        } else {
            report.fail(format!("{name}: the package lacks {}", missing.join(", ")));
        }
    }
    // Packaged together, since cargo then takes our crates from each other's archives: their names
    // belong to others in the public registry. Each is built from its archive.
    //
    // Cargo unpacks and compiles an archive once for its version and the directory that it is
    // packaged in, and takes that for a later archive of the same version, too. So the directory is
    // one that never was.
    let target = tempfile::tempdir_in(workspace::scratch("package")?)?;
    let names = workspace
        .published()
        .flat_map(|package| ["--package", &package.name]);
    let all = Job::cargo("package --allow-dirty")
        .env("CARGO_TARGET_DIR", target.path())
        .args(names);
    report.count(&all.run()?);
    Ok(report)
}

/// The papers that a list of packaged files lacks.
fn missing(list: &str) -> Vec<&'static str> {
    let has = |paper: &str| list.lines().any(|line| line == paper);
    PAPERS.into_iter().filter(|paper| !has(paper)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_its_licence_is_found() {
        let list = "CHANGELOG.md\nCargo.toml\nLICENSE-APACHE\nREADME.md\nsrc/LICENSE-MIT\n";
        assert_eq!(missing(list), ["LICENSE-MIT"]);
    }
}
