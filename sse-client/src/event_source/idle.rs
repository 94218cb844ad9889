use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Tells when a server was silent for too long while it was listened to.
///
/// A reader that takes its time is no silence: it begins when bytes are asked for and none are there.
#[derive(Debug, Default)]
pub(super) struct Idle {
    timeout: Option<Duration>,
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    pub(super) fn set(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// Takes note of bytes.
    #[inline]
    pub(super) fn heard(&mut self) {
        self.deadline = None;
    }

    /// Tells whether the silence is over the timeout; the timer is not touched by bytes, and follows when it fires.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(timeout) = self.timeout else {
            return false;
        };
        let now = Instant::now();
        let deadline = match self.deadline {
            Some(deadline) => deadline,
            None => {
                // So long a timeout is none.
                let Some(deadline) = now.checked_add(timeout) else {
                    return false;
                };
                *self.deadline.insert(deadline)
            }
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.as_mut().poll(cx) == Poll::Pending {
            return false;
        }
        if deadline <= Instant::now() {
            return true;
        }
        timer.as_mut().reset(deadline);
        timer.as_mut().poll(cx) == Poll::Ready(())
    }

    /// Drops the timer.
    pub(super) fn stop(&mut self) {
        self.deadline = None;
        self.timer = None;
    }
}
