use tokio_util::sync::CancellationToken;

/// Ends a server from elsewhere; a clone ends the same one.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    drain: CancellationToken,
    now: CancellationToken,
}

impl Stop {
    /// Returns one that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all streams over the time that is set, and then the server; a second call ends what is left at once.
    pub fn stop(&self) {
        if self.drain.is_cancelled() {
            self.now.cancel();
        }
        self.drain.cancel();
    }

    pub(crate) async fn asked(&self) {
        self.drain.cancelled().await;
    }

    pub(super) async fn asked_again(&self) {
        self.now.cancelled().await;
    }
}
