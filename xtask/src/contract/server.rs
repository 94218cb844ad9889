//! A server that a row is tried on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::contract::row::{Row, Run};
use crate::group::Group;
use crate::workspace;

/// A directory for what a row brings, and the program that is tried.
#[derive(Debug)]
pub(crate) struct Program {
    binary: PathBuf,
    directory: PathBuf,
    env: BTreeMap<String, String>,
}

/// The program at work as a server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    group: Group,
}

impl Program {
    /// Writes down what the row brings.
    pub(crate) fn new(binary: &Path, row: &Row) -> Result<Self> {
        let directory = workspace::scratch("contract")?.join(&row.id);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(directory.join("files"))?;
        for (name, text) in &row.files {
            let path = directory.join("files").join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(Self {
            binary: binary.to_owned(),
            directory,
            env: row.env.clone(),
        })
    }

    /// Writes the script.
    pub(crate) fn write_script(&self, text: &str) -> Result<()> {
        Ok(fs::write(self.directory.join("script.lua"), text)?)
    }

    fn command(&self, arguments: &[OsString]) -> Result<Command> {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("SSE_SERVER_") || text.starts_with("TINYSSE_") {
                command.env_remove(&name);
            }
        }
        let log = File::create(self.log())?;
        command
            .current_dir(&self.directory)
            .args(arguments)
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// What the program printed.
    pub(crate) fn printed(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Starts the server, and waits until it listens.
    pub(crate) fn serve(&self, row: &Row, patience: Duration) -> Result<Server> {
        let mut arguments: Vec<OsString> = row.flags.iter().map(Into::into).collect();
        if row.has_script() {
            arguments.extend(["-s".into(), "script.lua".into()]);
        }
        if !row.files.is_empty() {
            arguments.extend(["-D".into(), "files".into()]);
        }
        // A port that was free a moment ago: not every server says which one it took.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        arguments.extend(["-l".into(), address.to_string().into()]);
        let mut group =
            Group::spawn(&mut self.command(&arguments)?).context("the program does not start")?;
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = group.wait(Duration::from_millis(5))? {
                bail!("the server ended: {status}\n{}", self.printed());
            }
            ensure!(
                start.elapsed() < patience,
                "the server does not listen\n{}",
                self.printed()
            );
        }
        Ok(Server { address, group })
    }

    /// Runs the program to its end, and looks at what it prints.
    pub(crate) fn run(
        &self,
        run: &Run,
        server: Option<SocketAddr>,
        patience: Duration,
    ) -> Result<()> {
        let address = server
            .map(|address| address.to_string())
            .unwrap_or_default();
        let fill = |argument: &String| {
            let argument = argument.replace("{server}", &address);
            OsString::from(argument.replace("{root}", &workspace::root().to_string_lossy()))
        };
        let beside = Self {
            binary: self.binary.clone(),
            directory: self.directory.join("run"),
            env: self.env.clone(),
        };
        fs::create_dir_all(&beside.directory)?;
        let arguments: Vec<_> = run.arguments.iter().map(fill).collect();
        let mut group = Group::spawn(&mut beside.command(&arguments)?)?;
        let status = group.wait(patience)?;
        let printed = beside.printed();
        let status = status.with_context(|| format!("it goes on\n{printed}"))?;
        ensure!(
            status.success() == run.succeeds,
            "it ends with {status}\n{printed}"
        );
        for part in &run.prints {
            ensure!(
                printed.contains(part),
                "it does not print {part:?} but\n{printed}"
            );
        }
        for part in &run.lacks {
            ensure!(!printed.contains(part), "it prints {part:?}\n{printed}");
        }
        Ok(())
    }
}

impl Server {
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        self.group.signal(match name {
            "TERM" => Signal::SIGTERM,
            "HUP" => Signal::SIGHUP,
            _ => bail!("no runner for the signal {name}"),
        });
        Ok(())
    }

    /// Waits until the server ends by itself.
    pub(crate) fn exit(&mut self, code: i32, patience: Duration) -> Result<()> {
        let status = self.group.wait(patience)?.context("the server goes on")?;
        ensure!(status.code() == Some(code), "the server ends with {status}");
        Ok(())
    }
}
