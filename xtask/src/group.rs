//! A child process with everything that it starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdout, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A child in its own process group, killed as a whole when the value is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    pid: Pid,
    ended: Receiver<io::Result<ExitStatus>>,
    status: Option<ExitStatus>,
    /// The child's standard output, if the command pipes it.
    pub(crate) stdout: Option<ChildStdout>,
}

impl Group {
    /// Starts the command.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Self> {
        // Registered under the lock, so that an interrupt cannot fall between start and entry.
        let mut live = live();
        let mut child = command.process_group(0).spawn()?;
        let pid = Pid::from_raw(child.id().cast_signed());
        live.push(pid);
        drop(live);
        let stdout = child.stdout.take();
        let (tell, ended) = channel();
        thread::spawn(move || tell.send(child.wait()));
        Ok(Self {
            pid,
            ended,
            status: None,
            stdout,
        })
    }

    /// Waits until the child ends, but no longer than `limit`: `None` if it still runs.
    ///
    /// # Errors
    ///
    /// The system cannot wait for the child.
    pub(crate) fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = match self.ended.recv_timeout(limit) {
                Ok(status) => Some(status?),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::other("the waiting thread is gone"));
                }
            };
        }
        Ok(self.status)
    }

    /// Sends a signal to the child and all that it started.
    pub(crate) fn signal(&self, signal: Signal) {
        // The only failure is that nobody is left to receive it.
        let _ = killpg(self.pid, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        live().retain(|pid| *pid != self.pid);
    }
}

/// Kills every running group and exits when this process is interrupted or told to end.
///
/// # Errors
///
/// The handler cannot be set.
pub(crate) fn die_together() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        for pid in live().iter() {
            let _ = killpg(*pid, Signal::SIGKILL);
        }
        std::process::exit(130);
    })
}

fn live() -> MutexGuard<'static, Vec<Pid>> {
    static LIVE: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::Stdio;

    #[test]
    fn a_child_that_hangs_is_reported_as_running_and_dies_with_its_children() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & sleep 600"])
            .stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).unwrap();
        assert_eq!(group.wait(Duration::from_millis(10)).unwrap(), None);
        let mut output = group.stdout.take().unwrap();
        drop(group);
        // The pipe ends only when the last process that holds it is dead.
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn the_status_of_a_child_can_be_asked_for_twice() {
        let mut group = Group::spawn(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        for _ in 0..2 {
            let status = group.wait(Duration::from_secs(30)).unwrap().unwrap();
            assert_eq!(status.code(), Some(3));
        }
    }
}
