use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::KeepAlive;

/// Tells when a stream has been silent for long enough.
///
/// Traffic only forgets the deadline. The timer itself is moved when it fires too early,
/// so the timer wheel is touched once an interval, not once an event.
#[derive(Debug, Default)]
pub(super) struct IdleTimer {
    keep_alive: KeepAlive,
    /// The end of the current silence; `None` until the first idle poll in it.
    deadline: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl IdleTimer {
    pub(super) fn new(keep_alive: KeepAlive) -> Self {
        Self {
            keep_alive,
            deadline: None,
            sleep: None,
        }
    }

    /// Notes that something was sent.
    pub(super) fn restart(&mut self) {
        self.deadline = None;
    }

    /// Waits for the end of the silence; for ever without keep-alive or without a runtime.
    pub(super) fn poll_keep_alive(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let Some(deadline) = self.deadline.or_else(|| self.next_deadline()) else {
            return Poll::Pending;
        };
        self.deadline = Some(deadline);
        if self.sleep.is_none() && Handle::try_current().is_err() {
            return Poll::Pending;
        }
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(sleep.as_mut().poll(cx));
        if sleep.deadline() < deadline {
            sleep.as_mut().reset(deadline);
            ready!(sleep.as_mut().poll(cx));
        }
        Poll::Ready(self.keep_alive.bytes())
    }

    fn next_deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.keep_alive.interval()?)
    }
}
