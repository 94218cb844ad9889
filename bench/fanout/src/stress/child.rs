//! The server in a process of its own, with a script that can be rewritten.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child as Process, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::PATIENCE;

pub(super) const BINARY: &str = "sse-server";

/// A server; it ends with this value.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    pub(super) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    directory: PathBuf,
}

impl Child {
    /// Starts it with a script, if there is one, and waits until it listens.
    ///
    /// It may open few files until it raises that limit itself.
    pub(super) fn start(binary: &Path, script: Option<&str>, options: &[&str]) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let name = format!(
            "sse-server-stress-{}-{}",
            std::process::id(),
            address.port()
        );
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory)?;
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -Sn 1024 && exec \"$0\" \"$@\""]);
        command.arg(binary).args(["--listen", &address.to_string()]);
        command.args(options);
        if let Some(text) = script {
            fs::write(directory.join(SCRIPT), text)?;
            command.arg("--script").arg(directory.join(SCRIPT));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let lines = BufReader::new(process.stderr.take().context("standard error")?).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                lock(&written).push(line);
            }
        });
        let mut child = Self {
            process,
            address,
            log,
            directory,
        };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = child.process.try_wait()? {
                bail!(
                    "the server ended: {status}\n{}",
                    lock(&child.log).join("\n")
                );
            }
            ensure!(began.elapsed() < PATIENCE, "the server does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        Ok(child)
    }

    /// Writes another script to where the server reads it from.
    pub(super) fn rewrite(&self, script: &str) -> Result<()> {
        Ok(fs::write(self.directory.join(SCRIPT), script)?)
    }

    pub(super) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.process.id().cast_signed()).context("a process has an id")?;
        Ok(kill_process(pid, signal)?)
    }

    /// How many lines were logged.
    pub(super) fn logged(&self) -> usize {
        lock(&self.log).len()
    }

    /// Waits until a line is logged that has one of these parts, after so many others, and returns it.
    pub(super) async fn logs(&self, after: usize, parts: &[&str]) -> Result<String> {
        let began = Instant::now();
        loop {
            {
                let log = lock(&self.log);
                let mut new = log.iter().skip(after);
                if let Some(line) = new.find(|line| parts.iter().any(|part| line.contains(part))) {
                    return Ok(line.clone());
                }
            }
            ensure!(began.elapsed() < PATIENCE, "the log does not say {parts:?}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until it has ended by itself.
    pub(super) async fn ends(&mut self) -> Result<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            ensure!(began.elapsed() < PATIENCE, "the server does not end");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        _ = fs::remove_dir_all(&self.directory);
    }
}

fn lock(log: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCRIPT: &str = "script.lua";
