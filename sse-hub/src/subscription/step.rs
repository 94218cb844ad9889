use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use sse_core::{EncodedBatch, EncodedEvent, Gap, GapReason};

use super::stream::{State, Step, Subscription};
use crate::{
    lag::Lagging,
    listeners::{CloseReason, Ending},
    log::{ChannelId, Entry, Keep, Log, Room},
    namespace::Namespace,
    one_or_many::OneOrMany,
    position::Position,
};

/// The most bytes in one batch.
pub(super) const BATCH_BYTES: usize = 64 * 1024;
/// The largest buffer that one keeps while it waits.
const KEPT_CAPACITY: usize = 4;

impl Subscription {
    pub(super) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.listener.handed_back();
        if !self.opening.is_empty() {
            let opening: Vec<_> = self.opening.drain(..).collect();
            return Poll::Ready(self.control(&opening));
        }
        loop {
            if matches!(self.state, State::Closed(_)) {
                return Poll::Ready(Step::End);
            }
            let is_ended = self.listener.is_ended();
            let ending = is_ended.then(|| self.listener.ending()).flatten();
            if ending
                .as_ref()
                .is_some_and(|ending| ending.reason == CloseReason::Slow)
            {
                return Poll::Ready(self.close(ending));
            }
            if self.listener.take_skip() {
                let step = self.skip();
                return Poll::Ready(step);
            }
            let version = self.namespace.version();
            if ending.is_none() && self.has_seen(version) {
                let has_news = || !self.has_seen(self.namespace.version());
                if self.listener.slot.park_unless(cx.waker(), has_news) {
                    continue;
                }
                return Poll::Pending;
            }
            let offered = self.listener.before_looking();
            let looked = self.look(ending.as_ref(), offered);
            self.seen = version;
            match looked {
                Look::Found(entries, batch, rest) => {
                    if rest == Rest::Unknown {
                        self.seen = 0;
                    }
                    return Poll::Ready(self.hand_out(entries, batch));
                }
                Look::Passed => {
                    self.seen = 0;
                    continue;
                }
                Look::Missing(gap, at) => {
                    self.seen = 0;
                    return Poll::Ready(self.tell_gap(&gap, at));
                }
                // One that ended before cannot be ended again: it stops where it is, and can be resumed.
                Look::Lagging if ending.is_some() => return Poll::Ready(self.close(ending)),
                Look::Lagging => {
                    self.seen = 0;
                    self.namespace.disconnect_laggard(&self.listener);
                    continue;
                }
                Look::Cold(through) => {
                    self.seen = 0;
                    match self.read_cold(through, ending.as_ref(), cx) {
                        Poll::Ready(Some(step)) => return Poll::Ready(step),
                        Poll::Ready(None) => continue,
                        Poll::Pending => {}
                    }
                    if let Some(keep_alive) = self.keep_alive() {
                        return Poll::Ready(keep_alive);
                    }
                    let is_called = || self.listener.is_called();
                    if !self.listener.slot.park_unless(cx.waker(), is_called) {
                        return Poll::Pending;
                    }
                    continue;
                }
                Look::Replayed => {
                    self.seen = 0;
                    self.live_marker = false;
                    self.listener.set_cursor(self.position.seq);
                    self.listener.has_read_on(self.namespace.clock.millis());
                    match self.blocks.live(self.position) {
                        Some(event) => return Poll::Ready(self.control(&[event])),
                        None => continue,
                    }
                }
                Look::ReplayOver => return Poll::Ready(self.close_replay()),
                Look::Nothing => {}
                Look::Ended => continue,
            }
            if ending.is_some() {
                return Poll::Ready(self.close(ending));
            }
            if let Some(keep_alive) = self.keep_alive() {
                return Poll::Ready(keep_alive);
            }
            let has_news = || !self.has_seen(self.namespace.version()) && self.has_news();
            if !self.listener.slot.park_unless(cx.waker(), has_news) {
                return Poll::Pending;
            }
        }
    }

    /// What is said in silence, if it is due.
    fn keep_alive(&mut self) -> Option<Step> {
        let is_due = self.listener.take_keep_alive();
        is_due.then(|| self.control(&[self.blocks.keep_alive(self.position)]))
    }

    /// Whether everything was considered when the log had this version, and nothing else is to be done.
    ///
    /// It spares a busy server's second and third poll of an event the look at the log.
    fn has_seen(&self, version: u64) -> bool {
        !self.live_marker && self.listener.has_seen(self.seen, version)
    }

    /// The second look, after the waker was left.
    fn has_news(&self) -> bool {
        if self.listener.needs_a_look() {
            return true;
        }
        let seats = self.listener.seats();
        let log = self.namespace.read_log();
        log.epoch() != self.position.epoch
            || log.has_after(&seats.channels, self.position.seq)
            || self.listener.lost().max(self.listener.cleared()) > self.position.seq
            || log.hole_after(self.position.seq).is_some()
    }

    pub(super) fn seats(&self) -> OneOrMany<ChannelId> {
        self.listener.seats().channels.clone()
    }

    /// Looks for what comes next; `offered` was published before.
    fn look(&mut self, ending: Option<&Ending>, offered: (u64, u64)) -> Look {
        let namespace = Arc::clone(&self.namespace);
        let log = namespace.read_log();
        // While the log is locked nobody takes it out of its channels, which would then be passed over.
        if ending.is_none() && self.listener.is_ended() {
            return Look::Ended;
        }
        let seats = self.listener.seats();
        let channels = &seats.channels[..];
        if let Some((gap, at)) = self.follow_epoch(&log) {
            return Look::Missing(gap, at);
        }
        let gone = log.gone(channels);
        let is_cold = namespace.capabilities.replay && gone > self.position.seq;
        if self.listener.cleared() > self.position.seq {
            // What only the provider has is not skipped.
            let at = if is_cold {
                self.position
            } else {
                log.place_of_next(channels, self.position.seq)
            };
            return Look::Missing(self.gap(&log, GapReason::Expired), at);
        }
        let hole = log.hole_after(self.position.seq);
        // Nothing is kept for one that has ended, and nobody tells it of a purge:
        // it closes where it is, and a resume tells of the gap.
        let is_unsure = || {
            let replays = namespace.capabilities.replay;
            let unsure = replays.then(|| namespace.lost(&log, channels));
            unsure.unwrap_or(gone) > self.position.seq
        };
        if ending.is_some() && is_unsure() {
            return Look::Nothing;
        }
        // What is lost is not known: it is told once, and all that is left is read.
        let (purges, purged_through) = log.purges();
        let purges_known = mem::replace(&mut self.purges_known, purges);
        if purges_known < purges && purged_through > self.position.seq {
            return Look::Missing(self.gap(&log, GapReason::Expired), self.position);
        }
        // What comes behind the replay waits for the marker that stands between them.
        let marker_at = Some(self.replay_through).filter(|_| self.live_marker && ending.is_none());
        if marker_at.is_some_and(|at| self.position.seq >= at) {
            return Look::Replayed;
        }
        let last = ending.map_or(marker_at.unwrap_or(u64::MAX), |ending| ending.through);
        if is_cold {
            return self.look_elsewhere(&log, (gone, last), hole, ending);
        }
        if self.listener.lost() > self.position.seq {
            if self.listener.lagging == Lagging::Disconnect {
                return Look::Lagging;
            }
            // Some before the last that was dropped may be there still, kept for others.
            let at = log.place_of_next(channels, self.listener.lost());
            return Look::Missing(self.gap(&log, GapReason::Slow), at);
        }
        let through = hole.map_or(u64::MAX, |(from, _)| from - 1).min(last);
        let keep = Keep {
            through,
            replay_through: self.replay_through,
            latest_per_key: self.latest_per_key,
            filter: self.filter.as_deref(),
            now: namespace.clock.millis(),
        };
        self.looked_at = keep.now;
        let max_entries = self.most_of_the_replay();
        let room = Room {
            bytes: BATCH_BYTES,
            entries: max_entries,
        };
        let buffer = mem::take(&mut self.buffer);
        let taken = log.take(channels, self.position.seq, room, keep, buffer);
        if self.is_beyond_replay_limit(&taken.entries) {
            return Look::ReplayOver;
        }
        let Some(position) = taken.position else {
            self.buffer = taken.entries;
            if let Some(at) = marker_at.filter(|&at| through == at) {
                self.position = log.position_at(at.min(log.head().seq));
                return Look::Replayed;
            }
            return self.find_nothing(&log, offered, hole, ending);
        };
        let batch = log.batch(channels, &taken.entries, taken.is_whole());
        if self.position.seq < self.replay_through {
            self.replayed_at = keep.now;
        }
        // It may have been appended under an epoch before this one.
        self.position = Position {
            epoch: log.epoch(),
            ..position
        };
        drop(log);
        // Only what was published since the beginning was ever offered.
        self.listener.passed(
            taken.passed_live,
            taken.passed_live_bytes,
            position.seq,
            taken.next_at.map(|at| at.max(self.replayed_at)),
        );
        let limited = hole.is_some() || max_entries.is_some() || taken.next_at.is_some();
        match batch {
            None => Look::Passed,
            Some(batch) if limited => Look::Found(taken.entries, batch, Rest::Unknown),
            Some(batch) => Look::Found(taken.entries, batch, Rest::None),
        }
    }

    /// What it means that there is nothing more, or nothing before a hole.
    /// Goes on in the log's present epoch; a gap if something that it has considered is not in there.
    fn follow_epoch(&mut self, log: &Log) -> Option<(Gap, Position)> {
        if log.epoch() == self.position.epoch {
            return None;
        }
        let shared = log.last_shared_with(self.position.epoch);
        self.replay_through = self.replay_through.min(shared);
        if self.position.seq > shared {
            // All that comes behind it is new to whoever was there.
            return Some((self.gap(log, GapReason::Rollback), log.position_at(shared)));
        }
        self.position.epoch = log.epoch();
        None
    }

    fn find_nothing(
        &mut self,
        log: &Log,
        offered: (u64, u64),
        hole: Option<(u64, u64)>,
        ending: Option<&Ending>,
    ) -> Look {
        match hole {
            Some((_, to)) if ending.is_none() => {
                Look::Missing(self.gap(log, GapReason::Provider), log.position_at(to))
            }
            // One that has ended closes before a hole: a resume tells of it.
            Some(_) => Look::Nothing,
            None => {
                if ending.is_none_or(|ending| ending.through >= log.head().seq) {
                    self.position = log.head();
                }
                // While no topic can be added, whose entries would be forgotten again.
                self.listener.caught_up(offered, self.position.seq);
                Look::Nothing
            }
        }
    }

    /// How many entries it is still given, while it replays.
    pub(super) fn most_of_the_replay(&self) -> Option<u64> {
        self.replay_left
            .filter(|_| self.position.seq < self.replay_through)
    }

    /// Whether the replay that one connection gets is over, and these begin with more of it.
    pub(super) fn is_beyond_replay_limit(&self, next: &[Arc<Entry>]) -> bool {
        self.replay_left == Some(0)
            && next
                .first()
                .is_some_and(|next| next.seq() <= self.replay_through)
    }

    /// Takes back a buffer whose entries were handed out as bytes.
    pub(super) fn reuse(&mut self, mut entries: Vec<Arc<Entry>>) {
        entries.clear();
        if entries.capacity() <= KEPT_CAPACITY {
            self.buffer = entries;
        }
    }

    pub(super) fn hand_out(&mut self, entries: Vec<Arc<Entry>>, batch: EncodedBatch) -> Step {
        let count = entries.len();
        if let Some(left) = &mut self.replay_left {
            let replayed = entries
                .iter()
                .filter(|entry| entry.seq() <= self.replay_through)
                .count();
            *left = left.saturating_sub(replayed as u64);
        }
        self.namespace.telemetry.delivered.increment(count as u64);
        self.listener
            .handed_out(batch.as_bytes().len(), self.looked_at);
        Step::Entries(entries, Some(batch))
    }

    fn control(&mut self, events: &[EncodedEvent]) -> Step {
        let batch = EncodedBatch::new(events);
        self.listener
            .handed_out(batch.as_bytes().len(), self.namespace.clock.millis());
        Step::Control(batch)
    }

    /// Says what was lost so far. The log is locked: what is lost from now on is told another time.
    pub(super) fn gap(&self, log: &Log, reason: GapReason) -> Gap {
        // What was lost behind a place to which it goes back is told when it comes there.
        if reason != GapReason::Rollback {
            self.listener.told();
        }
        let mut gap = Gap::new(reason).requested(self.position.to_string());
        gap.earliest = log
            .first_retained(&self.seats(), self.position.seq)
            .map(|it| it.position().to_event_id());
        gap
    }

    fn tell_gap(&mut self, gap: &Gap, at: Position) -> Step {
        gap_told(&self.namespace, gap);
        self.position = at;
        self.listener.set_cursor(at.seq);
        // One that takes nothing behind the gap is slow, though nothing may be published any more.
        self.listener.has_read_on(self.namespace.clock.millis());
        match self.blocks.gap(gap, at) {
            Some(event) => self.control(&[event]),
            // Nothing of the hub's may be written: the stream ends, so that the gap cannot be overlooked.
            None => self.close(Some(Ending {
                reason: CloseReason::Slow,
                retry: None,
                through: 0,
            })),
        }
    }

    /// Goes on at the head, or where the log begins if even that is behind.
    fn skip(&mut self) -> Step {
        let namespace = Arc::clone(&self.namespace);
        let log = namespace.read_log();
        let (gap, at) = if let Some(rollback) = self.follow_epoch(&log) {
            rollback
        } else {
            let lost = self.listener.lost();
            let at = if lost > self.position.seq {
                log.place_of_next(&self.seats(), lost)
            } else {
                log.head()
            };
            (self.gap(&log, GapReason::Slow), at)
        };
        drop(log);
        self.tell_gap(&gap, at)
    }

    /// Ends the stream as planned, with the position after all that it gave.
    pub(super) fn close(&mut self, ending: Option<Ending>) -> Step {
        let ending = ending.unwrap_or(Ending {
            reason: CloseReason::Drain,
            retry: None,
            through: 0,
        });
        self.depart();
        self.state = State::Closed(ending.reason.clone());
        match self
            .blocks
            .close(&ending.reason, Some(self.position), ending.retry)
        {
            Some(event) => Step::Control(EncodedBatch::from(event)),
            None => Step::End,
        }
    }

    /// Ends it before the rest of its replay, for which the client comes again.
    pub(super) fn close_replay(&mut self) -> Step {
        self.close(Some(Ending {
            reason: CloseReason::Replay,
            retry: None,
            through: 0,
        }))
    }
}

/// Whether there is more behind what was found.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rest {
    None,
    Unknown,
}

/// What a look at the log found.
pub(super) enum Look {
    Found(Vec<Arc<Entry>>, EncodedBatch, Rest),
    /// Entries that are not for this subscription.
    Passed,
    /// What was there at the beginning is delivered, and a marker owed.
    Replayed,
    /// More is to be replayed than one connection gets.
    ReplayOver,
    Missing(Gap, Position),
    Lagging,
    /// What comes next, up to here, is only at the provider.
    Cold(u64),
    Nothing,
    /// It was ended meanwhile.
    Ended,
}

fn gap_told(namespace: &Namespace, gap: &Gap) {
    namespace.telemetry.gap(gap.reason.as_str());
    tracing::debug!(namespace = %namespace.name, reason = %gap.reason, "a subscription was told of a gap");
}
