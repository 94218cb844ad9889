//! Counting the system calls of a process with `perf`, or else with `strace`.

use std::{
    env,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::{Pid, Signal, kill_process},
};

/// A tool that is counting.
#[derive(Debug)]
pub struct Counting {
    tool: Child,
    directory: PathBuf,
    perf: Option<Control>,
}

/// The pipes through which perf is told what to do.
#[derive(Debug)]
struct Control {
    commands: File,
    answers: File,
}

impl Counting {
    /// Begins to count; once this returns, every call counts.
    ///
    /// # Errors
    ///
    /// Neither tool works here.
    pub fn start(pid: u32) -> Result<Self> {
        let directory = env::temp_dir().join(format!("fanout-calls-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        if perf_works() {
            Self::perf(pid, directory)
        } else {
            Self::strace(pid, directory)
        }
    }

    fn perf(pid: u32, directory: PathBuf) -> Result<Self> {
        let pipe = |name: &str| {
            let path = directory.join(name);
            _ = fs::remove_file(&path);
            mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0)?;
            // Open both ways, so that neither side waits for the other.
            let file = File::options().read(true).write(true).open(&path)?;
            anyhow::Ok((file, path))
        };
        let (commands, commands_path) = pipe("commands")?;
        let (answers, answers_path) = pipe("answers")?;
        let paths = format!("{},{}", commands_path.display(), answers_path.display());
        let tool = Command::new("perf")
            .args(["stat", "-x,", "-e", EVENT, "-D", "-1", "-p"])
            .arg(pid.to_string())
            .arg("-o")
            .arg(directory.join("out"))
            .args(["--control", &format!("fifo:{paths}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut counting = Self {
            tool,
            directory,
            perf: Some(Control { commands, answers }),
        };
        counting.tell("enable\n")?;
        Ok(counting)
    }

    fn tell(&mut self, command: &str) -> Result<()> {
        let control = self.perf.as_mut().context("perf")?;
        control.commands.write_all(command.as_bytes())?;
        // "ack", a line end and a zero.
        control.answers.read_exact(&mut [0; 5])?;
        Ok(())
    }

    fn strace(pid: u32, directory: PathBuf) -> Result<Self> {
        let mut tool = Command::new("strace")
            .args(["-c", "-f", "-p"])
            .arg(pid.to_string())
            .arg("-o")
            .arg(directory.join("out"))
            .stderr(Stdio::piped())
            .spawn()
            .context("neither perf nor strace counts system calls here")?;
        let mut line = String::new();
        let stderr = tool.stderr.take().context("standard error")?;
        BufReader::new(stderr).read_line(&mut line)?;
        if !line.contains("attached") {
            bail!("strace: {line}");
        }
        Ok(Self {
            tool,
            directory,
            perf: None,
        })
    }

    /// Ends and returns the number of calls.
    pub fn stop(mut self) -> Result<f64> {
        let is_perf = self.perf.is_some();
        if is_perf {
            self.tell("disable\n")?;
        }
        let pid = Pid::from_raw(self.tool.id().cast_signed()).context("pid")?;
        kill_process(pid, Signal::INT)?;
        self.tool.wait()?;
        let text = fs::read_to_string(self.directory.join("out"))?;
        let count = if is_perf {
            let line = text.lines().find(|line| line.contains(EVENT));
            line.and_then(|line| line.split(',').next()?.parse().ok())
        } else {
            let line = text.lines().rfind(|line| line.ends_with(" total"));
            line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        };
        count.with_context(|| format!("no count in what the tool says: {text}"))
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        _ = self.tool.kill();
        _ = self.tool.wait();
        _ = fs::remove_dir_all(&self.directory);
    }
}

fn perf_works() -> bool {
    let trial = Command::new("perf")
        .args(["stat", "-e", EVENT, "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    trial.is_ok_and(|status| status.success())
}

const EVENT: &str = "raw_syscalls:sys_enter";
