//! Processes of their own: the server, and one client for each sample, so that its CPU time is nobody else's.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime;

use crate::{
    contenders::{ALL, Contender},
    input::{Input, Shape},
    sink::Sink,
};

pub(crate) const SERVE: &str = "serve";
pub(crate) const READ: &str = "read";

/// The server's process; it ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

/// A stream that is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) shape: Shape,
    pub(crate) input: Input,
    pub(crate) times: u64,
    most: u64,
}

impl Asked {
    /// As many whole pieces as make up `bytes`.
    pub(crate) fn new(shape: Shape, bytes: u64) -> Self {
        let input = shape.input(bytes);
        let times = bytes.div_ceil(input.piece.len() as u64);
        Self {
            shape,
            input,
            times,
            most: bytes,
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.input.piece.len() as u64 * self.times
    }
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg(SERVE)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("its output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let port = line.trim().parse().context("the server's port")?;
        Ok(Self { child, port })
    }

    /// Lets a contender read a stream in a process of its own: what it has seen, and its CPU time.
    pub(crate) fn sample(
        &self,
        contender: Contender,
        asked: &Asked,
        sink: Sink,
    ) -> Result<(String, Duration)> {
        let Asked {
            shape, times, most, ..
        } = asked;
        let url = format!(
            "http://127.0.0.1:{}/{}/{most}/{times}",
            self.port,
            shape.slug()
        );
        let mode = if sink == Sink::default() {
            "time"
        } else {
            "hash"
        };
        let output = Command::new(env::current_exe()?)
            .args([READ, contender.name(), &url, mode])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "{} failed", contender.name());
        let text = String::from_utf8(output.stdout)?;
        let (nanos, seen) = text.trim().split_once(' ').context("two figures")?;
        Ok((seen.to_owned(), Duration::from_nanos(nanos.parse()?)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process of a client does: `NAME URL MODE`.
pub(crate) fn read(args: &[String]) -> Result<bool> {
    let [name, url, mode] = args else {
        anyhow::bail!("a name, an address and a mode");
    };
    let contender = ALL.into_iter().find(|contender| contender.name() == name);
    let contender = contender.context("nobody has that name")?;
    let sink = match mode.as_str() {
        "hash" => Sink::hashing(),
        _ => Sink::default(),
    };
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let start = cpu_time();
    let (seen, spent) = runtime.block_on(contender.read(url, sink))?;
    let spent = spent.unwrap_or_else(|| cpu_time().saturating_sub(start));
    println!("{} {seen}", spent.as_nanos());
    Ok(true)
}

/// CPU time of this process, user's and system's, all threads.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
