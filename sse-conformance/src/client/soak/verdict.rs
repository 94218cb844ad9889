use std::fmt;

use sse_core::{EventId, Gap, GapReason};
use sse_hub::Position;

use super::{family::Family, log::Entry, text::number_of};

/// What a run shows to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    check: &'static str,
    what: String,
}

impl Violation {
    pub(super) fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            what: what.into(),
        }
    }

    /// The check that found it.
    pub fn check(&self) -> &'static str {
        self.check
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.what)
    }
}

/// What a client handed over.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// An event's data, and the last event ID at its dispatch.
    Event(String, EventId),
    /// What a gap says, and the last event ID at its dispatch.
    Gap(Gap, EventId),
    /// An id without an event.
    Checkpoint(EventId),
}

pub(super) const SEQUENCE: &str = "sequence";
pub(super) const GAP: &str = "gap";
pub(super) const HALF: &str = "half";
pub(super) const STATE: &str = "state";
pub(super) const REQUEST: &str = "request";
pub(super) const RETRY: &str = "retry";
pub(super) const END: &str = "end";
pub(super) const LIVENESS: &str = "liveness";
pub(super) const LEFT: &str = "left";

/// Judges what was handed over by what was published.
pub(super) fn judge(family: Family, entries: &[Entry], items: &[Item]) -> Result<(), Violation> {
    let mut walk = Walk {
        family,
        entries,
        at: 0,
    };
    for item in items {
        match item {
            Item::Event(text, id) => walk.event(text, id)?,
            Item::Gap(gap, id) => walk.gap(gap, id)?,
            Item::Checkpoint(id) => walk.checkpoint(id)?,
        }
    }
    Ok(())
}

struct Walk<'a> {
    family: Family,
    entries: &'a [Entry],
    /// Everything up to this sequence has been accounted for.
    at: u64,
}

impl Walk<'_> {
    fn event(&mut self, text: &str, id: &EventId) -> Result<(), Violation> {
        let Some(number) = number_of(text) else {
            return Err(Violation::new(HALF, format!("{text:?} is not whole")));
        };
        let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
        let Some(entry) = self.entries.get(index) else {
            let text = format!("{number} was never published");
            return Err(Violation::new(SEQUENCE, text));
        };
        if entry.seq <= self.at {
            let text = format!("{number} ({}) came again, or too late", entry.id);
            return Err(Violation::new(SEQUENCE, text));
        }
        self.nothing_is_missing(entry.seq - 1, "an event")?;
        if entry.id != *id {
            let text = format!("the last event ID at {number} is {id}, not {}", entry.id);
            return Err(Violation::new(STATE, text));
        }
        self.at = entry.seq;
        Ok(())
    }

    /// A gap stands for what lies behind the id that was requested, up to its own; some of that must have been published.
    fn gap(&mut self, gap: &Gap, id: &EventId) -> Result<(), Violation> {
        let wrong = |what: &str| Err(Violation::new(GAP, format!("{gap:?} at {id} {what}")));
        if self.family == Family::Whole {
            return wrong("stands where all is kept");
        }
        let (through, requested) = (seq_of(id)?, gap.requested.as_deref());
        let Some(requested) = requested.and_then(|it| it.parse().ok()).map(seq) else {
            return wrong("says behind what");
        };
        if requested < self.at {
            return wrong("goes back behind what was read");
        }
        self.nothing_is_missing(requested, "a gap")?;
        let missing = self.published(requested, through);
        if missing == 0 {
            return wrong("stands for nothing");
        }
        if gap.missed_max.is_some_and(|most| most < missing as u64) {
            return wrong("says that fewer are missing");
        }
        let is_expired = gap.reason == GapReason::Expired;
        if !is_expired && gap.reason != GapReason::Slow {
            return wrong("has a reason that there cannot be");
        }
        if let Some(earliest) = &gap.earliest {
            let Some(entry) = self.entries.iter().find(|entry| entry.id == *earliest) else {
                return wrong("names as earliest what was never published");
            };
            if entry.seq <= through || is_expired && self.published(through, entry.seq - 1) > 0 {
                return wrong("does not end before what it says is the earliest");
            }
        }
        self.at = through;
        Ok(())
    }

    fn checkpoint(&mut self, id: &EventId) -> Result<(), Violation> {
        let through = seq_of(id)?;
        self.nothing_is_missing(through, "a checkpoint")?;
        self.at = self.at.max(through);
        Ok(())
    }

    /// What has not been accounted for is not passed over in silence.
    fn nothing_is_missing(&self, through: u64, before: &str) -> Result<(), Violation> {
        let missing = self.published(self.at, through);
        if missing == 0 {
            return Ok(());
        }
        let text = format!(
            "{missing} entries behind {} are missing before {before} without a word",
            self.at
        );
        Err(Violation::new(SEQUENCE, text))
    }

    /// How many entries lie behind `from`, up to `through`.
    fn published(&self, from: u64, through: u64) -> usize {
        let within = |entry: &&Entry| from < entry.seq && entry.seq <= through;
        self.entries.iter().filter(within).count()
    }
}

pub(super) fn seq_of(id: &EventId) -> Result<u64, Violation> {
    let unknown = |_| Violation::new(STATE, format!("{id:?} is no id of the hub"));
    id.as_str().parse::<Position>().map(seq).map_err(unknown)
}

fn seq(position: Position) -> u64 {
    position.seq
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::soak::text::text_of;

    fn id(seq: u64) -> EventId {
        EventId::try_from(format!("k3v9x0qa-{seq}-0000000{seq}")).unwrap()
    }

    /// The entry with a sequence; its number is one less, as if something else had been published first.
    fn event(seq: u64) -> Item {
        Item::Event(text_of(seq - 1, 2), id(seq))
    }

    fn gap(requested: u64, through: u64) -> Item {
        let gap = Gap::new(GapReason::Expired).requested(id(requested).into_text());
        Item::Gap(gap, id(through))
    }

    /// The check that finds something wrong, where the sequences 2 to 6 were published.
    #[track_caller]
    fn check(items: impl IntoIterator<Item = Item>, expected: Option<&str>) {
        let entries: Vec<_> = (2..=6).map(|seq| Entry { seq, id: id(seq) }).collect();
        let items: Vec<_> = [Item::Checkpoint(id(1))].into_iter().chain(items).collect();
        let judged = judge(Family::Small, &entries, &items).err();
        let found = judged.as_ref().map(Violation::check);
        assert_eq!(found, expected, "{judged:?} in {items:?}");
    }

    #[test]
    fn events_must_follow_each_other() {
        check([event(2), event(3), event(4)], None);
        check([event(2), event(4)], Some(SEQUENCE));
        check([event(2), event(2)], Some(SEQUENCE));
        check([event(3), event(2)], Some(SEQUENCE));
        check([event(2), Item::Checkpoint(id(3))], Some(SEQUENCE));
        check([Item::Event("00001 0".into(), id(2))], Some(HALF));
        check([Item::Event(text_of(1, 2), id(3))], Some(STATE));
    }

    #[test]
    fn a_gap_stands_for_what_it_says_and_for_nothing_else() {
        check([event(2), gap(2, 4), event(5)], None);
        check([event(2), gap(2, 3), gap(3, 5), event(6)], None);
        check([event(2), gap(2, 4)], None);
        // What is missing behind it, or before it, it does not tell of.
        check([event(2), gap(2, 3), event(5)], Some(SEQUENCE));
        check(
            [event(2), gap(2, 3), Item::Checkpoint(id(4))],
            Some(SEQUENCE),
        );
        check([event(2), gap(3, 4), event(5)], Some(SEQUENCE));
        check([event(2), gap(2, 4), event(4)], Some(SEQUENCE));
        // Nothing is missing, also where nothing follows.
        check([event(2), gap(2, 2), event(3)], Some(GAP));
        check([event(2), event(3), gap(3, 3)], Some(GAP));
        check([event(2), event(3), gap(2, 4)], Some(GAP));
        check([event(2), gap(2, 7)], None);
        check((2..=6).map(event).chain([gap(6, 9)]), Some(GAP));
    }

    #[test]
    fn what_a_gap_says_must_be_so() {
        let gap = |change: fn(Gap) -> Gap, expected| {
            let gap = Gap::new(GapReason::Expired).requested(id(2).into_text());
            check([event(2), Item::Gap(change(gap), id(4))], expected);
        };
        gap(|it| it.earliest(id(5)).missed_max(2), None);
        gap(|it| it.missed_max(1), Some(GAP));
        gap(|it| it.earliest(id(4)), Some(GAP));
        gap(|it| it.earliest(id(6)), Some(GAP));
        gap(|it| it.earliest(id(9)), Some(GAP));
        gap(|it| it.requested("x"), Some(GAP));
        gap(|_| Gap::new(GapReason::Expired), Some(GAP));
        gap(
            |_| Gap::new(GapReason::Epoch).requested(id(2).into_text()),
            Some(GAP),
        );
        let earliest = |it: Gap| {
            let slow = Gap::new(GapReason::Slow).earliest(id(6));
            slow.requested(it.requested.unwrap_or_default())
        };
        gap(earliest, None);
    }

    #[test]
    fn where_all_is_kept_there_is_no_gap() {
        let entries = [Entry { seq: 2, id: id(2) }];
        let judged = judge(Family::Whole, &entries, &[gap(1, 2)]);
        assert_eq!(judged.unwrap_err().check(), GAP);
    }
}
