//! A server in a process of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::group::Group;
use crate::workspace;

/// A program that prints its URL first and serves until a signal ends it; it is killed when the value is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    group: Group,
    lines: Receiver<String>,
    log: PathBuf,
    /// Where an example serves.
    pub(crate) url: String,
}

impl Server {
    /// Starts an example on a free port.
    ///
    /// # Errors
    ///
    /// It does not print a URL.
    pub(crate) fn example(name: &str, arguments: &[&str]) -> Result<Self> {
        Self::example_on("0", name, arguments)
    }

    /// Starts an example on a given port.
    ///
    /// # Errors
    ///
    /// It does not print a URL; what it printed as an error is the message.
    pub(crate) fn example_on(port: &str, name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new("cargo");
        command.args([
            "run",
            "--quiet",
            "--package",
            "examples",
            "--bin",
            name,
            "--",
        ]);
        command.args(arguments).env("PORT", port);
        let mut server = Self::spawn(name, &mut command)?;
        server.url = server.line()?;
        ensure!(
            server.url.starts_with("http://127.0.0.1:"),
            "{name} prints {}",
            server.url
        );
        Ok(server)
    }

    /// Starts an example that was built before, without cargo in between; its URL is left empty.
    ///
    /// # Errors
    ///
    /// It was not built.
    pub(crate) fn program(
        name: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let mut command = Command::new(Self::path(name)?);
        command.args(arguments).envs(variables.iter().copied());
        Self::spawn(name, &mut command)
    }

    /// Where the program of an example is: beside this one.
    pub(crate) fn path(name: &str) -> Result<PathBuf> {
        Ok(std::env::current_exe()?.with_file_name(name))
    }

    /// Starts any command; its URL is left empty.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let log = workspace::scratch("log")?.join(format!("{name}.stderr.log"));
        command
            .current_dir(workspace::root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?);
        let mut group = Group::spawn(command).with_context(|| name.to_owned())?;
        let output = group.stdout.take().context("the server's output")?;
        let (tell, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines();
            lines
                .map_while(Result::ok)
                .try_for_each(|line| tell.send(line))
        });
        Ok(Self {
            name: name.to_owned(),
            group,
            lines,
            log,
            url: String::new(),
        })
    }

    /// The next line that it prints.
    ///
    /// # Errors
    ///
    /// There is none; the message holds what it printed as an error.
    pub(crate) fn line(&self) -> Result<String> {
        self.lines.recv_timeout(START).or_else(|_| {
            let errors = fs::read_to_string(&self.log).unwrap_or_default();
            bail!("{} prints no more: {errors}", self.name)
        })
    }

    /// The port in its URL.
    pub(crate) fn port(&self) -> &str {
        let host = self.url.trim_end_matches('/');
        host.rsplit(':').next().unwrap_or_default()
    }

    /// Tells it to end.
    pub(crate) fn signal(&self, signal: Signal) {
        self.group.signal(signal);
    }

    /// Waits until it has ended by itself, well and in time.
    ///
    /// # Errors
    ///
    /// It still runs after 5 s, or its exit code is not 0.
    pub(crate) fn ended(&mut self) -> Result<()> {
        let (status, errors) = self.exit()?;
        ensure!(status.success(), "{}: {status}: {errors}", self.name);
        Ok(())
    }

    /// Waits until it has ended by itself, well or not, and gives what it printed as an error.
    ///
    /// # Errors
    ///
    /// It still runs after 5 s.
    pub(crate) fn exit(&mut self) -> Result<(ExitStatus, String)> {
        let status = self.group.wait(END)?;
        let status = status.with_context(|| format!("{} still runs after {END:?}", self.name))?;
        Ok((status, fs::read_to_string(&self.log).unwrap_or_default()))
    }

    /// All the lines that it prints until it ends.
    pub(crate) fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(START).ok()).collect()
    }
}

/// Long enough for another cargo to let go of the build directory.
const START: Duration = Duration::from_secs(120);

/// How long a server may take to end.
const END: Duration = Duration::from_secs(5);
