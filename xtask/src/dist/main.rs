#![forbid(unsafe_code)]
//! Makes `target/dist/sse-server-VERSION-HOST.tar.gz`, on Windows a `.zip`.
//!
//! In it are the binary, its licences and those of what it is built from, the README, the
//! examples in Lua and the annotations for editors. The argument is a profile, `dist` by default.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

fn main() -> ExitCode {
    let profile = env::args().nth(1).unwrap_or_else(|| "dist".to_owned());
    match make(&profile) {
        Ok(archive) => {
            println!("{}", archive.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(profile: &str) -> Result<PathBuf> {
    let name = format!("sse-server-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let own = root().join("target/dist");
    let stage = own.join(&name);
    if stage.exists() {
        fs::remove_dir_all(&stage)?;
    }
    fs::create_dir_all(&stage)?;
    let binary = build(profile)?;
    for (from, to) in FILES {
        copy(&root().join(from), &stage.join(to))?;
    }
    let program = stage.join(binary.file_name().context("the binary has a name")?);
    copy(&binary, &program)?;
    fs::write(stage.join("THIRD-PARTY.md"), third_party()?)?;
    check(&program)?;
    pack(&own, &name)
}

/// What goes in, and under which name.
const FILES: [(&str, &str); 6] = [
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("sse-server/README.md", "README.md"),
    ("sse-server/CHANGELOG.md", "CHANGELOG.md"),
    ("examples/lua", "examples/lua"),
    ("sse-server/types", "types"),
];

/// Builds the server, and returns its path.
fn build(profile: &str) -> Result<PathBuf> {
    run(
        cargo("build --locked --package sse-server --bin sse-server").args(["--profile", profile]),
    )?;
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let directory = if profile == "dev" { "debug" } else { profile };
    let name = format!("sse-server{}", env::consts::EXE_SUFFIX);
    Ok(target.join(directory).join(name))
}

/// The packages that are built into the binary, with their licences and where they come from.
fn third_party() -> Result<String> {
    let tree = cargo("tree --locked --package sse-server --edges normal --prefix none --no-dedupe")
        .args(["--format", "{p}\t{l}\t{r}"])
        .output()?;
    ensure!(
        tree.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout)?;
    let lines: BTreeSet<_> = tree.lines().filter_map(line_of).collect();
    let head = "# What is built in\n\nBesides Lua 5.4 (MIT, <https://www.lua.org/>) and SQLite (public domain, <https://www.sqlite.org/>).\n\n\
                | package | licence | source |\n|---|---|---|\n";
    Ok(lines
        .into_iter()
        .fold(head.to_owned(), |text, line| text + &line))
}

/// A line of the table, from one of `cargo tree`; packages of this repository have a path there.
fn line_of(line: &str) -> Option<String> {
    let mut parts = line.split('\t');
    let (package, licence, source) = (parts.next()?, parts.next()?, parts.next()?);
    if package.contains("(/") || package.contains(":\\") {
        return None;
    }
    let package = package.trim_end_matches(" (proc-macro)");
    Some(format!("| {package} | {licence} | {source} |\n"))
}

/// The binary starts, and tells the version of the archive.
fn check(binary: &Path) -> Result<()> {
    let output = Command::new(binary).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        text.trim() == concat!("sse-server ", env!("CARGO_PKG_VERSION")),
        "it says {text:?}"
    );
    Ok(())
}

/// Packs the directory; both of the programs are part of the system.
fn pack(own: &Path, name: &str) -> Result<PathBuf> {
    let (archive, mut tar) = if cfg!(windows) {
        let system = env::var_os("SystemRoot").context("Windows has a directory")?;
        let archive = own.join(format!("{name}.zip"));
        let mut tar = Command::new(PathBuf::from(system).join("System32/tar.exe"));
        tar.args(["-a", "-c", "-f"]);
        (archive, tar)
    } else {
        let archive = own.join(format!("{name}.tar.gz"));
        let mut tar = Command::new("tar");
        tar.args(["-c", "-z", "-f"]);
        (archive, tar)
    };
    run(tar.arg(&archive).arg("-C").arg(own).arg(name))?;
    Ok(archive)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}

fn cargo(arguments: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(root())
        .args(arguments.split_whitespace());
    command
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_is_there() {
        for (from, _) in FILES {
            assert!(root().join(from).exists(), "{from}");
        }
    }

    #[test]
    fn packages_of_others_are_told_and_our_own_are_not() {
        let line = line_of("axum v0.8.9\tMIT\thttps://github.com/tokio-rs/axum");
        assert_eq!(
            line.unwrap(),
            "| axum v0.8.9 | MIT | https://github.com/tokio-rs/axum |\n"
        );
        let macros = line_of("serde_derive v1.0.0 (proc-macro)\tMIT\thttps://x");
        assert_eq!(
            macros.unwrap(),
            "| serde_derive v1.0.0 | MIT | https://x |\n"
        );
        assert_eq!(line_of("sse-hub v0.3.0 (/home/me/sse-hub)\tMIT\t"), None);
        assert_eq!(line_of("sse-hub v0.3.0 (C:\\me\\sse-hub)\tMIT\t"), None);
    }
}
