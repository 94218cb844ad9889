//! The versions in lock files, the root's and those of the workspaces inside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use semver::Version;
use toml_edit::DocumentMut;

use super::manifest::keep_blanks;

/// The lock files under `root`, the root's own included.
///
/// # Errors
///
/// A directory cannot be read.
pub(crate) fn all(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                // What is built is locked anew each time, and hidden directories are not ours.
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    directories.push(entry.path());
                }
            } else if name == "Cargo.lock" {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The lock file's text with `after` for our packages, which are those in `names` with version `before` and no source.
///
/// # Errors
///
/// The text is no lock file.
pub(crate) fn raise(
    text: &str,
    names: &BTreeSet<String>,
    before: &Version,
    after: &Version,
) -> Result<String> {
    let mut lock: DocumentMut = text.parse()?;
    let packages = lock
        .get_mut("package")
        .and_then(|item| item.as_array_of_tables_mut());
    let packages = packages.context("there is no [[package]]")?;
    let (old, new) = (before.to_string(), after.to_string());
    for package in packages.iter_mut() {
        let name = package.get("name").and_then(|name| name.as_str());
        let ours = name.is_some_and(|name| names.contains(name)) && !package.contains_key("source");
        let version = package
            .get_mut("version")
            .and_then(|item| item.as_value_mut());
        if let Some(version) = version.filter(|version| ours && version.as_str() == Some(&old)) {
            keep_blanks(version, &new);
        }
        let needed = package.get_mut("dependencies");
        let needed = needed.and_then(|item| item.as_array_mut());
        for needed in needed.into_iter().flat_map(|array| array.iter_mut()) {
            // A version is only given where two packages have the name, and a source where two have both.
            let Some((name, version)) = needed.as_str().and_then(|text| text.split_once(' '))
            else {
                continue;
            };
            if names.contains(name) && version == old {
                let text = format!("{name} {new}");
                keep_blanks(needed, &text);
            }
        }
    }
    Ok(lock.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "# Generated.\nversion = 4\n\n\
        [[package]]\nname = \"bench\"\nversion = \"0.0.0\"\ndependencies = [\n \"other\",\n \
        \"ours 0.2.3\",\n \"ours 0.3.0\",\n]\n\n\
        [[package]]\nname = \"other\"\nversion = \"0.3.0\"\nsource = \"registry\"\n\n\
        [[package]]\nname = \"ours\"\nversion = \"0.2.3\"\nsource = \"registry\"\n\n\
        [[package]]\nname = \"ours\"\nversion = \"0.3.0\"\n";

    #[test]
    fn our_packages_and_what_names_them_change_and_nothing_else() {
        let names = BTreeSet::from(["ours".to_owned()]);
        let after = Version::new(0, 4, 0);
        let text = raise(LOCK, &names, &Version::new(0, 3, 0), &after).unwrap();
        let expected = LOCK.replace("ours 0.3.0", "ours 0.4.0");
        let own = "name = \"ours\"\nversion = ";
        let expected = expected.replace(&format!("{own}\"0.3.0\""), &format!("{own}\"0.4.0\""));
        assert_eq!(text, expected);
    }

    #[test]
    fn a_package_of_a_registry_with_our_name_and_version_stays() {
        let theirs = LOCK.replace("0.2.3\"\nsource", "0.3.0\"\nsource");
        let names = BTreeSet::from(["ours".to_owned()]);
        let after = Version::new(0, 4, 0);
        let text = raise(&theirs, &names, &Version::new(0, 3, 0), &after).unwrap();
        assert!(text.contains(
            "version = \"0.3.0\"\nsource = \"registry\"\n\n[[package]]\nname = \"ours\""
        ));
        assert!(text.ends_with("version = \"0.4.0\"\n"), "{text}");
    }
}
