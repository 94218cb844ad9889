use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::BoolishValueParser};

use super::byte_size::ByteSize;

/// The script and what it may do.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Script")]
pub struct ScriptOptions {
    /// Lua file with hooks [default: none]
    #[arg(short, long, env = "SSE_SERVER_SCRIPT", hide_env_values = true)]
    #[arg(value_name = "PATH")]
    pub script: Option<PathBuf>,

    /// Text for the script, which gets it in its options [default: none]
    #[arg(long, env = "SSE_SERVER_SCRIPT_DATA", hide_env_values = true)]
    #[arg(value_name = "TEXT")]
    pub script_data: Option<String>,

    /// Pause between two calls of the hook tick
    #[arg(long, env = "SSE_SERVER_SCRIPT_TICK", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "500ms")]
    #[arg(value_parser = humantime::parse_duration)]
    pub script_tick: Duration,

    /// How long a hook may run, waiting not counted; 0s for no limit
    #[arg(long, env = "SSE_SERVER_SCRIPT_TIMEOUT", hide_env_values = true)]
    #[arg(value_name = "DUR", default_value = "1s")]
    #[arg(value_parser = humantime::parse_duration)]
    pub script_timeout: Duration,

    /// Most memory of the script; 0 for no limit
    #[arg(long, env = "SSE_SERVER_SCRIPT_MEMORY", hide_env_values = true)]
    #[arg(value_name = "BYTES", default_value = "256MiB")]
    pub script_memory: ByteSize,

    /// Let the script run programs and remove files [default: false]
    #[arg(long, env = "SSE_SERVER_ALLOW_OS", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub allow_os: bool,

    /// Let the script do everything, C modules too [default: false]
    #[arg(long, env = "SSE_SERVER_UNSAFE_SCRIPT", hide_env_values = true)]
    #[arg(value_parser = BoolishValueParser::new())]
    pub unsafe_script: bool,
}
