//! A command that a step runs to its end, with a time limit and a log.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::group::Group;
use crate::workspace;

/// A command with a time limit, run in the workspace's root unless told otherwise.
#[derive(Debug)]
pub(crate) struct Job {
    command: Command,
    limit: Duration,
    name: String,
}

/// A job that is over: whether it did well, and all that it printed.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Whether the exit code was 0, within the time limit.
    pub(crate) success: bool,
    /// Why it is no success, in words.
    pub(crate) why: String,
    /// Standard output and error as they came; empty for a job that was shown.
    pub(crate) text: String,
}

impl Job {
    /// A job for a program found on the path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.current_dir(workspace::root()).stdin(Stdio::null());
        // What `cargo run` set for this process is no business of its children.
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            let ours = name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
            if ours || name == "LD_LIBRARY_PATH" {
                command.env_remove(&key);
            }
        }
        let name = Path::new(program).file_name().unwrap_or(program);
        Self {
            command,
            limit: LIMIT,
            name: name.to_string_lossy().into_owned(),
        }
    }

    /// A job for cargo, with its arguments split at blanks.
    pub(crate) fn cargo(arguments: &str) -> Self {
        Self::new("cargo").args(arguments.split_whitespace())
    }

    /// Adds arguments.
    pub(crate) fn args<I, S>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        for argument in arguments {
            let argument = argument.as_ref();
            self.name = format!("{} {}", self.name, argument.to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Runs in another directory than the workspace's root.
    pub(crate) fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets the time limit, 25 minutes by default.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the job, keeping what it prints in `target/xtask/log` and in the result.
    ///
    /// # Errors
    ///
    /// The program cannot be started or its log cannot be written.
    pub(crate) fn run(mut self) -> Result<Finished> {
        let path = workspace::scratch("log")?.join(format!("{}.log", file_name(&self.name)));
        let log = File::create(&path).with_context(|| path.display().to_string())?;
        self.command
            .env("CARGO_TERM_COLOR", "never")
            .stdout(log.try_clone()?)
            .stderr(log);
        let mut finished = self.finish()?;
        finished.text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        Ok(finished)
    }

    /// Runs the job with its output shown as it comes.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(crate) fn show(mut self) -> Result<Finished> {
        self.command
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit());
        self.finish()
    }

    fn finish(&mut self) -> Result<Finished> {
        let mut group = Group::spawn(&mut self.command).with_context(|| self.name.clone())?;
        let (success, why) = match group.wait(self.limit)? {
            Some(status) if status.success() => (true, String::new()),
            Some(status) => (false, format!("`{}`: {status}", self.name)),
            None => (
                false,
                format!("`{}`: still running after {:?}", self.name, self.limit),
            ),
        };
        Ok(Finished {
            success,
            why,
            text: String::new(),
        })
    }
}

impl Finished {
    /// Why the job failed with the tests that failed and the end of what it printed, for a report.
    pub(crate) fn complaint(&self) -> String {
        let lines: Vec<_> = self.text.lines().collect();
        let (rest, tail) = lines.split_at(lines.len().saturating_sub(TAIL));
        let failed = rest.iter().filter(|line| {
            line.starts_with("error") || line.starts_with("test ") && line.ends_with(" FAILED")
        });
        let told = [self.why.as_str()].into_iter();
        let told: Vec<_> = told
            .chain(failed.copied())
            .chain(tail.iter().copied())
            .collect();
        told.join("\n")
    }
}

fn file_name(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).take(120).collect()
}

/// Long enough for a cold build of everything on two slow cores.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// Lines of a failed job that a report repeats; the log has all of them.
const TAIL: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Job {
        Job::new("sh").args(["-c", script])
    }

    #[test]
    fn output_and_errors_are_kept_in_the_order_they_came() {
        let finished = shell("echo one; echo two >&2; echo three").run().unwrap();
        assert!(finished.success);
        assert_eq!(finished.text, "one\ntwo\nthree\n");
    }

    #[test]
    fn a_job_that_fails_says_how_and_repeats_its_last_lines() {
        let complaint = shell("echo last words; exit 7").run().unwrap().complaint();
        assert!(complaint.contains("exit status: 7") && complaint.ends_with("last words"));
    }

    #[test]
    fn tests_that_failed_long_before_the_end_are_named() {
        let script = "echo 'test a::b ... FAILED'; echo 'test c ... ok'; seq 100; exit 1";
        let complaint = shell(script).run().unwrap().complaint();
        assert!(
            complaint.contains("test a::b ... FAILED\n21\n22\n"),
            "{complaint}"
        );
        assert!(!complaint.contains("\ntest c"), "{complaint}");
    }

    #[test]
    fn a_job_that_hangs_is_ended_at_its_limit() {
        let finished = shell("sleep 600; :")
            .limit(Duration::from_millis(20))
            .run()
            .unwrap();
        assert!(!finished.success);
        assert!(finished.why.contains("still running"));
    }
}
