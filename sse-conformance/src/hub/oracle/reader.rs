//! One connection, judged by what it was given.

use std::collections::BTreeSet;

use sse_hub::{Epoch, Ids, Lagging, Position, Resume};

use super::{
    delivery::REPLACED,
    expected::{Expected, From, Row},
    truth::{Entry, State, Truth},
    violation::{END, LAG, RESUME, START, Violation},
};
use crate::hub::{coverage::Coverage, record::Wish};

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what was told so far")]
pub(super) struct Reader {
    pub(super) number: usize,
    pub(super) hub: usize,
    pub(super) wish: Wish,
    pub(super) log_head: u64,
    pub(super) head_before: u64,
    pub(super) head_after: u64,
    /// The epoch under which it was let in, and the one under which it came to where it is.
    pub(super) epoch: Epoch,
    pub(super) lineage: Epoch,
    /// What is asked for, each from behind some sequence on.
    pub(super) selectors: Vec<(String, u64)>,
    /// Everything up to here was delivered, or need not be; `None` while the first block has yet to say.
    pub(super) base: Option<u64>,
    pub(super) row: Option<Row>,
    /// The first entry that reading is to begin with, and the last before it that it is not to begin with.
    pub(super) first_wanted: Option<u64>,
    pub(super) last_unwanted: u64,
    pub(super) has_added_topics: bool,
    /// The same when it asked.
    when_asked: Option<(Option<u64>, u64)>,
    /// Entries that were gone before their topic was added, where the provider may have them still.
    pub(super) gone_before: BTreeSet<u64>,
    pub(super) resume: Option<Resume>,
    pub(super) told_gap: bool,
    pub(super) opened: bool,
    pub(super) rejected: bool,
    /// Entries up to here need not be delivered if they were not retained.
    pub(super) lenient_through: u64,
    pub(super) replayed: u64,
    /// How many changes of epoch it knows of.
    pub(super) epochs_known: u64,
    pub(super) kicked_at: Option<u64>,
    /// When it was seen to read last.
    pub(super) read_at: u64,
    /// Why it must have been released.
    pub(super) overdue: Option<String>,
    pub(super) closed: Option<String>,
    pub(super) is_over: bool,
}

/// So often a hub looks who is too far behind, in milliseconds.
const TICK: u64 = 250;

pub(super) type Checked = Result<(), Violation>;

impl Reader {
    pub(super) fn new(number: usize, hub: usize, wish: Wish, log_head: u64, log: &Truth) -> Self {
        Self {
            number,
            hub,
            selectors: wish.selectors.iter().map(|it| (it.clone(), 0)).collect(),
            wish,
            log_head,
            head_before: log.head,
            head_after: log.head,
            epoch: log.epoch,
            lineage: log.epoch,
            base: None,
            row: None,
            first_wanted: None,
            last_unwanted: 0,
            has_added_topics: false,
            when_asked: None,
            gone_before: BTreeSet::new(),
            resume: None,
            told_gap: false,
            opened: false,
            rejected: log.draining,
            lenient_through: 0,
            replayed: 0,
            epochs_known: log.epochs_changed,
            kicked_at: None,
            read_at: 0,
            overdue: None,
            closed: None,
            is_over: false,
        }
    }

    /// Looks, after all that is due was done, whether it is further behind than it may be.
    ///
    /// Only what was published to it since it was let in counts, and nothing that there may be a reason to leave out.
    pub(super) fn falls_behind(&mut self, log: &Truth, now: u64) {
        let is_judged = !log.rules.replay
            && self.wish.lagging == Lagging::Disconnect
            && self.row.is_some()
            && !(self.is_over || self.rejected || log.draining || self.has_added_topics)
            && self.kicked_at.is_none();
        let Some(base) = self.base.filter(|_| is_judged) else {
            return;
        };
        let after = base.max(self.head_after);
        let waiting = log.entries.range(after + 1..).map(|(_, it)| it);
        let waiting: Vec<_> = waiting
            .filter(|it| it.state == State::Retained && self.asks_for(it))
            .filter(|it| self.excuse(it, log, now).is_none())
            .collect();
        let allowed = self.wish.may_lag;
        let bytes: usize = waiting.iter().map(|it| it.data.len()).sum();
        let since = waiting.first().map_or(now, |it| it.at.max(self.read_at));
        let is_too_old = base >= self.head_after && now - since > allowed.millis + TICK;
        if waiting.len() > allowed.entries || bytes > allowed.bytes || is_too_old {
            let text = format!(
                "{} entries, {bytes} bytes and {} ms, where {allowed:?} is allowed",
                waiting.len(),
                now - since
            );
            self.overdue.get_or_insert(text);
        }
    }

    /// Checks that it is given nothing more once it is further behind than it may be.
    pub(super) fn is_released(&self) -> Checked {
        match &self.overdue {
            Some(behind) => self.wrong(LAG, format!("is not released though behind by {behind}")),
            None => Ok(()),
        }
    }

    pub(super) fn wrong<T>(
        &self,
        check: &'static str,
        what: impl AsRef<str>,
    ) -> Result<T, Violation> {
        let (number, what) = (self.number, what.as_ref());
        Err(Violation::new(
            check,
            format!("connection {number}: {what}"),
        ))
    }

    /// The rows that fit, by what the log is now.
    pub(super) fn expected(&self, log: &Truth) -> Expected {
        Expected::of(&self.wish, log, self.log_head)
    }

    pub(super) fn connected(
        &mut self,
        resume: &Resume,
        log: &Truth,
        now: u64,
        coverage: &mut Coverage,
    ) -> Checked {
        self.resume = Some(resume.clone());
        // One that had to wait may find the hub ending.
        self.rejected = log.draining;
        if self.rejected {
            coverage.saw("end: rejected while draining");
            return match resume {
                Resume::Fresh => Ok(()),
                _ => self.wrong(RESUME, "a rejection says that it resumes"),
            };
        }
        self.head_after = log.head;
        self.epochs_known = log.epochs_changed;
        (self.epoch, self.lineage) = (log.epoch, log.epoch);
        let word = word(resume);
        let expected = self.expected(log);
        let Some(row) = expected.rows.iter().find(|row| row.word == word).copied() else {
            let asked = self
                .wish
                .after
                .as_ref()
                .map(|id| id.as_str().chars().take(60).collect::<String>());
            return self.wrong(
                RESUME,
                format!(
                    "{word} for {asked:?} on {:?}, where {:?} is right (head {}-{}, lost {})",
                    self.wish.selectors,
                    expected
                        .rows
                        .iter()
                        .map(|row| (row.name, row.word))
                        .collect::<Vec<_>>(),
                    log.epoch,
                    log.head,
                    log.lost(&self.wish.selectors),
                ),
            );
        };
        let waited = self
            .wish
            .after
            .as_ref()
            .and_then(|id| id.as_str().parse::<Position>().ok())
            .is_some_and(|it| it.epoch == log.epoch && it.seq > self.head_before);
        coverage.saw(format!("row {}", row.name));
        if matches!(row.from, From::After(seq) if seq < log.trimmed) && log.rules.by_topic {
            coverage.saw("complete behind what others lost");
        }
        if waited && word == "complete" {
            coverage.saw("row R6 waited");
        }
        if row.name == "R0" {
            coverage.saw(format!("start {}", start_name(row.from)));
        }
        self.row = Some(row);
        if log.rules.exact || log.rules.replay {
            self.first_wanted = self.first_wanted(log, row.from, now);
        }
        self.last_unwanted = self.unwanted(log, row.from, now);
        let counts_replaced =
            matches!(row.from, From::Last(_)) && self.wish.lagging == Lagging::LatestPerKey;
        if counts_replaced && !log.rules.exact {
            // Only what is retained replaces another, and that is not known.
            (self.first_wanted, self.last_unwanted) = (None, 0);
        }
        if let (true, Some((first, last))) = (log.rules.replay, self.when_asked) {
            // A log elsewhere is looked at some time between asking and being let in.
            self.first_wanted = self
                .first_wanted
                .zip(first)
                .map(|(now, then)| now.max(then));
            self.last_unwanted = self.last_unwanted.min(last);
        }
        if !matches!(row.from, From::After(_) | From::Head) {
            self.lenient_through = self.head_after;
        }
        match row.from {
            From::After(seq) => self.base = Some(seq),
            // No block of the hub's will say where it begins.
            // Where the log's own replay begins is not known here: with what comes first.
            _ if log.rules.ids == Ids::Bare && log.rules.replay && row.from != From::Head => {}
            _ if log.rules.ids == Ids::Bare => self.base = Some(self.start_without_word(log, row)),
            _ => {}
        }
        Ok(())
    }

    fn start_without_word(&self, log: &Truth, row: Row) -> u64 {
        match row.from {
            From::Retained(after) if !log.rules.exact => after,
            From::Last(_) | From::Since(_) if !log.rules.exact => 0,
            From::Since(time) => {
                let mut recent = log.retained().filter(|it| it.unix_millis >= time);
                recent.next().map_or(self.head_after, |it| it.seq - 1)
            }
            _ => self.first_wanted.map_or(self.head_after, |first| first - 1),
        }
    }

    /// Notes what reading would begin with if it began when it is asked for.
    pub(super) fn asks(&mut self, log: &Truth, now: u64) {
        let expected = self.expected(log);
        if let [row @ Row { name: "R0", .. }] = expected.rows[..] {
            self.first_wanted = self.first_wanted(log, row.from, now);
            let last = self.unwanted(log, row.from, now);
            self.when_asked = Some((self.first_wanted.take(), last));
        }
    }

    /// The last entry that reading is not to begin with, though it could.
    fn unwanted(&self, log: &Truth, from: From, now: u64) -> u64 {
        let first = match from {
            From::Last(_) | From::Since(_) => {
                self.wanted(log, from, now, |_| true).first().copied()
            }
            _ => None,
        };
        let Some(first) = first.filter(|_| self.first_wanted.is_some()) else {
            return 0;
        };
        let before = log
            .readable(now)
            .filter(|it| it.seq < first && self.asks_for(it));
        before.map(|it| it.seq).max().unwrap_or(0)
    }

    /// The last place before which reading may begin.
    fn first_wanted(&self, log: &Truth, from: From, now: u64) -> Option<u64> {
        let first = |counts: &dyn Fn(&str) -> bool| {
            let wanted = self.wanted(log, from, now, counts);
            wanted.first().copied()
        };
        // What replaces an entry may be where only the log itself has it: then both are delivered, and count.
        first(&|_| true).max(first(&|why| why != REPLACED || log.rules.exact))
    }

    /// The entries that reading is to begin with; what there is a reason to leave out does not count.
    fn wanted(
        &self,
        log: &Truth,
        from: From,
        now: u64,
        is_reason: impl Fn(&str) -> bool,
    ) -> Vec<u64> {
        let matching = log
            .readable(now)
            .filter(|entry| entry.seq <= self.head_after && self.asks_for(entry));
        let mut seqs: Vec<u64> = match from {
            From::Retained(after) => matching.map(|it| it.seq).filter(|&it| it > after).collect(),
            // What is not delivered does not count.
            From::Last(_) => matching
                .filter(|it| !self.excuse(it, log, now).is_some_and(&is_reason))
                .map(|it| it.seq)
                .collect(),
            From::Since(time) => {
                let all = log.readable(now).filter(|it| it.seq <= self.head_after);
                let mut all = all.skip_while(|it| it.unix_millis < time);
                let first = all.next().map_or(u64::MAX, |it| it.seq);
                matching
                    .map(|it| it.seq)
                    .filter(|&it| it >= first)
                    .collect()
            }
            From::Head | From::After(_) => Vec::new(),
        };
        if let From::Last(count) = from {
            seqs.drain(..seqs.len().saturating_sub(count));
        }
        seqs
    }

    pub(super) fn asks_for(&self, entry: &Entry) -> bool {
        let active = self.selectors.iter().filter(|(_, from)| *from < entry.seq);
        entry.is_for(active.map(|(selector, _)| selector.as_str()))
    }

    /// Checks the place at which the first block says that reading begins, by what the log was when it was let in.
    pub(super) fn begins_at(&mut self, at: Position) -> Checked {
        let Some(row) = self.row else {
            return self.wrong(START, "something came before it was connected");
        };
        if at.epoch != self.epoch {
            return self.wrong(START, format!("begins in another log: {at}"));
        }
        let seq = at.seq;
        let heads = self.head_before.min(self.head_after)..=self.head_after;
        let right = match (row.from, self.first_wanted) {
            (From::After(after), _) => seq == after,
            (From::Head, _) => heads.contains(&seq),
            (_, None) => seq <= self.head_after,
            (_, Some(first)) => first > seq && seq >= self.last_unwanted,
        };
        if !right {
            let (first, before) = (self.first_wanted, self.last_unwanted);
            return self.wrong(
                START,
                format!(
                    "begins behind {seq} by {}, where {first:?} is wanted and {before} is not",
                    row.name
                ),
            );
        }
        self.base = Some(seq);
        Ok(())
    }

    /// Whether what it was given last is withdrawn, so that it must be told before it is given anything else.
    pub(super) fn is_left_behind(&self, log: &Truth) -> bool {
        let base = self.base.unwrap_or(0);
        base > log.last_shared_with(self.lineage)
    }

    pub(super) fn refused(&self, word: &str, log: &Truth, coverage: &mut Coverage) -> Checked {
        let expected = self.expected(log);
        match expected.rows.iter().find(|row| row.word == word) {
            Some(row) if !matches!(word, "fresh" | "complete") => {
                coverage.saw(format!("row {}", row.name));
                coverage.saw("on gap fail");
                Ok(())
            }
            _ => self.wrong(
                RESUME,
                format!("refused with {word}, where {expected:?} is right"),
            ),
        }
    }

    pub(super) fn ended(
        &mut self,
        reason: Option<&str>,
        log: &Truth,
        coverage: &mut Coverage,
    ) -> Checked {
        self.is_over = true;
        if log.rules.ids == Ids::Bare {
            coverage.saw(format!("end without a word: {}", reason.unwrap_or("none")));
            return match reason {
                None => self.wrong(END, "the stream ended for no reason"),
                Some(_) => Ok(()),
            };
        }
        match (&self.closed, reason) {
            (Some(told), Some(reason)) if told == reason => Ok(()),
            (told, reason) => self.wrong(
                END,
                format!("{told:?} is told and {reason:?} is the reason"),
            ),
        }
    }

    pub(super) fn kicked(&mut self, log: &Truth) {
        self.kicked_at.get_or_insert(log.head);
    }

    pub(super) fn change_topics(
        &mut self,
        added: &[String],
        removed: &[String],
        after: u64,
        log: &Truth,
    ) {
        for (_, entry) in log.entries.range(after + 1..) {
            let there = entry.state == State::Retained && log.rules.exact;
            if log.rules.replay && !there && !self.asks_for(entry) {
                self.gone_before.insert(entry.seq);
            }
        }
        self.selectors.retain(|(it, _)| !removed.contains(it));
        self.has_added_topics |= !added.is_empty();
        for selector in added {
            if self.selectors.iter().all(|(it, _)| it != selector) {
                self.selectors.push((selector.clone(), after));
            }
        }
    }
}

/// The word for what became of a cursor: a gap's reason, or none.
pub(super) fn word(resume: &Resume) -> &str {
    match resume {
        Resume::Gap(gap) => gap.reason.as_str(),
        other => other.as_str(),
    }
}

fn start_name(from: From) -> &'static str {
    match from {
        From::Head => "latest",
        From::Retained(_) => "earliest",
        From::Last(_) => "last",
        From::Since(_) => "since",
        From::After(_) => "after",
    }
}
