//! A server that runs, and what the system knows of it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    cores::Cores,
    load::{Publishing, Target},
    nchan::{self, Nchan},
    options::Store,
    programs::{Build, Programs},
    scenarios::Setup,
    servers::{Kind, Server},
    warnings::Warnings,
};

/// A process on the server's core; it ends with this value.
#[derive(Debug)]
pub struct Running {
    child: Child,
    address: SocketAddr,
    publishing: Publishing,
    _stdout: Option<BufReader<ChildStdout>>,
    warnings: Warnings,
    nchan: Option<Nchan>,
    _history: Option<History>,
}

/// A directory for a server's history, gone with it.
#[derive(Debug)]
struct History(PathBuf);

impl History {
    /// Makes one if servers are to have one.
    fn of(programs: &Programs) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fanout-history-{}-{number}", std::process::id());
        (programs.store == Store::File).then(|| Self(std::env::temp_dir().join(name)))
    }

    fn option(&self) -> [String; 2] {
        ["--store".to_owned(), format!("file:{}", self.0.display())]
    }
}

impl Drop for History {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Bytes that a hub takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Entries, and the index.
    pub held: u64,
    /// What only readers hold.
    pub pinned: u64,
}

/// Why a server is not there, if it is not.
pub fn missing(server: &Server, programs: &Programs, build: Build) -> Option<String> {
    match server.kind {
        Kind::Nchan if build == Build::Counting => Some("cannot count".to_owned()),
        Kind::Nchan => nchan::missing().map(str::to_owned),
        Kind::Ours(binary, _) | Kind::Peer(binary, _) => {
            let is_missing = programs.path(binary, build).is_none();
            is_missing.then(|| format!("there is no binary {binary}"))
        }
        Kind::Standalone(_) => {
            let is_missing = programs.path(BINARY, build).is_none();
            is_missing.then(|| format!("there is no binary {BINARY}"))
        }
    }
}

impl Running {
    /// Starts a server that holds so many events, and waits until it listens.
    pub fn start(
        server: &Server,
        programs: &Programs,
        build: Build,
        cores: &Cores,
        retain: usize,
    ) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_at(anywhere, server, programs, build, cores, retain)
    }

    fn start_at(
        address: SocketAddr,
        server: &Server,
        programs: &Programs,
        build: Build,
        cores: &Cores,
        retain: usize,
    ) -> Result<Self> {
        match server.kind {
            Kind::Nchan => Self::start_nchan(Nchan::prepare(retain)?, cores),
            Kind::Standalone(script) => {
                let path = programs.path(BINARY, build);
                let path = path.with_context(|| format!("there is no binary {BINARY}"))?;
                let mut command = Command::new(path);
                let address = listening_at(address)?;
                command.args(["--listen", &address.to_string(), "--log-level", "error"]);
                command.args(["--sub-path", "/events", "--pub-path", "/publish"]);
                command.args(["--ids", "hub", "--capacity", "1"]);
                command.args(["--max-handshakes", "100000"]);
                let retain = retain.to_string();
                command.args(["--retain-count", &retain, "--lag-count", &retain]);
                let history = History::of(programs);
                command.args(history.iter().flat_map(History::option));
                if let Some(script) = script {
                    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
                    command.arg("--script").arg(directory.join(script));
                }
                let (child, warnings) = spawn(command, cores)?;
                let running = Self {
                    child,
                    address,
                    publishing: server.publishing(),
                    _stdout: None,
                    warnings,
                    nchan: None,
                    _history: history,
                };
                running.until_it_listens()
            }
            Kind::Ours(binary, option) | Kind::Peer(binary, option) => {
                let path = programs
                    .path(binary, build)
                    .with_context(|| format!("there is no binary {binary}"))?;
                let mut command = Command::new(path);
                command.args(["--listen", &address.to_string(), "--retain"]);
                command.arg(retain.to_string()).args(option);
                let history =
                    History::of(programs).filter(|_| matches!(server.kind, Kind::Ours(..)));
                command.args(history.iter().flat_map(History::option));
                let (mut child, warnings) = spawn(command, cores)?;
                let stdout = child.stdout.take().context("no standard output")?;
                let mut stdout = BufReader::new(stdout);
                let mut line = String::new();
                stdout.read_line(&mut line)?;
                let address = line
                    .trim()
                    .strip_prefix("http://")
                    .and_then(|address| address.trim_end_matches('/').parse().ok());
                let Some(address) = address else {
                    _ = child.kill();
                    _ = child.wait();
                    bail!("{} said {line:?} instead of its address", server.name);
                };
                Ok(Self {
                    child,
                    address,
                    publishing: server.publishing(),
                    _stdout: Some(stdout),
                    warnings,
                    nchan: None,
                    _history: history,
                })
            }
        }
    }

    fn start_nchan(nchan: Nchan, cores: &Cores) -> Result<Self> {
        let (child, warnings) = spawn(nchan.command(), cores)?;
        let running = Self {
            child,
            address: ([127, 0, 0, 1], nchan.port).into(),
            publishing: Publishing::Text,
            _stdout: None,
            warnings,
            nchan: Some(nchan),
            _history: None,
        };
        running.until_it_listens()
    }

    /// For those that say nothing once they listen: the port tells.
    fn until_it_listens(self) -> Result<Self> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                bail!("nothing listens on {}", self.address);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(self)
    }

    /// Where it is, and how it is published to.
    pub fn target(&self) -> Target {
        Target {
            address: self.address,
            publishing: self.publishing,
        }
    }

    /// The process that does the work: nginx's worker, and else the only one.
    pub fn worker(&self) -> u32 {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        children
            .ok()
            .and_then(|children| children.split_whitespace().next()?.parse().ok())
            .unwrap_or(own)
    }

    /// CPU time of all threads.
    pub fn cpu(&self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.worker()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = text.split_whitespace().next().context("schedstat")?;
            nanos += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.worker()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("VmRSS")?.parse::<u64>()? * 1024)
    }

    /// What a server says that was built to count.
    pub fn allocations(&self) -> Result<u64> {
        let text = self.ask("/allocations")?;
        text.parse().context(text)
    }

    /// What a hub's server says that it holds.
    pub fn memory(&self) -> Result<Memory> {
        let answer: Value = serde_json::from_str(&self.ask("/memory")?)?;
        let bytes = |part: &str| answer[part].as_u64().with_context(|| answer.to_string());
        Ok(Memory {
            held: bytes("retained")? + bytes("index")?,
            pinned: bytes("pinned")?,
        })
    }

    /// How many subscriptions its log has named as lagging.
    pub fn named_lagging(&self) -> usize {
        self.warnings.named()
    }

    /// Kills it without a warning, and starts it again at the same address.
    pub fn restart(&mut self, setup: &Setup<'_>, retain: usize) -> Result<Instant> {
        self.child.kill()?;
        let killed = Instant::now();
        self.child.wait()?;
        let at = self.address;
        *self = Self::start_at(
            at,
            setup.server,
            setup.programs,
            Build::Timed,
            setup.cores,
            retain,
        )?;
        Ok(killed)
    }

    fn ask(&self, path: &str) -> Result<String> {
        let mut socket = TcpStream::connect(self.address)?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: fanout\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            let read = socket.read(&mut buffer)?;
            answer.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&answer);
            if let Some((_, body)) = text.split_once("\r\n\r\n")
                && !body.is_empty()
            {
                return Ok(body.trim().to_owned());
            }
            if read == 0 {
                bail!("GET {path} was answered with {text}");
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx ends its worker only if it is asked.
        if self.nchan.is_some()
            && let Some(pid) = Pid::from_raw(self.child.id().cast_signed())
        {
            _ = kill_process(pid, Signal::TERM);
        } else {
            _ = self.child.kill();
        }
        _ = self.child.wait();
    }
}

/// The binary that stands alone.
const BINARY: &str = "sse-server";

/// An address with a port that was free a moment ago, for those who do not say which one they took.
fn listening_at(address: SocketAddr) -> Result<SocketAddr> {
    Ok(TcpListener::bind(address)?.local_addr()?)
}

fn spawn(mut command: Command, cores: &Cores) -> Result<(Child, Warnings)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    let spawned = cores.on_servers(|| command.spawn())?;
    let mut child = spawned.with_context(|| format!("{}", command.get_program().display()))?;
    let log = child.stderr.take().context("no standard error")?;
    Ok((child, Warnings::of(log)))
}

/// SYNs that the system dropped because a listener's queue was full, since it started.
pub fn dropped_syns() -> Result<u64> {
    let text = fs::read_to_string("/proc/net/netstat")?;
    let mut lines = text.lines().filter(|line| line.starts_with("TcpExt:"));
    let (names, values) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let value = names
        .split(' ')
        .zip(values.split(' '))
        .find(|(name, _)| *name == "ListenDrops");
    Ok(value.context("ListenDrops")?.1.parse()?)
}
