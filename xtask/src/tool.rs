//! Programs that steps need and a machine may lack.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context as _, Result, ensure};
use nix::unistd::geteuid;

use crate::job::Job;
use crate::report::Options;

/// A program that is looked up on the path, and fetched by `--install`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Chromium,
    Chromedriver,
    Valgrind,
    CargoFuzz,
    /// A C++ compiler, which builds libFuzzer.
    Cxx,
}

impl Tool {
    /// The program's path; a missing one is fetched first if the options say so.
    ///
    /// # Errors
    ///
    /// It could not be fetched.
    pub(crate) fn find(self, options: Options) -> Result<Option<PathBuf>> {
        if self.look_up().is_none() && options.install {
            self.install()?;
        }
        Ok(self.look_up())
    }

    /// What a report says when [`Tool::find`] gave nothing.
    pub(crate) fn missing(self) -> String {
        format!("{} is missing; --install fetches it", self.programs()[0])
    }

    fn look_up(self) -> Option<PathBuf> {
        self.programs().iter().find_map(|program| on_path(program))
    }

    /// Its names, the usual one first.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium", "chromium-browser", "google-chrome"],
            Self::Chromedriver => &["chromedriver"],
            Self::Valgrind => &["valgrind"],
            Self::CargoFuzz => &["cargo-fuzz"],
            Self::Cxx => &["c++", "g++", "clang++"],
        }
    }

    fn install(self) -> Result<()> {
        println!("    installing {}", self.programs()[0]);
        match self {
            Self::Chromium => apt("chromium"),
            Self::Chromedriver => apt("chromium-driver"),
            Self::Valgrind => apt("valgrind"),
            Self::Cxx => apt("g++"),
            // Half a minute on two cores; a directory of its own keeps its profile out of ours.
            Self::CargoFuzz => {
                let job = Job::cargo("install --locked cargo-fuzz");
                let built = job
                    .env("CARGO_TARGET_DIR", crate::workspace::scratch("install")?)
                    .run()?;
                ensure!(built.success, built.complaint());
                Ok(())
            }
        }
    }
}

/// Whether rustup has a toolchain whose name begins so, for the machine's own target.
pub(crate) fn has_toolchain(name: &str) -> bool {
    let Ok(list) = Job::new("rustup").args(["toolchain", "list"]).run() else {
        return false;
    };
    list.success && list.text.lines().any(|line| line.starts_with(name))
}

/// Whether rustup has the nightly toolchain; a missing one is fetched first if the options say so.
pub(crate) fn has_nightly(options: Options) -> bool {
    has_or_fetches("nightly", options)
}

fn has_or_fetches(name: &str, options: Options) -> bool {
    if !has_toolchain(name) && options.install {
        println!("    installing the toolchain {name}");
        let job = Job::new("rustup").args(["toolchain", "install", name]);
        match job.args(["--profile", "minimal", "--no-self-update"]).run() {
            Ok(fetched) if fetched.success => {}
            Ok(fetched) => println!("    {}", fetched.complaint()),
            Err(error) => println!("    {error:#}"),
        }
    }
    has_toolchain(name)
}

/// Whether a toolchain has a component (`miri`) or a target (`wasm32-unknown-unknown`).
pub(crate) fn has_part(toolchain: Option<&str>, kind: &str, name: &str) -> bool {
    let mut job = Job::new("rustup").args([kind, "list", "--installed"]);
    if let Some(toolchain) = toolchain {
        job = job.args(["--toolchain", toolchain]);
    }
    let Ok(list) = job.run() else {
        return false;
    };
    list.success && list.text.lines().any(|line| line.starts_with(name))
}

/// The target that the compiler builds for by itself.
///
/// # Errors
///
/// The compiler does not tell.
pub(crate) fn host() -> Result<String> {
    let version = Job::new("rustc").args(["-vV"]).run()?;
    let host = version
        .text
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

fn on_path(program: &str) -> Option<PathBuf> {
    // Where `cargo install` puts programs may be missing from the path of a service.
    let own = env::var_os("CARGO_HOME").map(PathBuf::from);
    let own = own.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(own.map(|home| home.join("bin")))
        .find_map(|directory| {
            let file = directory.join(program);
            let found = fs::metadata(&file).ok()?;
            (found.is_file() && found.permissions().mode() & 0o111 != 0).then_some(file)
        })
}

fn apt(package: &str) -> Result<()> {
    static UPDATED: OnceLock<bool> = OnceLock::new();
    let apt_get = || {
        let job = if geteuid().is_root() {
            Job::new("apt-get")
        } else {
            Job::new("sudo").args(["-n", "apt-get"])
        };
        // Another installation may be running on the machine.
        let job = job.env("DEBIAN_FRONTEND", "noninteractive");
        job.args(["-o", "DPkg::Lock::Timeout=300"])
    };
    if UPDATED.get().is_none() {
        let update = apt_get().args(["update"]).run()?;
        ensure!(update.success, update.complaint());
        UPDATED.get_or_init(|| true);
    }
    let install = apt_get()
        .args(["install", "-y", "--no-install-recommends", package])
        .run()?;
    ensure!(install.success, install.complaint());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_only_if_it_can_be_run() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-program-here").is_none());
        assert!(on_path("../etc/passwd").is_none());
    }

    #[test]
    fn a_toolchain_that_cannot_be_had_is_missing() {
        let options = Options {
            install: true,
            ..Options::default()
        };
        assert!(!has_or_fetches("no-such-toolchain", options));
    }
}
