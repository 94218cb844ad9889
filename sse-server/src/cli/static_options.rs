use std::path::PathBuf;

use clap::Args;

/// A directory that is served beside the streams.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Static files")]
pub struct StaticOptions {
    /// Directory of files to serve [default: none]
    #[arg(
        short = 'D',
        long,
        env = "SSE_SERVER_SERVE_STATIC_DIR",
        hide_env_values = true
    )]
    #[arg(value_name = "DIR")]
    pub serve_static_dir: Option<PathBuf>,

    /// Path under which they are served
    #[arg(
        short = 'U',
        long,
        env = "SSE_SERVER_SERVE_STATIC_PATH",
        hide_env_values = true
    )]
    #[arg(value_name = "PATH", default_value = "/")]
    pub serve_static_path: String,
}
