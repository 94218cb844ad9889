//! The command line.

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::ci;
use crate::report::Options;

/// The workspace's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Runs all steps in order, or the named ones.
    Ci {
        /// Steps to run: fmt, tidy, clippy, ...
        steps: Vec<String>,
        #[command(flatten)]
        flags: Flags,
    },
    /// Checks the house rules that a machine can check.
    Tidy,
    /// Runs every example.
    Examples(Flags),
    /// Drives headless Chromium against every adapter and example page.
    Browser(Flags),
}

#[derive(Args, Clone, Copy, Debug)]
struct Flags {
    /// A skipped step is a failure.
    #[arg(long)]
    strict: bool,
    /// Fetches missing tools through apt-get and cargo.
    #[arg(long)]
    install: bool,
}

impl Cli {
    /// Runs the task and tells whether it did well.
    pub(crate) fn run(self) -> Result<bool> {
        match self.task {
            Task::Ci { steps, flags } => ci::run(&steps, flags.into()),
            Task::Tidy => step("tidy", Options::default()),
            Task::Examples(flags) => step("examples", flags.into()),
            Task::Browser(flags) => step("browser", flags.into()),
        }
    }
}

impl From<Flags> for Options {
    fn from(flags: Flags) -> Self {
        Self {
            strict: flags.strict,
            install: flags.install,
        }
    }
}

fn step(name: &str, options: Options) -> Result<bool> {
    ci::run(&[name.to_owned()], options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
