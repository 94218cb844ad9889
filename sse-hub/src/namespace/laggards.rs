use std::{
    cmp::Reverse,
    sync::{Arc, atomic::Ordering},
};

use super::{Namespace, ingest::Ingest};
use crate::{
    lag::Lagging,
    listeners::{CloseReason, Ending, Listener},
    log::{Keep, Waited},
    sync::lock,
};

impl Namespace {
    /// Does what the policy says about a subscription that is over its limit.
    pub(crate) fn fall_behind(&self, listener: &Arc<Listener>, now: u64) {
        if listener.is_ended() {
            return;
        }
        let (entries, bytes) = listener.lag();
        let over = entries > listener.limit.entries as u64 || bytes > listener.limit.bytes as u64;
        // It may have read on since it was found to be behind.
        if !over && !listener.is_too_old(now) {
            listener.look_again_at.store(0, Ordering::Relaxed);
            listener.slot.wake();
            return;
        }
        match listener.lagging {
            Lagging::Disconnect => return self.disconnect_laggard(listener),
            Lagging::LatestPerKey if !listener.is_too_old(now) => {
                let seats = listener.seats();
                let keep = Keep {
                    latest_per_key: true,
                    ..Keep::everything(now)
                };
                let limit = listener.limit;
                let (count, len) = self.read_log().count_waiting(
                    &seats.channels,
                    listener.cursor(),
                    limit.entries,
                    keep,
                );
                if count <= limit.entries && len <= limit.bytes {
                    // Worth another look only when it could be over the limit again.
                    let room = (limit.entries - count).max(limit.entries / 8).max(1);
                    listener
                        .look_again_at
                        .store(entries + room as u64, Ordering::Relaxed);
                    listener.slot.wake();
                    return;
                }
            }
            Lagging::LatestPerKey | Lagging::Skip => {}
        }
        self.telemetry.lagging(listener, entries, bytes, "skip");
        listener.caught_up(listener.offered(), listener.cursor());
        listener.handed_back();
        listener.skip();
        listener.slot.wake();
    }

    /// Ends a subscription that is over its limit, or has lost what was not kept for it.
    pub(crate) fn disconnect_laggard(&self, listener: &Arc<Listener>) {
        let (entries, bytes) = listener.lag();
        self.telemetry
            .lagging(listener, entries, bytes, "disconnect");
        self.end(listener, slow());
    }

    pub(super) fn let_go_if_worthwhile(&self, ingest: &mut Ingest) {
        let (faded, bytes) = self.read_log().faded();
        if faded > 0
            && (self.live() == 0
                || faded >= self.next_look_at_faded.load(Ordering::Relaxed)
                || bytes >= self.next_look_at_faded_bytes.load(Ordering::Relaxed))
        {
            self.let_go(ingest);
        }
    }

    /// Lets faded entries go that no subscription waits for. Returns how many entries wait for the one that is most behind.
    ///
    /// Nothing may be taken in meanwhile: an entry that was not yet offered is waited for by nobody.
    pub(super) fn let_go(&self, _not_taking_in: &mut Ingest) -> u64 {
        let (mut needed_after, mut all_considered, mut most_behind) = (u64::MAX, u64::MAX, 0);
        // Dropped behind the locks: the last reference to a listener may own a waker, and so a task with a subscription.
        let mut waits_no_more = Vec::new();
        // Whoever comes to wait does so under this lock, and must not come between the look and what follows from it.
        let mut log = self.write_log();
        let now = self.clock.millis();
        let (is_over, mut waited) = (log.has_faded_too_much(now), Waited::default());
        lock(&self.behind).retain(|listener| {
            if !listener.may_wait() {
                listener.delist();
                waits_no_more.push(Arc::clone(listener));
                return false;
            }
            needed_after = needed_after.min(listener.needs_after().unwrap_or(u64::MAX));
            all_considered = all_considered.min(listener.cursor());
            most_behind = most_behind.max(listener.lag().0);
            if is_over && let Some(after) = listener.holds_after() {
                waited.add(&listener.seats().channels, after);
            }
            true
        });
        log.let_go(needed_after, all_considered, &waited, now);
        let (faded, bytes) = log.faded();
        self.next_look_at_faded
            .store(2 * faded + 64, Ordering::Relaxed);
        // Large entries are looked at before many of them are there.
        let more = (self.options.lag.bytes / 8).max(64 * 1024);
        self.next_look_at_faded_bytes
            .store(bytes.saturating_add(more), Ordering::Relaxed);
        drop(log);
        drop(waits_no_more);
        most_behind
    }

    /// Ends those subscriptions first that hold most, until `over` bytes are released; returns what is left of it.
    pub(crate) fn release_pins(&self, mut over: u64) -> u64 {
        if over == 0 {
            return 0;
        }
        let mut listeners = self.all();
        listeners.sort_by_key(|listener| Reverse(listener.pinned()));
        for listener in listeners {
            let pinned = listener.pinned();
            if over == 0 || pinned == 0 {
                break;
            }
            self.telemetry.lagging(&listener, 0, pinned, "disconnect");
            self.end(&listener, slow());
            over = over.saturating_sub(pinned);
        }
        over
    }
}

fn slow() -> Ending {
    Ending {
        reason: CloseReason::Slow,
        retry: None,
        through: 0,
    }
}
