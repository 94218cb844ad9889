//! The licences of what is built in: a table, and the text of each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A package of others, with its name, version, licence, and where it comes from.
#[derive(Debug)]
pub(crate) struct Package {
    name: String,
    version: String,
    licence: String,
    source: String,
    /// Where its own texts are, or those of a package beside it.
    directory: PathBuf,
}

/// Finds the packages that are built into the server, from what `cargo tree` and `cargo metadata` print.
///
/// # Errors
///
/// They do not belong together.
pub(crate) fn packages(tree: &str, metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let mut directories = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let directory = Path::new(text("manifest_path")).parent();
        let directory = directory.context("a manifest lies in a directory")?;
        let key = (text("name").to_owned(), text("version").to_owned());
        directories.insert(key, directory.to_owned());
    }
    let mut packages = BTreeMap::new();
    for (name, version, licence, source) in tree.lines().filter_map(line_of) {
        let key = (name.to_owned(), version.to_owned());
        let directory = directories.get(&key);
        let directory = directory.with_context(|| format!("no directory of {name} {version}"))?;
        let package = Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: licence.to_owned(),
            source: source.to_owned(),
            directory: directory.clone(),
        };
        packages.insert(key, package);
    }
    Ok(packages.into_values().collect())
}

/// Name, version, licence and source, from a line of `cargo tree`; packages of this repository have a path there.
fn line_of(line: &str) -> Option<(&str, &str, &str, &str)> {
    let mut parts = line.split('\t');
    let (package, licence, source) = (parts.next()?, parts.next()?, parts.next()?);
    if package.contains("(/") || package.contains(":\\") {
        return None;
    }
    let (name, version) = package.trim_end_matches(" (proc-macro)").split_once(" v")?;
    Some((name, version, licence, source))
}

/// Writes the table, and the texts into directories beside it; returns these.
///
/// # Errors
///
/// A text cannot be read.
pub(crate) fn write(packages: &[Package], metadata: &str, stage: &Path) -> Result<Vec<String>> {
    let mut table = String::from(HEAD);
    let mut written = vec![format!("{DIRECTORY}/lua")];
    for package in packages {
        let own = format!("{DIRECTORY}/{}-{}", package.name, package.version);
        let texts = match texts(&package.directory)? {
            // A part of a project may leave the text to the whole.
            none if none.is_empty() => of_the_same_project(package, packages)?,
            some => some,
        };
        let place = if texts.is_empty() {
            "its repository".to_owned()
        } else {
            format!("`{own}`")
        };
        for text in &texts {
            let name = text.file_name().context("a file has a name")?;
            fs::create_dir_all(stage.join(&own))?;
            fs::copy(text, stage.join(&own).join(name))?;
        }
        if !texts.is_empty() {
            written.push(own);
        }
        let Package {
            name,
            version,
            licence,
            source,
            ..
        } = package;
        writeln!(
            table,
            "| {name} {version} | {licence} | {source} | {place} |"
        )?;
    }
    fs::write(stage.join("THIRD-PARTY.md"), table)?;
    let lua = stage.join(&written[0]);
    fs::create_dir_all(&lua)?;
    fs::write(lua.join("COPYRIGHT"), of_lua(metadata)?)?;
    Ok(written)
}

const HEAD: &str = "# What is built in\n\n\
    Besides Lua 5.4 (MIT, <https://www.lua.org/>, `licences/lua`) and SQLite (public domain, <https://www.sqlite.org/>).\n\n\
    | package | licence | source | text |\n|---|---|---|---|\n";

const DIRECTORY: &str = "licences";

/// The files in a directory that a licence asks to be passed on.
fn texts(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_uppercase();
        if path.is_file() && BEGINNINGS.iter().any(|it| name.starts_with(it)) {
            texts.push(path);
        }
    }
    Ok(texts)
}

const BEGINNINGS: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

fn of_the_same_project(package: &Package, packages: &[Package]) -> Result<Vec<PathBuf>> {
    for other in packages {
        if other.source == package.source && other.name != package.name {
            let texts = texts(&other.directory)?;
            if !texts.is_empty() {
                return Ok(texts);
            }
        }
    }
    Ok(Vec::new())
}

/// What stands at the end of Lua's own header.
fn of_lua(metadata: &str) -> Result<String> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let package = packages.find(|package| package["name"] == "lua-src");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let directory = Path::new(manifest.context("Lua's source is no package")?).parent();
    for entry in fs::read_dir(directory.context("it has a directory")?)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("lua-5.4") {
            let header = fs::read_to_string(path.join("lua.h"))?;
            let at = header.find("* Copyright (C)");
            let text = &header[at.context("Lua's header has no copyright")?..];
            let text = text.split("*****").next().unwrap_or(text);
            let lines = text.lines().map(|line| line.trim_start_matches(['*', ' ']));
            return Ok(lines.collect::<Vec<_>>().join("\n"));
        }
    }
    anyhow::bail!("there is no Lua 5.4")
}

/// Looks at a list of what is in the archive.
///
/// # Errors
///
/// One of the directories is not in it, or has nothing in it.
pub(crate) fn check(list: &str, directories: &[String]) -> Result<()> {
    for directory in directories {
        let part = format!("/{directory}/");
        let mut files = list.lines().filter(|line| !line.ends_with('/'));
        ensure!(
            files.any(|line| line.contains(&part)),
            "{directory} is not in it"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_others_are_told_and_our_own_are_not() {
        let line = line_of("axum v0.8.9\tMIT\thttps://github.com/tokio-rs/axum");
        let expected = ("axum", "0.8.9", "MIT", "https://github.com/tokio-rs/axum");
        assert_eq!(line.unwrap(), expected);
        let macros = line_of("serde_derive v1.0.0 (proc-macro)\tMIT\thttps://x");
        assert_eq!(
            macros.unwrap(),
            ("serde_derive", "1.0.0", "MIT", "https://x")
        );
        assert_eq!(line_of("sse-hub v0.3.0 (/home/me/sse-hub)\tMIT\t"), None);
        assert_eq!(line_of("sse-hub v0.3.0 (C:\\me\\sse-hub)\tMIT\t"), None);
    }

    #[test]
    fn every_package_and_lua_have_their_texts() {
        let (tree, metadata) = (crate::tree().unwrap(), crate::metadata().unwrap());
        let packages = packages(&tree, &metadata).unwrap();
        assert!(packages.len() > 100, "{}", packages.len());
        let stage = tempfile_directory();
        let written = write(&packages, &metadata, &stage).unwrap();
        assert_eq!(written.len(), packages.len() + 1);
        let table = fs::read_to_string(stage.join("THIRD-PARTY.md")).unwrap();
        assert!(!table.contains("its repository"), "{table}");
        let lua = fs::read_to_string(stage.join("licences/lua/COPYRIGHT")).unwrap();
        assert!(lua.starts_with("Copyright (C)") && lua.contains("WARRANTY OF ANY KIND"));
        let mut list = String::new();
        for entry in fs::read_dir(stage.join("licences")).unwrap() {
            let path = entry.unwrap().path();
            for text in fs::read_dir(&path).unwrap() {
                writeln!(list, "{}", text.unwrap().path().display()).unwrap();
            }
        }
        check(&list, &written).unwrap();
        check(&list.replace("/axum-0", "/axum-x"), &written).unwrap_err();
        fs::remove_dir_all(stage).unwrap();
    }

    fn tempfile_directory() -> PathBuf {
        let name = format!("sse-server-licences-{}", std::process::id());
        let stage = std::env::temp_dir().join(name);
        fs::create_dir_all(&stage).unwrap();
        stage
    }
}
