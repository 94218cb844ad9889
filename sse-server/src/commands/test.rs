use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cli::TestOptions;

/// Runs the tests of a script.
pub(super) fn test(options: TestOptions) -> Result<ExitCode> {
    bail!("{} cannot be tested yet", options.file.display())
}
