//! Signals of the operating system.

use anyhow::{Context as _, Result};

use crate::serve::{Reloader, Stop};

/// The first signal ends the streams over a time, the second one ends what is left.
#[cfg(unix)]
pub(super) fn stop_on_signals(stop: &Stop) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let listen = |kind| signal(kind).context("signals cannot be listened to");
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.stop();
        }
    });
    Ok(())
}

/// The first Ctrl-C ends the streams over a time, the second one ends what is left.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn stop_on_signals(stop: &Stop) -> Result<()> {
    let stop = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            stop.stop();
        }
    });
    Ok(())
}

/// Loads the script again on SIGHUP, if there is one.
#[cfg(unix)]
pub(super) fn reload_on_hangup(reloader: Option<Reloader>) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangup = signal(SignalKind::hangup()).context("signals cannot be listened to")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let Some(reloader) = &reloader else {
                tracing::info!("there is no script to be loaded again");
                continue;
            };
            match reloader.reload().await {
                Ok(generation) => tracing::info!(generation, "the script was loaded again"),
                Err(error) => tracing::error!(%error, "the script was not loaded again"),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn reload_on_hangup(_reloader: Option<Reloader>) -> Result<()> {
    Ok(())
}
