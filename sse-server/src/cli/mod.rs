//! The command line: options, the variables that stand in for them, and the subcommands.

mod byte_size;
mod client_options;
mod cors_options;
mod inspect_options;
mod limit_options;
mod listen_options;
mod log_level;
mod script_options;
mod static_options;
mod store;
mod stream_options;
mod variables;

use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use byte_size::{ByteSize, InvalidByteSize};
pub use client_options::{LintOptions, PublishOptions, SubscribeOptions, TestOptions};
pub use cors_options::CorsOptions;
pub use inspect_options::InspectOptions;
pub use limit_options::LimitOptions;
pub use listen_options::{ForwardedHeader, ListenOptions};
pub use log_level::{InvalidLogLevel, LogLevel};
pub use script_options::ScriptOptions;
pub use static_options::StaticOptions;
pub use store::{InvalidStore, Store};
pub use stream_options::{StreamOptions, WireIds};

/// What the process was started with.
#[non_exhaustive]
#[derive(Debug, Parser)]
#[command(
    name = "sse-server",
    version,
    about = "HTTP in, event streams out: topics, replay, Lua hooks",
    long_about = None,
    term_width = 80,
    next_line_help = true,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command it serves. A flag wins over its variable. Where a variable\n\
                  SSE_SERVER_X is not set, TINYSSE_X is read for the options that tinysse has.",
)]
pub struct Cli {
    /// What to do; to serve, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// How to serve.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What the binary can do beside serving.
#[non_exhaustive]
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Publish a message
    Pub(PublishOptions),
    /// Follow an event stream, with resume
    Sub(SubscribeOptions),
    /// Check an event stream: a file, a URL or stdin
    Lint(LintOptions),
    /// Run the tests of a script
    Test(TestOptions),
    /// List what is in a directory of messages, and what is damaged
    Inspect(InspectOptions),
}

/// The options of the server.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenOptions,
    /// What streams are like.
    #[command(flatten)]
    pub stream: StreamOptions,
    /// The script.
    #[command(flatten)]
    pub script: ScriptOptions,
    /// Static files.
    #[command(flatten)]
    pub files: StaticOptions,
    /// Pages of other origins.
    #[command(flatten)]
    pub cors: CorsOptions,
    /// Limits.
    #[command(flatten)]
    pub limits: LimitOptions,
}

impl Cli {
    /// Returns the command line, with `TINYSSE_*` where `SSE_SERVER_*` is not set.
    pub fn definition() -> Command {
        variables::with_the_older_names(Self::command())
    }

    /// Reads the arguments and variables of this process; help, version and mistakes end it.
    pub fn of_process() -> Self {
        let matches = Self::definition().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Reads arguments, the first of which is the program's name.
    ///
    /// # Errors
    /// An argument that is unknown, or a value that it cannot have.
    pub fn read<T>(arguments: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<std::ffi::OsString> + Clone,
    {
        let matches = Self::definition().try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::definition().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        let cli = Cli::read(["sse-server", "-l", "127.0.0.1:0", "-k", "5s"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.stream.keep_alive.as_secs(), 5);
        assert!(Cli::read(["sse-server", "-l", "localhost:80"]).is_err());
    }
}
