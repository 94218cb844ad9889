use std::{
    sync::{Arc, atomic::AtomicUsize},
    task::Waker,
};

use super::{ending::Ending, waker_slot::WakerSlot};
use crate::{
    lag::{LagLimit, Lagging},
    log::ChannelId,
    one_or_many::OneOrMany,
    presence::{Member, Presence},
    sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock},
};

/// What the hub knows of a subscription without polling it.
pub(crate) struct Listener {
    pub(crate) id: u64,
    key: AtomicUsize,
    pub(crate) presence: Option<Presence>,
    pub(crate) lagging: Lagging,
    pub(crate) limit: LagLimit,
    pub(crate) slot: WakerSlot,
    /// The channels it listens to, and its seats there; replaced as a whole.
    seats: Mutex<Arc<Seats>>,
    /// Entries and bytes that were published to it since it began, and what of that it has passed; wrapping.
    offered: AtomicU64,
    offered_bytes: AtomicU64,
    passed: AtomicU64,
    passed_bytes: AtomicU64,
    last_offered: AtomicU64,
    /// Since when something waits; `IDLE` if nothing does.
    behind_since: AtomicU64,
    /// The last entry that it has considered.
    cursor: AtomicU64,
    /// Bytes it was handed last and may still hold.
    pinned: AtomicU64,
    last_yield: AtomicU64,
    /// The lag from which on a subscription that keeps the latest per key is looked at again.
    pub(crate) look_again_at: AtomicU64,
    keep_alive_due: AtomicBool,
    /// Whether it is in the namespace's list of those that may wait for something.
    listed: AtomicBool,
    skip: AtomicBool,
    /// The highest entries that it had yet to take when they were dropped, or cleared.
    lost: AtomicU64,
    cleared: AtomicU64,
    /// Whether it has yet to come to what was the head when it began.
    replaying: AtomicBool,
    ended: AtomicBool,
    ending: Mutex<Option<Ending>>,
    /// Whether its subscription is gone, so that nothing is kept for its last reading.
    reader_gone: AtomicBool,
}

/// The channels of a subscription with its seat in each, ascending by channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats {
    pub(crate) channels: OneOrMany<ChannelId>,
    pub(crate) seats: OneOrMany<usize>,
}

impl Seats {
    pub(crate) fn new(channels: Vec<ChannelId>, seats: Vec<usize>) -> Self {
        Self {
            channels: channels.into(),
            seats: seats.into(),
        }
    }
}

/// What a listener does about an entry that is offered to it.
pub(crate) enum Offer {
    /// It had the entry offered through another channel.
    Again,
    /// It takes the entry when it comes to it.
    Taken(Option<Waker>),
    /// It is too far behind.
    Behind,
}

const IDLE: u64 = u64::MAX;

impl Listener {
    pub(crate) fn new(
        id: u64,
        presence: Option<Presence>,
        lagging: Lagging,
        limit: LagLimit,
        cursor: u64,
        now: u64,
    ) -> Self {
        Self {
            id,
            key: AtomicUsize::new(usize::MAX),
            presence,
            lagging,
            limit,
            slot: WakerSlot::new(),
            seats: Mutex::default(),
            offered: AtomicU64::new(0),
            offered_bytes: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            passed_bytes: AtomicU64::new(0),
            last_offered: AtomicU64::new(0),
            behind_since: AtomicU64::new(IDLE),
            cursor: AtomicU64::new(cursor),
            pinned: AtomicU64::new(0),
            last_yield: AtomicU64::new(now),
            look_again_at: AtomicU64::new(0),
            keep_alive_due: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            skip: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            cleared: AtomicU64::new(0),
            replaying: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            ending: Mutex::new(None),
            reader_gone: AtomicBool::new(false),
        }
    }

    /// Its place in the namespace's list.
    pub(crate) fn key(&self) -> usize {
        self.key.load(Ordering::Acquire)
    }

    pub(crate) fn set_key(&self, key: usize) {
        self.key.store(key, Ordering::Release);
    }

    pub(crate) fn member(&self) -> Member {
        Member {
            subscription: self.id,
            presence: self.presence.clone(),
        }
    }

    /// Entries and bytes that were offered so far.
    pub(crate) fn offered(&self) -> (u64, u64) {
        (
            self.offered.load(Ordering::Acquire),
            self.offered_bytes.load(Ordering::Acquire),
        )
    }

    pub(crate) fn seats(&self) -> Arc<Seats> {
        Arc::clone(&lock(&self.seats))
    }

    pub(crate) fn set_seats(&self, seats: Seats) {
        *lock(&self.seats) = Arc::new(seats);
    }

    /// Notes that an entry was published to this subscription. Called by one thread at a time.
    pub(crate) fn offer(&self, seq: u64, bytes: usize, now: u64) -> Offer {
        if self.last_offered.swap(seq, Ordering::AcqRel) == seq {
            return Offer::Again;
        }
        // Bytes first: a reader that sees the entry counted must not take its bytes for what is yet to come.
        self.offered_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        self.offered.fetch_add(1, Ordering::Release);
        let (entries, bytes) = self.lag();
        if entries <= 1 && !self.replaying.load(Ordering::Acquire) {
            // Nothing else waits; the time may be that of an entry which was taken before it was offered.
            self.behind_since.store(now, Ordering::Release);
        } else {
            let _ =
                self.behind_since
                    .compare_exchange(IDLE, now, Ordering::AcqRel, Ordering::Relaxed);
        }
        let over = entries > self.limit.entries as u64 || bytes > self.limit.bytes as u64;
        if over && entries >= self.look_again_at.load(Ordering::Relaxed) {
            // Once, until somebody has looked: the rest of a batch may be offered before.
            self.look_again_at.store(u64::MAX, Ordering::Relaxed);
            return Offer::Behind;
        }
        Offer::Taken(self.slot.take())
    }

    /// Forgets what was behind a sequence: from there on they are used again.
    pub(crate) fn forget_behind(&self, shared: u64) {
        self.lost.fetch_min(shared, Ordering::AcqRel);
        self.cleared.fetch_min(shared, Ordering::AcqRel);
        if self.last_offered.swap(0, Ordering::AcqRel) > self.cursor() {
            self.replaying.store(true, Ordering::Release);
        }
    }

    /// Entries and bytes that wait.
    pub(crate) fn lag(&self) -> (u64, u64) {
        let behind = |offered: &AtomicU64, passed: &AtomicU64| {
            let lag = offered
                .load(Ordering::Acquire)
                .wrapping_sub(passed.load(Ordering::Acquire));
            // A reader may pass an entry before it is offered.
            if lag > u64::MAX / 2 { 0 } else { lag }
        };
        (
            behind(&self.offered, &self.passed),
            behind(&self.offered_bytes, &self.passed_bytes),
        )
    }

    /// Whether something has waited for too long.
    pub(crate) fn is_too_old(&self, now: u64) -> bool {
        let since = self.behind_since.load(Ordering::Acquire);
        let is_old = since != IDLE && now.saturating_sub(since) > self.limit.millis();
        // An entry that was taken before it was offered sets the time, and waits no more.
        is_old && (self.lag().0 > 0 || self.replaying.load(Ordering::Acquire))
    }

    /// What was offered so far, to be handed to [`caught_up`](Self::caught_up) if nothing is found.
    pub(crate) fn before_looking(&self) -> (u64, u64) {
        // An entry that comes from now on sets the time again.
        self.behind_since.store(IDLE, Ordering::Release);
        self.offered()
    }

    /// Notes that nothing waits of what was offered.
    pub(crate) fn caught_up(&self, (offered, bytes): (u64, u64), cursor: u64) {
        self.passed.store(offered, Ordering::Release);
        self.passed_bytes.store(bytes, Ordering::Release);
        self.look_again_at.store(0, Ordering::Relaxed);
        self.replaying.store(false, Ordering::Release);
        self.cursor.store(cursor, Ordering::Release);
    }

    /// Notes that entries were passed, and when the next of them was appended.
    pub(crate) fn passed(&self, entries: u64, bytes: u64, cursor: u64, next_at: Option<u64>) {
        self.passed.fetch_add(entries, Ordering::AcqRel);
        self.passed_bytes.fetch_add(bytes, Ordering::AcqRel);
        self.cursor.store(cursor, Ordering::Release);
        match next_at {
            Some(next_at) => {
                self.behind_since.fetch_min(next_at, Ordering::AcqRel);
            }
            None => self.look_again_at.store(0, Ordering::Relaxed),
        }
    }

    /// Notes that it has read on, and something may be left.
    pub(crate) fn has_read_on(&self, now: u64) {
        self.behind_since.fetch_min(now, Ordering::AcqRel);
    }

    /// Notes that there is a replay to be read.
    pub(crate) fn set_replaying(&self, since: u64) {
        self.replaying.store(true, Ordering::Release);
        self.behind_since.fetch_min(since, Ordering::AcqRel);
    }

    /// Whether everything was considered that the log had when its version was `seen`, and nothing else is to be done.
    pub(crate) fn has_seen(&self, seen: u64, version: u64) -> bool {
        // After a skip more may have been passed than was offered, which the next look puts right.
        let is_even = self.offered.load(Ordering::Acquire) == self.passed.load(Ordering::Acquire);
        seen == version && !self.needs_a_look() && is_even
    }

    /// When it is to be looked at again, if it is not too old now: nothing can be due before.
    pub(crate) fn next_look(&self, now: u64, keep_alive: Option<u64>) -> u64 {
        let silence = keep_alive.map_or(u64::MAX, |interval| {
            let last = self.last_yield.load(Ordering::Relaxed);
            let due = last.saturating_add(interval);
            if due > now {
                due
            } else {
                now.saturating_add(interval)
            }
        });
        let too_old_after =
            |since: u64| since.saturating_add(self.limit.millis()).saturating_add(1);
        let age = match self.behind_since.load(Ordering::Acquire) {
            // It is about to say since when.
            IDLE if self.needs_after().is_some() => now + 1,
            since if since != IDLE && too_old_after(since) > now => too_old_after(since),
            _ => too_old_after(now),
        };
        silence.min(age)
    }

    /// Whether it is to be put into the list of those that may wait for something; true once until it is taken out.
    pub(crate) fn enlist(&self) -> bool {
        !self.listed.load(Ordering::Relaxed) && !self.listed.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn delist(&self) {
        self.listed.store(false, Ordering::Release);
    }

    /// Whether entries may have to be kept for it, or it is to be told if they are not.
    pub(crate) fn may_wait(&self) -> bool {
        !self.is_ended() && (self.needs_after().is_some() || self.skip.load(Ordering::Acquire))
    }

    /// The last entry that it has considered, if it needs any behind it.
    pub(crate) fn needs_after(&self) -> Option<u64> {
        // Not by the lag, which may count too little: after a skip, or where topics were added.
        let cursor = self.cursor();
        let waits = self.last_offered.load(Ordering::Acquire) > cursor
            || self.replaying.load(Ordering::Acquire);
        waits.then_some(cursor)
    }

    /// The last entry that it has considered, if it waits for more and is within its own limit:
    /// nothing of that is dropped for what others leave behind.
    pub(crate) fn holds_after(&self) -> Option<u64> {
        let (entries, bytes) = self.lag();
        let is_within = entries <= self.limit.entries as u64 && bytes <= self.limit.bytes as u64;
        // A replay is limited by time alone, and who skips needs nothing.
        let is_held = is_within
            && !self.replaying.load(Ordering::Acquire)
            && !self.skip.load(Ordering::Acquire);
        self.needs_after().filter(|_| is_held)
    }

    /// Notes that an entry goes that was published to this subscription.
    pub(crate) fn note_dropped(&self, seq: u64) {
        if self.cursor() < seq {
            self.lost.fetch_max(seq, Ordering::AcqRel);
        }
    }

    /// Notes that an entry was cleared that was published to this subscription.
    pub(crate) fn note_cleared(&self, seq: u64) {
        if self.cursor() < seq {
            self.cleared.fetch_max(seq, Ordering::AcqRel);
        }
    }

    /// The highest entry that was dropped before it was taken.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }

    /// The highest entry that was cleared before it was taken.
    pub(crate) fn cleared(&self) -> u64 {
        self.cleared.load(Ordering::Acquire)
    }

    /// Notes that the reader was told of what it has lost.
    pub(crate) fn told(&self) {
        self.lost.store(0, Ordering::Release);
        self.cleared.store(0, Ordering::Release);
    }

    pub(crate) fn cursor(&self) -> u64 {
        self.cursor.load(Ordering::Acquire)
    }

    pub(crate) fn set_cursor(&self, cursor: u64) {
        self.cursor.store(cursor, Ordering::Release);
    }

    pub(crate) fn handed_out(&self, bytes: usize, now: u64) {
        self.pinned.store(bytes as u64, Ordering::Relaxed);
        self.last_yield.store(now, Ordering::Relaxed);
        // Whatever was handed out ends the silence.
        self.keep_alive_due.store(false, Ordering::Release);
    }

    pub(crate) fn handed_back(&self) {
        self.pinned.store(0, Ordering::Relaxed);
    }

    pub(crate) fn pinned(&self) -> u64 {
        self.pinned.load(Ordering::Relaxed)
    }

    /// Asks for a keep-alive if there was silence for `interval`; the waker of one that waits.
    pub(crate) fn remind(&self, now: u64, interval: u64) -> Option<Waker> {
        if now.saturating_sub(self.last_yield.load(Ordering::Relaxed)) < interval {
            return None;
        }
        self.keep_alive_due.store(true, Ordering::Release);
        self.slot.take()
    }

    pub(crate) fn take_keep_alive(&self) -> bool {
        self.keep_alive_due.load(Ordering::Acquire)
            && self.keep_alive_due.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn skip(&self) {
        self.skip.store(true, Ordering::Release);
    }

    pub(crate) fn take_skip(&self) -> bool {
        self.skip.load(Ordering::Acquire) && self.skip.swap(false, Ordering::AcqRel)
    }

    /// Ends it; false if it had ended before.
    pub(crate) fn end(&self, ending: Ending) -> bool {
        let mut place = lock(&self.ending);
        if place.is_some() || self.ended.load(Ordering::Acquire) {
            return false;
        }
        *place = Some(ending);
        self.ended.store(true, Ordering::Release);
        true
    }

    /// Marks it as dropped; false if it had ended before.
    pub(crate) fn leave(&self) -> bool {
        let _ending = lock(&self.ending);
        !self.ended.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Notes that nobody reads what is ready. Called, and asked, with the log locked for writing.
    pub(crate) fn set_reader_gone(&self) {
        self.reader_gone.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_reader_gone(&self) -> bool {
        self.reader_gone.load(Ordering::Relaxed)
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        lock(&self.ending).clone()
    }

    pub(crate) fn needs_a_look(&self) -> bool {
        self.replaying.load(Ordering::Acquire) || self.is_called()
    }

    /// Whether there is something to be done that is no delivery.
    pub(crate) fn is_called(&self) -> bool {
        self.is_ended()
            || self.keep_alive_due.load(Ordering::Acquire)
            || self.skip.load(Ordering::Acquire)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const LIMIT: u64 = 30_000;

    fn listener() -> Listener {
        Listener::new(1, None, Lagging::default(), LagLimit::default(), 0, 0)
    }

    #[test]
    fn one_who_took_an_entry_before_it_was_offered_is_not_slow() {
        let listener = listener();
        listener.passed(1, 10, 1, None);
        let _ = listener.offer(1, 10, 0);
        assert_eq!(listener.lag(), (0, 0));
        assert!(!listener.is_too_old(LIMIT + 1));
        // Nor is it when another comes much later.
        let _ = listener.offer(2, 10, LIMIT + 1);
        assert!(!listener.is_too_old(LIMIT + 2));
        assert!(listener.is_too_old(2 * LIMIT + 2));
    }

    #[test]
    fn the_oldest_that_waits_says_how_old_a_lag_is() {
        let listener = listener();
        let _ = listener.offer(1, 10, 0);
        let _ = listener.offer(2, 10, LIMIT);
        assert!(!listener.is_too_old(LIMIT));
        assert!(listener.is_too_old(LIMIT + 1));
        listener.before_looking();
        listener.passed(1, 10, 1, Some(LIMIT));
        assert!(!listener.is_too_old(2 * LIMIT));
        assert!(listener.is_too_old(2 * LIMIT + 1));
    }
}
