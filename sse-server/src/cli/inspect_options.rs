use std::path::PathBuf;

use clap::Args;

/// What `inspect` looks at.
#[non_exhaustive]
#[derive(Args, Clone, Debug)]
pub struct InspectOptions {
    /// The directory of `--store file:PATH`, or a copy of it
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
