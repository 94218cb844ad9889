//! What the rules look at: the members, and the text of every file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::workspace::{self, Package, Workspace};

/// The repository as the rules see it.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The directory that the paths of `files` begin at.
    pub(crate) root: PathBuf,
    /// The workspace's packages.
    pub(crate) members: Vec<Package>,
    /// Text files by their path from the root.
    pub(crate) files: BTreeMap<PathBuf, String>,
}

impl Tree {
    /// The tree on disk.
    pub(crate) fn read() -> Result<Self> {
        let root = workspace::root().to_owned();
        let mut files = BTreeMap::new();
        collect(&root, Path::new(""), &mut files)?;
        let members = Workspace::members_only()?.packages;
        Ok(Self {
            root,
            members,
            files,
        })
    }

    /// A path as the tree names it.
    pub(crate) fn inside<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// The text of a file, if there is such a file.
    pub(crate) fn text(&self, path: impl AsRef<Path>) -> Option<&str> {
        self.files.get(path.as_ref()).map(String::as_str)
    }

    /// The Rust files under a directory.
    pub(crate) fn rust_under<'a>(
        &'a self,
        directory: &'a Path,
    ) -> impl Iterator<Item = (&'a Path, &'a str)> {
        let inside = self
            .files
            .iter()
            .filter(move |(path, _)| path.starts_with(directory));
        inside
            .filter(|(path, _)| is_rust(path))
            .map(|(path, text)| (path.as_path(), text.as_str()))
    }
}

/// Whether a file holds Rust.
pub(crate) fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

fn collect(root: &Path, inside: &Path, files: &mut BTreeMap<PathBuf, String>) -> Result<()> {
    let directory = root.join(inside);
    for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name();
        let path = inside.join(&name);
        if entry.file_type()?.is_dir() {
            if !SKIPPED.iter().any(|skipped| name == *skipped) {
                collect(root, &path, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| READ.iter().any(|known| extension == *known))
            || name.to_string_lossy().starts_with("LICENSE")
        {
            files.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

/// Directories of built, downloaded or generated files.
const SKIPPED: [&str; 5] = ["target", ".git", "corpus", "artifacts", "testdata"];

/// Extensions of the files that a rule looks at.
const READ: [&str; 5] = ["html", "md", "rs", "toml", "yml"];

/// A tree of planted files, for the rules' own tests.
#[cfg(test)]
pub(super) fn planted(files: &[(&str, &str)]) -> Tree {
    let files = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    Tree {
        root: PathBuf::from("/root"),
        files: files.collect(),
        members: Vec::new(),
    }
}

/// A planted member; one whose name is not of the published crates' is not published.
#[cfg(test)]
pub(super) fn member(name: &str, published: bool) -> Package {
    Package {
        name: name.to_owned(),
        manifest_path: PathBuf::from(format!("/root/{name}/Cargo.toml")),
        publish: (!published).then(Vec::new),
        ..Package::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_tree_has_its_members_and_no_built_file() {
        let tree = Tree::read().unwrap();
        assert!(tree.members.iter().any(|package| package.name == "xtask"));
        assert!(tree.text("xtask/src/main.rs").is_some());
        assert!(!tree.files.keys().any(|path| path.starts_with("target")));
    }
}
