//! Reading on where the hub has nothing any more and the provider has.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use sse_core::GapReason;

use super::{
    pages::{ColdPage, PagePlace},
    step::{BATCH_BYTES, Look},
    stream::{Step, Subscription},
};
use crate::{
    listeners::{CloseReason, Ending},
    log::{Keep, Log, Room},
};

impl Subscription {
    /// Looks for what comes next where only the provider has it, up to `gone`, and no further than `last`.
    pub(super) fn look_elsewhere(
        &self,
        log: &Log,
        (gone, last): (u64, u64),
        hole: Option<(u64, u64)>,
        ending: Option<&Ending>,
    ) -> Look {
        let after = self.position.seq;
        if last <= after {
            return Look::Nothing;
        }
        let trimmed = self.namespace.trimmed(log, &self.seats()).min(gone);
        if trimmed > after {
            return Look::Missing(self.gap(log, GapReason::Expired), log.position_at(trimmed));
        }
        match hole {
            Some((from, _)) if from <= after + 1 && ending.is_some() => Look::Nothing,
            Some((from, to)) if from <= after + 1 => {
                Look::Missing(self.gap(log, GapReason::Provider), log.position_at(to))
            }
            Some((from, _)) => Look::Cold(gone.min(last).min(from - 1)),
            None => Look::Cold(gone.min(last)),
        }
    }

    /// Reads on in what the provider has.
    pub(super) fn read_cold(
        &mut self,
        through: u64,
        ending: Option<&Ending>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Step>> {
        let from = self.position.seq + 1;
        let namespace = Arc::clone(&self.namespace);
        let pages = &namespace.cold_pages;
        let topics = {
            let log = namespace.read_log();
            namespace.by_topic(&log.selectors(&self.seats()))
        };
        let place = PagePlace { from, topics };
        let current = |page: &Arc<ColdPage>| page.place == place && pages.is_current(page);
        let page = match self.cold.take().filter(current) {
            Some(page) => page,
            None => match pages.page(&namespace, place, self.listener.id, cx.waker()) {
                Some(page) => page,
                None => return Poll::Pending,
            },
        };
        let Poll::Ready(read) = page.poll(&namespace, cx) else {
            self.cold = Some(page);
            return Poll::Pending;
        };
        // One that looked at nothing cannot say that there is nothing.
        let Some(read) = read.filter(|read| read.scanned_through >= from) else {
            pages.forget(&page);
            let reason = CloseReason::Overload;
            return Poll::Ready(Some(self.close(Some(Ending {
                reason,
                retry: None,
                through: 0,
            }))));
        };
        let log = namespace.read_log();
        // It may have been taken out of its channels meanwhile.
        if ending.is_none() && self.listener.is_ended() {
            return Poll::Ready(None);
        }
        let channels = self.seats();
        // What retention removed before the page was read is not in it: that is told first.
        if namespace.trimmed(&log, &channels) > self.position.seq {
            return Poll::Ready(None);
        }
        let selectors = log.selectors(&channels);
        // Nor is what belongs to a topic that was added meanwhile.
        if page.place.topics.is_some() && page.place.topics != namespace.by_topic(&selectors) {
            return Poll::Ready(None);
        }
        let keep = Keep {
            through,
            replay_through: self.replay_through,
            latest_per_key: self.latest_per_key,
            filter: self.filter.as_deref(),
            now: namespace.clock.millis(),
        };
        let room = Room {
            bytes: BATCH_BYTES,
            entries: self.most_of_the_replay(),
        };
        let (entries, position) =
            log.take_cold(&read.entries, self.position.seq, &selectors, room, keep);
        if self.is_beyond_replay_limit(&entries) {
            drop(log);
            return Poll::Ready(Some(self.close_replay()));
        }
        self.position = position.unwrap_or_else(|| {
            // Where the provider has nothing, what the ring has is all there is.
            log.position_at(read.scanned_through.min(through))
        });
        let batch = log.batch(&[], &entries, false);
        drop(log);
        self.listener.set_cursor(self.position.seq);
        // A reader that takes no more of it is slow, though nothing was offered to it.
        self.listener.has_read_on(keep.now);
        Poll::Ready(batch.map(|batch| self.hand_out(entries, batch)))
    }
}
