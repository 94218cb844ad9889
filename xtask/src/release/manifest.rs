//! The versions in the workspace's manifest.

use anyhow::{Context as _, Result, ensure};
use semver::Version;
use toml_edit::{DocumentMut, Item, Value};

/// The manifest's present version, and its text with `version` in all places.
///
/// # Errors
///
/// The version is older than the present one, or an internal requirement is not exactly it.
pub(crate) fn raise(text: &str, version: &Version) -> Result<(Version, String)> {
    let mut manifest: DocumentMut = text.parse()?;
    let workspace = manifest
        .get_mut("workspace")
        .context("there is no [workspace]")?;
    let package = workspace
        .get_mut("package")
        .context("there is no [workspace.package]")?;
    let own = package
        .get_mut("version")
        .context("the workspace has no version")?;
    let before: Version = own.as_str().context("the version is no text")?.parse()?;
    ensure!(
        *version >= before,
        "{version} is older than the present {before}"
    );
    set(own, &version.to_string());
    let dependencies = workspace
        .get_mut("dependencies")
        .and_then(|item| item.as_table_like_mut());
    for (name, dependency) in dependencies.into_iter().flat_map(|table| table.iter_mut()) {
        if dependency.get("path").is_none() || dependency.get("version").is_none() {
            continue;
        }
        let requirement = &mut dependency["version"];
        let asked = requirement.as_str().unwrap_or_default();
        ensure!(
            asked == format!("={before}"),
            "{name} is asked for as {asked}, not ={before}"
        );
        set(requirement, &format!("={version}"));
    }
    Ok((before, manifest.to_string()))
}

/// Replaces a value and keeps the blanks and comments around it.
pub(super) fn keep_blanks(value: &mut Value, text: &str) {
    let decor = value.decor().clone();
    *value = text.into();
    *value.decor_mut() = decor;
}

fn set(item: &mut Item, text: &str) {
    match item.as_value_mut() {
        Some(value) => keep_blanks(value, text),
        None => *item = text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.package]\nversion = \"0.3.0\" # all\n\n\
        [workspace.dependencies]\n# Exact.\nours = { path = \"ours\", version = \"=0.3.0\" }\n\
        suite = { path = \"suite\" }\nbytes = { version = \"1\" }\n";

    #[test]
    fn the_version_and_the_internal_requirements_change_and_nothing_else() {
        let (before, text) = raise(MANIFEST, &Version::new(1, 0, 0)).unwrap();
        assert_eq!(before, Version::new(0, 3, 0));
        assert_eq!(text, MANIFEST.replace("0.3.0", "1.0.0"));
    }

    #[test]
    fn the_present_version_can_be_the_first_release() {
        assert_eq!(raise(MANIFEST, &Version::new(0, 3, 0)).unwrap().1, MANIFEST);
    }

    #[test]
    fn an_older_version_is_refused() {
        let error = raise(MANIFEST, &Version::new(0, 2, 9))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "0.2.9 is older than the present 0.3.0");
    }

    #[test]
    fn an_internal_requirement_that_is_not_the_version_is_refused() {
        let loose = MANIFEST.replace("=0.3.0", "0.3");
        let error = raise(&loose, &Version::new(1, 0, 0))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "ours is asked for as 0.3, not =0.3.0");
    }
}
