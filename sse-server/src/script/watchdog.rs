//! Notices from outside that the script's thread is not given back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::script::hook::Hook;

/// When the running call was entered, written by the script's thread and read by the watchdog.
#[derive(Debug)]
pub(crate) struct Watch {
    base: Instant,
    /// Microseconds after `base`, and one more; zero while nothing runs.
    since: AtomicU64,
    hook: AtomicU8,
    stuck: watch::Sender<Option<Hook>>,
}

impl Watch {
    /// Starts the watchdog; it ends when this is dropped.
    pub(crate) fn start() -> Arc<Self> {
        let watch = Arc::new(Self::new());
        let weak = Arc::downgrade(&watch);
        let look = move || {
            while let Some(watch) = weak.upgrade() {
                watch.look(Instant::now());
                drop(watch);
                thread::sleep(PAUSE);
            }
        };
        let started = thread::Builder::new()
            .name("script-watchdog".into())
            .spawn(look);
        if let Err(error) = started {
            tracing::warn!(%error, "the watchdog of the script cannot be started");
        }
        watch
    }

    fn new() -> Self {
        Self {
            base: Instant::now(),
            since: AtomicU64::new(0),
            hook: AtomicU8::new(0),
            stuck: watch::Sender::new(None),
        }
    }

    /// Called when a call begins to run.
    pub(crate) fn enter(&self, hook: Hook, now: Instant) {
        self.hook.store(hook as u8, Ordering::Relaxed);
        let since = now.saturating_duration_since(self.base).as_micros();
        let since = u64::try_from(since).unwrap_or(u64::MAX - 1);
        self.since.store(since + 1, Ordering::Release);
    }

    /// Called when it gives the thread back.
    pub(crate) fn leave(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// Returns the hook that is stuck.
    pub(crate) fn stuck(&self) -> Option<Hook> {
        *self.stuck.borrow()
    }

    /// Completes once a hook is stuck.
    pub(crate) async fn until_stuck(&self) {
        let mut stuck = self.stuck.subscribe();
        // The sender lives as long as this does.
        let _ = stuck.wait_for(Option::is_some).await;
    }

    fn look(&self, now: Instant) {
        let since = self.since.load(Ordering::Acquire);
        let hook = self.hook.load(Ordering::Relaxed);
        let entered = self.base + Duration::from_micros(since.saturating_sub(1));
        let late = since != 0 && now.saturating_duration_since(entered) >= STUCK_AFTER;
        let found = Hook::ALL.get(usize::from(hook)).copied().filter(|_| late);
        self.stuck.send_if_modified(|stuck| {
            if *stuck == found {
                return false;
            }
            match (found, *stuck) {
                (Some(hook), _) => {
                    tracing::error!(%hook, "a hook has not returned for five seconds");
                }
                (None, Some(hook)) => tracing::warn!(%hook, "a hook that was stuck has returned"),
                (None, None) => {}
            }
            *stuck = found;
            true
        });
    }
}

/// A call that is interrupted at its limit of time is never this late, unless the limit is longer.
const STUCK_AFTER: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_stuck_after_five_seconds_and_no_more_when_it_returned() {
        let watch = Watch::new();
        let now = Instant::now();
        watch.enter(Hook::Publish, now);
        watch.look(now + Duration::from_millis(4999));
        assert_eq!(watch.stuck(), None);
        watch.look(now + Duration::from_secs(5));
        assert_eq!(watch.stuck(), Some(Hook::Publish));
        watch.until_stuck().await;
        watch.leave();
        watch.look(now + Duration::from_secs(6));
        assert_eq!(watch.stuck(), None);
    }
}
