//! Building the servers, once to be timed and once to count allocations.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{
    options::Store,
    servers::{Kind, Server},
};

/// Binaries of one kind of build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    Timed,
    Counting,
}

/// Where the built servers lie.
#[derive(Debug)]
pub struct Programs {
    directory: PathBuf,
    /// Where the servers keep their history.
    pub store: Store,
}

/// A binary, its package, and whether that can count.
struct Binary {
    name: String,
    package: &'static str,
    manifest: PathBuf,
    counts: bool,
}

const FEATURE: &str = "count-allocations";

impl Programs {
    /// Builds what these servers need, as this program was built.
    ///
    /// # Errors
    ///
    /// A build fails.
    pub fn build(servers: &[Server], builds: &[Build]) -> Result<Self> {
        let own = env::current_exe()?;
        let target = own
            .ancestors()
            .nth(2)
            .context("this program lies in no target directory")?;
        let programs = Self {
            directory: target.join("fanout-servers"),
            store: Store::default(),
        };
        let binaries = binaries(servers)?;
        for &build in builds {
            let directory = programs.of(build);
            // What is there may be of an older source.
            if directory.exists() {
                fs::remove_dir_all(&directory)?;
            }
            fs::create_dir_all(&directory)?;
            for package in ["fanout", "examples", "sse-server"] {
                let some: Vec<_> = binaries
                    .iter()
                    .filter(|binary| binary.package == package)
                    .filter(|binary| build == Build::Timed || binary.counts)
                    .collect();
                compile(&some, build, target, &directory)?;
            }
        }
        Ok(programs)
    }

    /// The binary of a server, if there is one.
    pub fn path(&self, binary: &str, build: Build) -> Option<PathBuf> {
        let path = self.of(build).join(binary);
        path.exists().then_some(path)
    }

    fn of(&self, build: Build) -> PathBuf {
        self.directory.join(match build {
            Build::Timed => "timed",
            Build::Counting => "counting",
        })
    }
}

fn binaries(servers: &[Server]) -> Result<Vec<Binary>> {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let examples = examples(&root)?;
    let mut binaries: Vec<Binary> = Vec::new();
    for server in servers {
        let binary = match server.kind {
            Kind::Peer(name, _) => Binary {
                name: name.to_owned(),
                package: "fanout",
                manifest: bench.clone(),
                counts: true,
            },
            Kind::Ours(name, _) if examples.names.iter().any(|there| there == name) => Binary {
                name: name.to_owned(),
                package: "examples",
                manifest: root.clone(),
                counts: examples.counts,
            },
            Kind::Standalone(_) => Binary {
                name: "sse-server".to_owned(),
                package: "sse-server",
                manifest: root.clone(),
                counts: false,
            },
            Kind::Ours(..) | Kind::Nchan => continue,
        };
        if binaries.iter().all(|known| known.name != binary.name) {
            binaries.push(binary);
        }
    }
    Ok(binaries)
}

struct Examples {
    names: Vec<String>,
    counts: bool,
}

fn examples(manifest: &Path) -> Result<Examples> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .arg("--manifest-path")
        .arg(manifest)
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let none = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&none).clone();
    let package = list(&metadata["packages"])
        .into_iter()
        .find(|package| package["name"] == "examples")
        .context("the workspace has no package `examples`")?;
    Ok(Examples {
        names: list(&package["targets"])
            .iter()
            .filter_map(|target| Some(target["name"].as_str()?.to_owned()))
            .collect(),
        counts: package["features"].get(FEATURE).is_some(),
    })
}

fn compile(binaries: &[&Binary], build: Build, target: &Path, into: &Path) -> Result<()> {
    let Some(first) = binaries.first() else {
        return Ok(());
    };
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--locked", "-p", first.package]);
    cargo.arg("--manifest-path").arg(&first.manifest);
    // What is not timed may be there already, built for the tests.
    let own = first.manifest.with_file_name("target");
    let target = if cfg!(debug_assertions) { &own } else { target };
    cargo.arg("--target-dir").arg(target);
    // All contenders alike: the profile of the benchmark, not that of their workspace.
    cargo
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    if build == Build::Counting {
        cargo.args(["--features", FEATURE]);
    }
    for binary in binaries {
        cargo.args(["--bin", &binary.name]);
    }
    eprintln!("building {} ({build:?})", first.package);
    if !cargo.status()?.success() {
        bail!("building the servers of `{}` failed", first.package);
    }
    let output = target.join(if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    });
    for binary in binaries {
        fs::copy(output.join(&binary.name), into.join(&binary.name))?;
    }
    Ok(())
}
