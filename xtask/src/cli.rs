//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use semver::Version;

use crate::release::Mode;
use crate::report::Options;
use crate::{bench, ci, contract, dist, fuzz, release, stress, vectors, workspace};

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
    /// Runs files of test vectors, whatever their format.
    Vectors {
        /// Files with one vector a line.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Shows that every check fails for the fault that it is meant for.
    Teeth(Flags),
    /// Runs a hub, or a client, through what seeds decide, or loads the server, and judges what readers saw.
    Stress(stress::Seeds),
    /// Runs the rows of an interface's contract on a server.
    Contract(contract::Options),
    /// Runs a fuzz target, or all, for some seconds each.
    Fuzz {
        /// A target of `fuzz/`, or `all`.
        #[arg(default_value = "all")]
        name: String,
        /// Seconds for each target.
        #[arg(default_value_t = 60)]
        seconds: u64,
        /// Hunts the faults planted in codecs instead.
        #[arg(long, conflicts_with_all = ["name", "seconds"])]
        planted: bool,
        #[command(flatten)]
        flags: Flags,
    },
    /// Runs a benchmark of `bench/`: `bench codec --svg FILE --rounds N`, `bench fanout --only flat`, `bench client`.
    Bench {
        /// Fetches missing tools through apt-get.
        #[arg(long)]
        install: bool,
        /// The benchmark and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Sets the version everywhere and closes the changelogs.
    Release {
        /// The version to release.
        version: Version,
        /// Names the files that would change, and changes none.
        #[arg(long)]
        dry_run: bool,
    },
    /// Makes an archive of the server for this machine.
    Dist {
        /// The profile that it is built with.
        #[arg(long, default_value = "dist")]
        profile: String,
    },
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
            Task::Vectors { files } => vectors::run(&files),
            Task::Stress(seeds) => stress::run(seeds),
            Task::Contract(options) => contract::run(options),
            Task::Teeth(flags) => step("teeth", flags.into()),
            Task::Fuzz {
                planted: true,
                flags,
                ..
            } => Ok(ci::finish(
                "fuzz",
                "planted faults are found",
                flags.into(),
                fuzz::planted,
            )),
            Task::Fuzz {
                name,
                seconds,
                flags,
                ..
            } => {
                let run = |options| fuzz::run(&name, seconds, options);
                Ok(ci::finish(
                    "fuzz",
                    "no target finds anything",
                    flags.into(),
                    run,
                ))
            }
            Task::Bench { arguments, install } => bench::run(
                &arguments,
                Options {
                    strict: false,
                    install,
                },
            ),
            Task::Release { version, dry_run } => {
                let mode = if dry_run { Mode::DryRun } else { Mode::Write };
                release::run(workspace::root(), &version, mode).map(|()| true)
            }
            Task::Dist { profile } => dist::run(&profile),
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

    #[track_caller]
    fn check(line: &str, is_good: bool) {
        let arguments = ["cargo xtask"].into_iter().chain(line.split_whitespace());
        assert_eq!(Cli::try_parse_from(arguments).is_ok(), is_good, "{line}");
    }

    #[test]
    fn the_documented_commands_are_understood() {
        check("ci", true);
        check("ci --strict --install", true);
        check("ci fmt clippy --strict", true);
        check("vectors testdata/a.jsonl testdata/b.jsonl", true);
        check("stress hub --seeds 1000", true);
        check("stress hub --provider delayed --seed 17", true);
        check("stress client --seeds 500 --seed 17", true);
        check("stress server", true);
        check("stress server --size small", true);
        check("contract tinysse", true);
        check("contract tinysse --binary tinysse --only publish-", true);
        check("contract tinysse --against http://127.0.0.1:1983", true);
        check("contract tinysse --self-test", true);
        check("fuzz decoder 600", true);
        check("fuzz --planted --install", true);
        check("bench codec --svg codec.svg --rounds 15", true);
        check(
            "bench fanout --only flat --servers axum --store memory",
            true,
        );
        check("dist", true);
        check("dist --profile dev", true);
        check("bench client --megabytes 100 --rounds 3", true);
        check("release 0.4.0 --dry-run", true);
    }

    #[test]
    fn a_command_that_lacks_its_object_is_refused() {
        check("vectors", false);
        check("bench", false);
        check("stress", false);
        check("contract", false);
        check("release 0.4", false);
        check("fuzz decoder 10 --planted", false);
    }
}
