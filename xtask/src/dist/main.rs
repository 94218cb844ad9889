#![forbid(unsafe_code)]
//! Makes `target/dist/sse-server-VERSION-HOST.tar.gz`, on Windows a `.zip`.
//!
//! In it are the binary, its licences and those of what it is built from, the README, the
//! examples in Lua and the annotations for editors. The argument is a profile, `dist` by default.

mod licences;

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
    let metadata = metadata()?;
    let packages = licences::packages(&tree()?, &metadata)?;
    let texts = licences::write(&packages, &metadata, &stage)?;
    check(&program)?;
    let archive = pack(&own, &name)?;
    licences::check(&list(&archive)?, &texts)?;
    Ok(archive)
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

/// What is built into the binary: package, licence and repository, a line each.
fn tree() -> Result<String> {
    let tree = "tree --locked --package sse-server --edges normal --prefix none --no-dedupe";
    output(cargo(tree).args(["--format", "{p}\t{l}\t{r}"]))
}

/// Where all packages are.
fn metadata() -> Result<String> {
    output(&mut cargo("metadata --locked --format-version 1"))
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

/// Packs the directory; the archive's name says how.
fn pack(own: &Path, name: &str) -> Result<PathBuf> {
    let kind = if cfg!(windows) { "zip" } else { "tar.gz" };
    let archive = own.join(format!("{name}.{kind}"));
    run(tar()?
        .args(["-a", "-c", "-f"])
        .arg(&archive)
        .arg("-C")
        .arg(own)
        .arg(name))?;
    Ok(archive)
}

/// Names what is in an archive.
fn list(archive: &Path) -> Result<String> {
    output(tar()?.args(["-t", "-f"]).arg(archive))
}

/// The program is part of the system; on Windows it is not always the first of its name.
fn tar() -> Result<Command> {
    if cfg!(windows) {
        let system = env::var_os("SystemRoot").context("Windows has a directory")?;
        return Ok(Command::new(PathBuf::from(system).join("System32/tar.exe")));
    }
    Ok(Command::new("tar"))
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

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(String::from_utf8(output.stdout)?)
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
}
