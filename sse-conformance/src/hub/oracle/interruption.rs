//! What a connection is told of the hub's: gaps and ends.

use sse_core::{Gap, GapReason, Received};
use sse_hub::{Lagging, Position, Resume};

use super::{
    reader::{Checked, Reader},
    truth::{Entry, State, Truth},
    violation::{END, GAP},
};
use crate::hub::coverage::Coverage;

impl Reader {
    pub(super) fn gap(
        &mut self,
        gap: &Gap,
        block: &Received,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        let Some(Ok(at)) = block
            .event
            .id
            .as_ref()
            .map(|id| id.as_str().parse::<Position>())
        else {
            return self.wrong(GAP, "a gap bears no position");
        };
        if let (Some(Resume::Gap(promised)), false) = (&self.resume, self.told_gap) {
            if *promised != *gap {
                return self.wrong(GAP, "another gap is told than was promised");
            }
            self.told_gap = true;
            return self.begins_at(at);
        }
        if at.epoch != log.epoch && self.epochs_known == log.epochs_changed {
            return self.wrong(GAP, "a gap's id is of another log");
        }
        if at.epoch == log.epoch && at.seq > log.head {
            return self.wrong(GAP, "a gap's id is ahead of the log");
        }
        let (reason, base) = (&gap.reason, self.base.unwrap_or(0));
        let legal = match reason {
            GapReason::Slow => self.wish.lagging != Lagging::Disconnect,
            GapReason::Expired => {
                !log.cleared.is_empty() || log.rules.replay || self.has_added_topics
            }
            GapReason::Rollback => log.epochs_changed > 0,
            GapReason::Provider => {
                let mut holes = log.holes_told.iter();
                holes.any(|&(from, to)| to > base && from <= at.seq)
            }
            _ => false,
        };
        if !legal {
            return self.wrong(GAP, format!("a gap {reason} is told without a cause"));
        }
        if at.seq < base && *reason != GapReason::Rollback {
            return self.wrong(GAP, format!("a gap goes back from {base} to {}", at.seq));
        }
        coverage.saw(format!("live gap {reason}"));
        match reason {
            GapReason::Slow => {
                coverage.saw("row R10");
                coverage.saw(if self.wish.lagging == Lagging::Skip {
                    "policy skip"
                } else {
                    "policy latest per key"
                });
            }
            GapReason::Provider => coverage.saw("row R11"),
            GapReason::Rollback => {
                // It goes back no further than needed, and then all that is there is new.
                self.epochs_known = log.changes_until(at.epoch);
                self.base = Some(base.min(log.last_shared_with(self.lineage)));
                self.lineage = at.epoch;
                for (_, from) in &mut self.selectors {
                    *from = (*from).min(at.seq);
                }
                self.gone_before.retain(|&seq| seq <= at.seq);
                if at.epoch == log.epoch {
                    self.pass(at.seq, log, now, coverage)?;
                }
            }
            _ => {}
        }
        // Nothing may be skipped but what is gone: except when skipping is what was asked for.
        let is_exact = matches!(reason, GapReason::Expired | GapReason::Provider);
        if is_exact && at.seq > base {
            let skipped = log.entries.range(base + 1..=at.seq).map(|(_, it)| it);
            let mut whole = skipped.filter(|it| log.is_held(it) && self.asks_for(it));
            if let Some(entry) = whole.find(|it| self.excuse(it, log, now).is_none()) {
                return self.wrong(
                    GAP,
                    format!("a gap {reason} skips {}, which is there", entry.seq),
                );
            }
        }
        // What was gone by then is what the gap is about, wherever it lay.
        self.lenient_through = self.lenient_through.max(log.head);
        (self.base, self.lineage) = (Some(at.seq), at.epoch);
        Ok(())
    }

    pub(super) fn close(
        &mut self,
        block: &Received,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        let reason = block
            .data()
            .strip_prefix(r#"{"reason":""#)
            .and_then(|it| it.strip_suffix(r#""}"#))
            .unwrap_or_default()
            .to_owned();
        self.closed = Some(reason.clone());
        let id = block.event.id.as_ref();
        if self.rejected {
            return match (reason.as_str(), id) {
                ("overload", None) => Ok(()),
                _ => self.wrong(END, format!("a rejection ends with {reason} and {id:?}")),
            };
        }
        let legal = match reason.as_str() {
            "slow" => self.wish.lagging == Lagging::Disconnect || log.rules.pin_limit,
            "drain" => log.draining,
            "replay" => log.rules.max_replay.is_some(),
            "kicked" => self.kicked_at.is_some(),
            "overload" => log.rules.replay,
            _ => false,
        };
        if !legal {
            return self.wrong(END, format!("it is closed for {reason} without a cause"));
        }
        if reason == "slow" && self.overdue.is_some() {
            coverage.saw("released: too far behind");
        }
        coverage.saw(format!("end: {reason}"));
        match reason.as_str() {
            "slow" if self.wish.lagging == Lagging::Disconnect => coverage.saw("policy disconnect"),
            "replay" => coverage.saw("row R9"),
            "kicked" => {
                let through = self.kicked_at.unwrap_or(0);
                if let Some(Ok(position)) = id.map(|id| id.as_str().parse::<Position>())
                    && position.epoch == log.epoch
                    && position.seq < through
                    && self.told_gap == matches!(self.resume, Some(Resume::Gap(_)))
                {
                    let at = position.seq;
                    self.pass(at, log, now, coverage)?;
                    // Once something is gone that it had yet to come to, it ends where it is.
                    let gone = |it: &Entry| it.state != State::Retained && self.asks_for(it);
                    let is_whole =
                        !log.rules.replay && !log.entries.range(at + 1..).any(|(_, it)| gone(it));
                    let left = log.entries.range(at + 1..=through).map(|(_, it)| it);
                    let mut left = left.filter(|_| is_whole);
                    let ready = |it: &&Entry| {
                        let there = it.state == State::Retained && log.rules.exact;
                        there && self.asks_for(it) && self.excuse(it, log, now).is_none()
                    };
                    if let Some(entry) = left.find(ready) {
                        return self.wrong(
                            END,
                            format!(
                                "{} was ready and is not delivered before the end",
                                entry.data
                            ),
                        );
                    }
                }
            }
            _ => {}
        }
        match id {
            Some(id) => self.claims(id, log, now, coverage),
            None => self.wrong(END, "a closing event bears no id"),
        }
    }
}
