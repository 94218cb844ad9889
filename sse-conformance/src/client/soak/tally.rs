use std::{collections::BTreeMap, fmt};

use super::family::Family;

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
    const TROUBLES: &'static [&'static str] = &[
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

    /// What never occurred of what must: troubles, and bytes of an event behind which no cut was.
    pub fn missing(&self, family: Family) -> Vec<String> {
        let gaps: &[&str] = match family {
            Family::Whole => &[],
            Family::Small => &["gap told"],
        };
        let wanted = Self::TROUBLES.iter().chain(gaps);
        let troubles = wanted.filter(|what| self.count(what) == 0);
        let bytes = (0..EVENT).filter(|at| !self.cuts.contains_key(at));
        troubles
            .map(|what| (*what).to_owned())
            .chain(bytes.map(|at| format!("a cut {at} bytes into an event")))
            .collect()
    }
}

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
