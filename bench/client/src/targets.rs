//! What our client has to reach, and whether it does.

use crate::{
    contenders::{ALL, Contender},
    run::Table,
    spread::Spread,
};

/// A ratio that is asked for beside what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) what: String,
    pub(crate) measured: Spread,
    pub(crate) at_most: f64,
}

impl Outcome {
    pub(crate) fn met(&self) -> bool {
        self.measured.median <= self.at_most
    }
}

/// Against the sum of what its parts cost alone.
const PARTS: f64 = 1.15;

/// Against the best peer.
const PEER: f64 = 0.5;

/// Ratios are taken round by round.
pub(crate) fn outcomes(table: &Table) -> Vec<Outcome> {
    let ours = table.rounds(Contender::Ours);
    let transport = table.rounds(Contender::Transport);
    let decoding = table.rounds(Contender::Decoding);
    let parts = transport.iter().zip(decoding).map(|(a, b)| a + b);
    let parts = ours.iter().zip(parts).map(|(ours, parts)| ours / parts);
    let mut outcomes = vec![Outcome {
        what: format!("{:<7} ÷ (transport + decoding)", table.shape),
        measured: Spread::of(parts),
        at_most: PARTS,
    }];
    if let Some(best) = best_peer(table) {
        let ratios = ours.iter().zip(table.rounds(best)).map(|(a, b)| a / b);
        outcomes.push(Outcome {
            what: format!("{:<7} ÷ {}", table.shape, best.name()),
            measured: Spread::of(ratios),
            at_most: PEER,
        });
    }
    outcomes
}

pub(crate) fn best_peer(table: &Table) -> Option<Contender> {
    let median = |peer: &Contender| Spread::of(table.rounds(*peer).iter().copied()).median;
    let peers = ALL.into_iter().filter(|contender| contender.is_peer());
    peers.min_by(|a, b| median(a).total_cmp(&median(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_judged_by_the_median_of_the_rounds() {
        let rows = ALL.into_iter().map(|contender| match contender {
            Contender::Ours => (contender, vec![1.0, 1.2, 9.0]),
            Contender::Transport | Contender::Decoding => (contender, vec![0.5, 0.5, 0.5]),
            Contender::Sseer => (contender, vec![3.0, 3.0, 3.0]),
            _ => (contender, vec![4.0, 4.0, 4.0]),
        });
        let table = Table {
            shape: "any",
            rows: rows.collect(),
        };
        let met: Vec<_> = outcomes(&table).iter().map(Outcome::met).collect();
        assert_eq!(met, [false, true]);
    }
}
