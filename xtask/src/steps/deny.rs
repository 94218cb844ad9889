//! Licences, bans and sources of all dependencies, by the lists in `deny.toml`.
//!
//! The file is cargo-deny's and means the same to it. The checks are made here, since building
//! cargo-deny takes longer than all other steps together and this needs a part of it only.

mod graph;
mod licence;
mod rules;

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::job::Job;
use crate::report::{Options, Report};
use crate::workspace::{self, Dependency, Package, Workspace};
use graph::duplicates;
use licence::is_allowed;
use rules::Rules;

pub(crate) fn run(_options: Options) -> Result<Report> {
    let path = workspace::root().join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let rules = Rules::read(&text)?;
    let workspace = Workspace::locked()?;
    let mut report = Report::new();
    check(&mut report, &licences(&workspace.packages, &rules));
    check(&mut report, &bans(&workspace.packages, &rules));
    check(&mut report, &sources(&workspace.packages, &rules));
    check(&mut report, &duplicates(&workspace, &rules.skipped));
    report.note(format!("{} packages looked at", workspace.packages.len()));
    advisories(&mut report)?;
    Ok(report)
}

/// One test, with all that it found.
fn check(report: &mut Report, found: &[String]) {
    if found.is_empty() {
        report.pass();
    } else {
        report.fail(found.join("\n"));
    }
}

fn licences(packages: &[Package], rules: &Rules) -> Vec<String> {
    let wrong = packages.iter().filter(|package| {
        let expression = package.license.as_deref().unwrap_or_default();
        let own = rules
            .exceptions
            .iter()
            .filter(|(name, _)| *name == package.name);
        let own = own.map(|(_, licence)| licence.clone());
        let allowed: Vec<_> = rules.licences.iter().cloned().chain(own).collect();
        !is_allowed(expression, &allowed)
    });
    let text = |package: &Package| {
        let licence = package
            .license
            .as_deref()
            .unwrap_or("no licence expression");
        format!(
            "{} {}: {licence} is not allowed",
            package.name, package.version
        )
    };
    wrong.map(text).collect()
}

fn bans(packages: &[Package], rules: &Rules) -> Vec<String> {
    let banned = packages.iter().filter(|package| {
        let rule = rules.banned.iter().find(|(name, _)| *name == package.name);
        rule.is_some_and(|(_, wrappers)| {
            let mut users = packages.iter().filter(|user| {
                // What others need for their own tests never comes here.
                let theirs =
                    |it: &Dependency| user.source.is_some() && it.kind.as_deref() == Some("dev");
                let needs =
                    |it: &Dependency| it.name == package.name && !it.optional && !theirs(it);
                user.dependencies.iter().any(needs)
            });
            wrappers.is_empty() || users.any(|user| !wrappers.contains(&user.name))
        })
    });
    banned
        .map(|package| format!("{} {} is banned", package.name, package.version))
        .collect()
}

fn sources(packages: &[Package], rules: &Rules) -> Vec<String> {
    let foreign = packages.iter().filter_map(|package| {
        let source = package.source.as_ref()?;
        (!rules.registries.contains(source)).then_some((package, source))
    });
    foreign
        .map(|(package, source)| format!("{} comes from {source}", package.name))
        .collect()
}

/// Advisories need a database that only the network has; cargo-deny reads it where it lies.
fn advisories(report: &mut Report) -> Result<()> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let has_database = home.is_some_and(|home| home.join("advisory-dbs").is_dir());
    if !has_database
        || !Job::new("cargo-deny")
            .args(["--version"])
            .run()
            .is_ok_and(|run| run.success)
    {
        report.note("not available: advisories, without cargo-deny and its database");
        return Ok(());
    }
    report.count(&Job::cargo("deny --offline check advisories").run()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            source: source.map(str::to_owned),
            ..Package::default()
        }
    }

    fn rules() -> Rules {
        Rules {
            licences: vec!["MIT".to_owned()],
            exceptions: vec![("odd".to_owned(), "MPL-2.0".to_owned())],
            banned: vec![
                ("openssl-sys".to_owned(), Vec::new()),
                ("lazy_static".to_owned(), vec!["old".to_owned()]),
            ],
            registries: vec!["registry+here".to_owned()],
            skipped: Vec::new(),
        }
    }

    #[test]
    fn a_licence_that_is_not_on_the_list_is_found() {
        let packages = [
            package("good", Some("MIT OR GPL-3.0"), None),
            package("odd", Some("MPL-2.0"), None),
            package("bad", Some("GPL-3.0"), None),
            package("even", Some("MPL-2.0"), None),
            package("mute", None, None),
        ];
        let expected = [
            "bad 1.0.0: GPL-3.0 is not allowed",
            "even 1.0.0: MPL-2.0 is not allowed",
            "mute 1.0.0: no licence expression is not allowed",
        ];
        assert_eq!(licences(&packages, &rules()), expected);
    }

    #[test]
    fn a_banned_package_is_found() {
        let packages = [
            package("openssl-sys", None, None),
            package("openssl", None, None),
        ];
        assert_eq!(bans(&packages, &rules()), ["openssl-sys 1.0.0 is banned"]);
    }

    #[test]
    fn a_banned_package_may_be_there_for_those_that_are_named() {
        let user = |name| Package {
            dependencies: vec![Dependency {
                name: "lazy_static".to_owned(),
                ..Dependency::default()
            }],
            ..package(name, None, None)
        };
        let packages = [package("lazy_static", None, None), user("old")];
        assert!(bans(&packages, &rules()).is_empty());
        let packages = [package("lazy_static", None, None), user("old"), user("new")];
        assert_eq!(bans(&packages, &rules()), ["lazy_static 1.0.0 is banned"]);
    }

    #[test]
    fn what_others_test_with_is_not_built() {
        let user = |source| Package {
            dependencies: vec![Dependency {
                name: "lazy_static".to_owned(),
                kind: Some("dev".to_owned()),
                ..Dependency::default()
            }],
            ..package("new", None, source)
        };
        let theirs = [
            package("lazy_static", None, None),
            user(Some("registry+here")),
        ];
        assert!(bans(&theirs, &rules()).is_empty());
        let ours = [package("lazy_static", None, None), user(None)];
        assert_eq!(bans(&ours, &rules()), ["lazy_static 1.0.0 is banned"]);
    }

    #[test]
    fn a_package_from_elsewhere_is_found_and_our_own_are_not() {
        let packages = [
            package("ours", None, None),
            package("theirs", None, Some("registry+here")),
            package("fork", None, Some("git+there")),
        ];
        assert_eq!(sources(&packages, &rules()), ["fork comes from git+there"]);
    }
}
