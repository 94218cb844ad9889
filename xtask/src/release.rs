//! `cargo xtask release X.Y.Z`: one version everywhere, and a dated changelog.

mod changelog;
mod lock;
mod manifest;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use semver::Version;

use crate::workspace::Workspace;

/// What a release does with the files that it has prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    DryRun,
}

/// Sets the version of the workspace at `root`, in its manifest and in every lock file under it,
/// and closes the changelogs of what is published.
///
/// Nothing is written unless all of it can be.
///
/// # Errors
///
/// The version is older than the present one, versions differ between crates, or a changelog has
/// nothing to tell.
pub(crate) fn run(root: &Path, version: &Version, mode: Mode) -> Result<()> {
    let files = prepare(root, version, &today()?)?;
    for (path, text) in files {
        println!("{}", path.strip_prefix(root).unwrap_or(&path).display());
        if mode == Mode::Write {
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The files that a release changes, with their new text.
fn prepare(root: &Path, version: &Version, date: &str) -> Result<Vec<(PathBuf, String)>> {
    let path = root.join("Cargo.toml");
    let (before, manifest) = manifest::raise(&read(&path)?, version)?;
    let mut files = Vec::new();
    let workspace = Workspace::read(root, &["--no-deps", "--offline"])?;
    for package in workspace.members() {
        ensure!(
            package.version == before.to_string(),
            "{} has version {}, the workspace {before}",
            package.name,
            package.version
        );
    }
    for package in workspace.published() {
        let path = package.directory().join("CHANGELOG.md");
        let text = changelog::close(&read(&path)?, version, date);
        let text = text.with_context(|| path.display().to_string())?;
        files.push((path, text));
    }
    if files.is_empty() {
        bail!("no crate of the workspace is published");
    }
    files.push((path, manifest));
    let names: BTreeSet<_> = workspace
        .members()
        .map(|package| package.name.clone())
        .collect();
    for path in lock::all(root)? {
        let text = lock::raise(&read(&path)?, &names, &before, version);
        let text = text.with_context(|| path.display().to_string())?;
        files.push((path, text));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The day in Greenwich.
fn today() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of two published crates and one that is not, with the given changelogs.
    fn planted(name: &str, changelogs: [&str; 2]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"a\", \"b\", \"c\"]\n\
            [workspace.package]\nversion = \"0.3.0\" # one for all\nedition = \"2024\"\n\
            [workspace.dependencies]\na = { path = \"a\", version = \"=0.3.0\" }\n";
        write(&root, "Cargo.toml", manifest);
        for (crate_name, rest) in [
            ("a", ""),
            ("b", "[dependencies]\na.workspace = true\n"),
            ("c", ""),
        ] {
            let publish = if crate_name == "c" {
                "publish = false\n"
            } else {
                ""
            };
            let package = "version.workspace = true\nedition.workspace = true\n";
            let text = format!("[package]\nname = \"{crate_name}\"\n{package}{publish}{rest}");
            write(&root, &format!("{crate_name}/Cargo.toml"), &text);
            write(&root, &format!("{crate_name}/src/lib.rs"), "");
        }
        write(&root, "a/CHANGELOG.md", changelogs[0]);
        write(&root, "b/CHANGELOG.md", changelogs[1]);
        root
    }

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    const NEWS: &str = "# Changelog\n\n## [Unreleased]\n\n- **added** a thing.\n";

    #[test]
    fn a_release_sets_every_version_and_closes_every_changelog() {
        let root = planted("good", [NEWS, NEWS]);
        run(&root, &Version::new(0, 4, 0), Mode::Write).unwrap();
        let workspace = Workspace::read(&root, &["--no-deps", "--offline"]).unwrap();
        assert!(
            workspace
                .packages
                .iter()
                .all(|package| package.version == "0.4.0")
        );
        let manifest = read(&root.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("version = \"0.4.0\" # one for all"),
            "{manifest}"
        );
        assert!(
            manifest.contains("a = { path = \"a\", version = \"=0.4.0\" }"),
            "{manifest}"
        );
        let changelog = read(&root.join("b/CHANGELOG.md")).unwrap();
        assert!(
            changelog.contains("## [Unreleased]\n\n## [0.4.0] - 20"),
            "{changelog}"
        );
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_release_keeps_every_lock_file_up_to_date() {
        let root = planted("locks", [NEWS, NEWS]);
        // A workspace of its own, which also has another crate of the name `a`.
        let nested = "[package]\nname = \"nested\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
            [workspace]\n[dependencies]\nb = { path = \"../../b\" }\n\
            old = { package = \"a\", path = \"old\" }\n";
        let old = "[package]\nname = \"a\"\nversion = \"0.2.0\"\nedition = \"2024\"\n";
        let manifest = read(&root.join("Cargo.toml")).unwrap();
        let manifest = manifest.replace("members", "exclude = [\"own\"]\nmembers");
        write(&root, "Cargo.toml", &manifest);
        write(&root, "own/nested/Cargo.toml", nested);
        write(&root, "own/nested/src/lib.rs", "");
        write(&root, "own/nested/old/Cargo.toml", old);
        write(&root, "own/nested/old/src/lib.rs", "");
        let workspaces = [root.clone(), root.join("own/nested")];
        for workspace in &workspaces {
            Workspace::read(workspace, &["--offline"]).unwrap();
        }
        run(&root, &Version::new(0, 4, 0), Mode::Write).unwrap();
        for workspace in &workspaces {
            let locked = Workspace::read(workspace, &["--offline", "--locked"]).unwrap();
            let b = locked.packages.iter().find(|package| package.name == "b");
            assert_eq!(b.unwrap().version, "0.4.0");
        }
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let root = planted("dry", [NEWS, NEWS]);
        run(&root, &Version::new(0, 4, 0), Mode::DryRun).unwrap();
        assert!(
            read(&root.join("Cargo.toml"))
                .unwrap()
                .contains("\"=0.3.0\"")
        );
        assert_eq!(read(&root.join("a/CHANGELOG.md")).unwrap(), NEWS);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_crate_with_nothing_to_tell_stops_the_release_before_anything_is_written() {
        let root = planted("empty", [NEWS, "# Changelog\n\n## [Unreleased]\n"]);
        let error = run(&root, &Version::new(0, 4, 0), Mode::Write).unwrap_err();
        assert!(format!("{error:#}").contains("b/CHANGELOG.md"), "{error:#}");
        assert!(
            read(&root.join("Cargo.toml"))
                .unwrap()
                .contains("\"=0.3.0\"")
        );
        assert_eq!(read(&root.join("a/CHANGELOG.md")).unwrap(), NEWS);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_crate_with_a_version_of_its_own_stops_the_release() {
        let root = planted("own", [NEWS, NEWS]);
        let own = "[package]\nname = \"c\"\nversion = \"0.2.9\"\nedition = \"2024\"\n";
        write(&root, "c/Cargo.toml", own);
        let error = run(&root, &Version::new(0, 4, 0), Mode::Write)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "c has version 0.2.9, the workspace 0.3.0");
        fs::remove_dir_all(root).unwrap();
    }
}
