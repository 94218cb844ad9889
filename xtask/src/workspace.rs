//! The workspace as cargo describes it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// The packages that `cargo metadata` lists.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    /// All packages: the members, and in [`Workspace::locked`] all of the lock file's.
    pub(crate) packages: Vec<Package>,
    #[serde(rename = "workspace_members")]
    members: Vec<String>,
    /// The dependency graph; absent from [`Workspace::members_only`].
    pub(crate) resolve: Option<Resolve>,
}

/// A package and what its manifest asks for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) source: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// Registries it may be published to: `None` is any, an empty list is none.
    pub(crate) publish: Option<Vec<String>>,
}

/// A requirement on another package.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) req: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    pub(crate) optional: bool,
    /// The directory of a dependency inside the repository.
    pub(crate) path: Option<PathBuf>,
}

/// A crate that a package builds.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

/// The dependency graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// A package's place in the graph.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Edge>,
}

/// A dependency in the graph, with the kinds it is used as.
#[derive(Debug, Deserialize)]
pub(crate) struct Edge {
    pub(crate) pkg: String,
    pub(crate) dep_kinds: Vec<EdgeKind>,
}

/// `None` for normal, else `dev` or `build`.
#[derive(Debug, Deserialize)]
pub(crate) struct EdgeKind {
    pub(crate) kind: Option<String>,
}

impl Workspace {
    /// The members alone; asks neither network nor lock file.
    pub(crate) fn members_only() -> Result<Self> {
        Self::read(root(), &["--no-deps"])
    }

    /// The members and every package of the lock file, which must be up to date.
    pub(crate) fn locked() -> Result<Self> {
        Self::read(root(), &["--all-features", "--locked"])
    }

    /// The workspace at `directory`, described with more arguments for `cargo metadata`.
    pub(crate) fn read(directory: &Path, arguments: &[&str]) -> Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version=1"])
            .args(arguments)
            .current_dir(directory)
            .output()
            .context("cargo metadata")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata: {complaint}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.members.contains(&package.id))
    }

    /// The members that are published.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.members().filter(|package| package.is_published())
    }
}

impl Package {
    /// The directory of the manifest.
    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// Whether a registry may have it.
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// A directory of ours under `target/`, made if it is not there.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let path = root().join("target/xtask").join(name);
    fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
    Ok(path)
}
