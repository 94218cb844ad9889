use std::fmt;

use sse_core::EventId;
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
    /// A gap.
    Gap(EventId),
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
        gap: Gap::None,
    };
    for item in items {
        match item {
            Item::Event(text, id) => walk.event(text, id)?,
            Item::Gap(id) => walk.gap(id)?,
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
    gap: Gap,
}

/// What was told since the last event.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Gap {
    None,
    /// A gap that stands for entries.
    Explained,
    /// A gap behind which entries must be missing.
    Open,
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
        let missing = self.published(self.at, entry.seq - 1);
        match self.gap {
            Gap::None if missing > 0 => {
                let text = format!("{missing} entries are missing before {number} without a word");
                return Err(Violation::new(SEQUENCE, text));
            }
            Gap::Open if missing == 0 => {
                let text = format!("a gap stands before {number}, and nothing is missing");
                return Err(Violation::new(GAP, text));
            }
            _ => {}
        }
        if entry.id != *id {
            let text = format!("the last event ID at {number} is {id}, not {}", entry.id);
            return Err(Violation::new(STATE, text));
        }
        (self.at, self.gap) = (entry.seq, Gap::None);
        Ok(())
    }

    fn gap(&mut self, id: &EventId) -> Result<(), Violation> {
        if self.family == Family::Whole {
            return Err(Violation::new(GAP, format!("a gap at {id}")));
        }
        let seq = seq_of(id)?;
        if seq < self.at {
            return Err(Violation::new(GAP, format!("a gap leads back to {id}")));
        }
        if self.published(self.at, seq) > 0 {
            self.gap = Gap::Explained;
        } else if self.gap == Gap::None {
            self.gap = Gap::Open;
        }
        self.at = seq;
        Ok(())
    }

    fn checkpoint(&mut self, id: &EventId) -> Result<(), Violation> {
        let seq = seq_of(id)?;
        let missing = self.published(self.at, seq);
        // What a gap has told of may be passed over.
        if missing > 0 && self.gap == Gap::None {
            let text = format!("a checkpoint at {id} passes over {missing} entries");
            return Err(Violation::new(SEQUENCE, text));
        }
        if missing > 0 {
            self.gap = Gap::Explained;
        }
        self.at = self.at.max(seq);
        Ok(())
    }

    /// How many entries lie behind `from`, up to `through`.
    fn published(&self, from: u64, through: u64) -> usize {
        let within = |entry: &&Entry| from < entry.seq && entry.seq <= through;
        self.entries.iter().filter(within).count()
    }
}

pub(super) fn seq_of(id: &EventId) -> Result<u64, Violation> {
    let position: Result<Position, _> = id.as_str().parse();
    let unknown = |_| Violation::new(STATE, format!("{id:?} is no id of the hub"));
    Ok(position.map_err(unknown)?.seq)
}
