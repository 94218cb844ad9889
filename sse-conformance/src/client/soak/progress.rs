use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// How far everything has come; whoever waits for something waits for it here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Requests that the client has sent, or tried to.
    pub(super) attempts: u64,
    /// Those that were refused.
    pub(super) refused: u64,
    /// The number of the last event that was read.
    pub(super) last_number: u64,
    /// Items of any kind.
    pub(super) items: u64,
    /// How often the reader began anew.
    pub(super) restarts: u64,
    /// The client's stream has ended.
    pub(super) ended: bool,
}

/// A thing that should take milliseconds is given up after this.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until something holds, or the client has ended; `false` if it never does.
pub(super) async fn until(
    progress: &watch::Sender<Progress>,
    holds: impl Fn(&Progress) -> bool,
) -> bool {
    let mut progress = progress.subscribe();
    let held = progress.wait_for(|progress| progress.ended || holds(progress));
    timeout(PATIENCE, held).await.is_ok()
}
