//! What a connection is given: openings, entries, ids.

use sse_core::{EventId, Received};
use sse_hub::{Ids, Lagging, Position, Resume};

use super::{
    reader::{Checked, Reader},
    truth::{Entry, State, Truth},
    violation::{END, GAP, LOSS, ORDER, START, TRUTH},
};
use crate::hub::coverage::Coverage;

impl Reader {
    pub(super) fn received(
        &mut self,
        block: &Received,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        self.read_at = now;
        if self.closed.is_some() {
            return self.wrong(END, "something came after the closing event");
        }
        if let Some(gap) = block.gap() {
            return self.gap(&gap, block, log, now, coverage);
        }
        if block.event_type() == "hub.close" {
            return self.close(block, log, now, coverage);
        }
        if block.event.data.is_none() || block.event_type() == "hub.live" {
            return self.control(block, log, now, coverage);
        }
        self.entry(block, log, now, coverage)
    }

    /// An opening, a keep-alive, a marker.
    fn control(
        &mut self,
        block: &Received,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        let id = block.event.id.as_ref();
        if !self.opened {
            self.opened = true;
            return match (self.resume.as_ref(), id) {
                _ if self.rejected || log.rules.ids == Ids::Bare => match id {
                    None => Ok(()),
                    Some(_) => self.wrong(GAP, "an opening bears an id that must not"),
                },
                (Some(Resume::Gap(_)), None) => Ok(()),
                (Some(Resume::Gap(_)), Some(_)) => {
                    self.wrong(GAP, "an id stands before the gap is told")
                }
                (Some(Resume::Complete), id) if id == self.wish.after.as_ref() => Ok(()),
                (Some(Resume::Complete), _) => {
                    self.wrong(START, "a complete resume is not told its own id")
                }
                (_, Some(id)) => match id.as_str().parse::<Position>() {
                    Ok(position) => self.begins_at(position),
                    Err(_) => self.wrong(START, "an opening has a strange id"),
                },
                (_, None) => self.wrong(START, "an opening bears no id"),
            };
        }
        match id {
            Some(id) => {
                coverage.saw(if block.event.data.is_some() {
                    "live marker"
                } else {
                    "keep-alive"
                });
                self.claims(id, log, now, coverage)
            }
            None => Ok(()),
        }
    }

    /// Checks what an id says: that everything up to it was considered.
    pub(super) fn claims(
        &mut self,
        id: &EventId,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        if matches!(self.resume, Some(Resume::Gap(_))) && !self.told_gap {
            return self.wrong(GAP, "an id stands before the gap is told");
        }
        let Ok(position) = id.as_str().parse::<Position>() else {
            // A publisher's own, as last entry.
            return Ok(());
        };
        self.considered(position, log, now, coverage)
    }

    /// Checks a place up to which everything is said to have been considered.
    pub(super) fn considered(
        &mut self,
        position: Position,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        self.read_at = now;
        if log.has(position) {
            if position.seq > log.head {
                return self.wrong(TRUTH, format!("a position is ahead of the log: {position}"));
            }
            self.pass(position.seq, log, now, coverage)
        } else if self.epochs_known < log.epochs_changed {
            Ok(())
        } else {
            self.wrong(TRUTH, format!("a position is of another log: {position}"))
        }
    }

    fn entry(
        &mut self,
        block: &Received,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        self.is_released()?;
        let data = block.data();
        if self.rejected {
            return self.wrong(END, "a rejection delivers");
        }
        if matches!(self.resume, Some(Resume::Gap(_)))
            && !self.told_gap
            && log.rules.ids != Ids::Bare
        {
            return self.wrong(GAP, format!("{data} stands before the gap is told"));
        }
        let Some(entry) = log.entries.values().rev().find(|it| it.data == data) else {
            let early = log.withdrawn.iter().any(|it| it.data == data);
            return if early && self.epochs_known < log.epochs_changed {
                Ok(())
            } else {
                self.wrong(TRUTH, format!("{data} is delivered, and is not in the log"))
            };
        };
        if self.base.is_none() && log.rules.ids == Ids::Bare {
            (self.base, self.lineage) = (Some(entry.seq - 1), log.epoch);
        }
        let Some(base) = self.base else {
            return self.wrong(
                START,
                format!("{data} is delivered before it is said where reading begins"),
            );
        };
        if self.is_left_behind(log) {
            return self.wrong(GAP, format!("{data} stands before a rollback is told"));
        }
        if entry.seq <= base {
            return self.wrong(
                ORDER,
                format!("{data} ({}) is delivered behind {base}", entry.seq),
            );
        }
        if !self.asks_for(entry) {
            return self.wrong(
                TRUTH,
                format!(
                    "{data} was not asked for: {:?} by {:?}",
                    entry.topics, self.selectors
                ),
            );
        }
        let expected_id = entry.wire_id(log.rules.ids);
        // What comes from the provider's replay bears the present epoch.
        let position = |id: &EventId| id.as_str().parse::<Position>().ok();
        let same_place = |id: &EventId| {
            position(id).is_some_and(|it| {
                (it.epoch, it.seq) == (log.epoch, entry.seq) && it.nonce == entry.nonce
            })
        };
        let is_cold = log.rules.replay
            && expected_id
                .as_ref()
                .is_some_and(|id| position(id).is_some());
        if block.event.id != expected_id
            && !(is_cold && block.event.id.as_ref().is_some_and(same_place))
        {
            return self.wrong(
                TRUTH,
                format!(
                    "{data} bears {:?} instead of {expected_id:?}",
                    block.event.id
                ),
            );
        }
        if entry.expires <= now {
            return self.wrong(TRUTH, format!("{data} is delivered after its time"));
        }
        let is_replayed = entry.seq <= self.head_before.min(log.last_shared_with(self.epoch));
        if is_replayed && !log.obeys_the_rule(entry) {
            return self.wrong(TRUTH, format!("{data} is replayed against the rule"));
        }
        let seq = entry.seq;
        if is_replayed {
            self.replayed += 1;
        }
        if log
            .rules
            .max_replay
            .is_some_and(|most| self.replayed > most)
        {
            return self.wrong(END, "more is replayed than one connection gets");
        }
        coverage.saw("delivered");
        self.pass(seq - 1, log, now, coverage)?;
        (self.base, self.lineage) = (Some(seq), log.epoch);
        Ok(())
    }

    /// Checks that nothing up to here is missing without reason.
    pub(super) fn pass(
        &mut self,
        through: u64,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        let Some(base) = self.base else {
            return Ok(());
        };
        if self.is_left_behind(log) {
            return self.wrong(GAP, format!("comes to {through} before a rollback is told"));
        }
        if through <= base {
            return Ok(());
        }
        let passed = |&&(_, to): &&(u64, u64)| to > base && to <= through;
        if let Some((from, to)) = log.holes.iter().find(passed) {
            return self.wrong(LOSS, format!("the hole {from}–{to} is not told"));
        }
        for (_, entry) in log.entries.range(base + 1..=through) {
            if !self.asks_for(entry) {
                continue;
            }
            if let Some(reason) = self.excuse(entry, log, now) {
                coverage.saw(format!("left out: {reason}"));
                continue;
            }
            return self.wrong(
                LOSS,
                format!(
                    "{} ({}, {:?}) is missing between {base} and {through}",
                    entry.data, entry.seq, entry.state
                ),
            );
        }
        (self.base, self.lineage) = (Some(through), log.epoch);
        Ok(())
    }

    pub(super) fn excuse(&self, entry: &Entry, log: &Truth, now: u64) -> Option<&'static str> {
        if entry.expires <= now {
            return Some("its time is over");
        }
        if entry.seq <= self.head_after && !log.obeys_the_rule(entry) {
            return Some("retention's own rule");
        }
        if self.gone_before.contains(&entry.seq) {
            return Some("gone before its topic was added");
        }
        if entry.seq <= self.lenient_through && !log.is_held(entry) {
            return Some("not retained at the beginning");
        }
        if self.wish.lagging == Lagging::LatestPerKey {
            let mut later = log.entries.range(entry.seq + 1..).map(|(_, it)| it);
            let replaced = later.any(|it| {
                it.replaces(entry)
                    && self.asks_for(it)
                    && it.expires > now
                    && (it.state == State::Retained || !log.rules.exact)
                    && (it.seq > self.head_after || log.obeys_the_rule(it))
            });
            if replaced {
                return Some(REPLACED);
            }
        }
        None
    }
}

/// Why an entry is left out that another has replaced.
pub(super) const REPLACED: &str = "replaced under its key";
