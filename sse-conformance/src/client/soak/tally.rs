use std::{collections::BTreeMap, fmt};

use super::{course::TROUBLES, family::Family};

/// How often each trouble came over the client, and where events were cut.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, u64>,
    cuts: BTreeMap<usize, u64>,
}

/// Bytes of the shortest event's block.
///
/// `id: eeeeeeee-1-nnnnnnnn` and `data: 00001 00002 xx.`, with their line ends and the blank line.
pub(super) const EVENT: usize = 24 + 22 + 1;

impl Tally {
    /// What must occur in a long run.
    const WANTED: &'static [&'static str] = &[
        "refused",
        "cut",
        "reset",
        "black hole",
        "delayed",
        "throttled",
        "split",
        "ended in an event",
        "ended as if whole",
        "ended by the server",
        "turned away",
        "began anew with a stored state",
        "reconnected",
        "run in chunks",
        "run without chunks",
        "run over HTTP/2",
    ];

    pub(super) fn add(&mut self, what: &'static str, times: u64) {
        *self.counts.entry(what).or_default() += times;
    }

    /// A body ended so many bytes into an event.
    pub(super) fn add_cut(&mut self, at: usize) {
        *self.cuts.entry(at).or_default() += 1;
    }

    /// Adds what another run saw.
    pub fn merge(&mut self, other: &Self) {
        for (what, times) in &other.counts {
            self.add(what, *times);
        }
        for (at, times) in &other.cuts {
            *self.cuts.entry(*at).or_default() += times;
        }
    }

    /// How often this occurred.
    pub fn count(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// What never occurred of what must in so many seeds: troubles, and bytes of an event behind which no cut was.
    pub fn missing(&self, family: Family, seeds: u64) -> Vec<String> {
        let mut missing = Vec::new();
        // Fewer seeds in a row do not begin with every trouble.
        if seeds >= TROUBLES {
            let gaps: &[&str] = match family {
                Family::Whole => &[],
                Family::Small => &["gap told"],
            };
            let wanted = Self::WANTED.iter().chain(gaps);
            let troubles = wanted.filter(|what| self.count(what) == 0);
            missing.extend(troubles.map(|what| (*what).to_owned()));
        }
        if seeds >= ENOUGH_FOR_BYTES {
            let bytes = (0..EVENT).filter(|at| !self.cuts.contains_key(at));
            missing.extend(bytes.map(|at| format!("a cut {at} bytes into an event")));
        }
        missing
    }
}

/// So many seeds cut often enough for every byte of the shortest event.
const ENOUGH_FOR_BYTES: u64 = 100;

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, times) in &self.counts {
            writeln!(f, "{times:>9}  {what}")?;
        }
        let cuts: u64 = self.cuts.values().sum();
        let covered = (0..EVENT).filter(|at| self.cuts.contains_key(at)).count();
        writeln!(
            f,
            "{cuts:>9}  responses ended anywhere, behind {covered} of the {EVENT} bytes of the shortest event"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_occurred_is_told_once_there_were_seeds_enough() {
        let mut tally = Tally::default();
        let missing = |tally: &Tally, seeds| tally.missing(Family::Small, seeds).len();
        let wanted = Tally::WANTED.len() + 1;
        assert_eq!(missing(&tally, 19), 0);
        assert_eq!(missing(&tally, 20), wanted);
        assert_eq!(missing(&tally, 100), wanted + EVENT);
        tally.add("cut", 0);
        assert_eq!(missing(&tally, 20), wanted, "none is no occurrence");
        tally.add("cut", 1);
        tally.add_cut(EVENT - 1);
        assert_eq!(missing(&tally, 100), wanted + EVENT - 2);
        assert!(Tally::default().missing(Family::Whole, 20).len() < wanted);
    }
}
