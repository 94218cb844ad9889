//! Lines on standard error.

use std::io::{self, IsTerminal as _};

use tracing::Level;

/// Logs from this level on, for all that the process consists of.
pub(super) fn begin(level: Level) {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        // Whoever read standard error may have gone; the server goes on.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .finish();
    // A process has one; whoever set one before wants that.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
