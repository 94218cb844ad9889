//! What is printed.

use std::fmt::Write;

use crate::{
    contenders::Contender,
    options::Options,
    run::Table,
    spread::Spread,
    targets::{Outcome, best_peer},
};

pub(crate) fn header(options: &Options) -> String {
    let profile = if cfg!(debug_assertions) {
        "profile: dev: NOT OPTIMISED, the figures mean nothing\n"
    } else {
        ""
    };
    format!(
        "{profile}CPU seconds of the client's process per GB, user's and system's: \
         median (p10–p90) of {} interleaved rounds of {} MB\n",
        options.rounds,
        options.bytes / 1_000_000
    )
}

pub(crate) fn table(table: &Table) -> String {
    let best = best_peer(table);
    let ours = table.rounds(Contender::Ours);
    let mut text = format!("\nevents of {}\n", table.shape);
    for (contender, rounds) in &table.rows {
        let mark = if Some(*contender) == best { '*' } else { ' ' };
        let spread = Spread::of(rounds.iter().copied()).to_string();
        let ratio = Spread::of(ours.iter().zip(rounds).map(|(ours, own)| own / ours));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{mark} {:<24}{spread:<24} ÷ ours {:5.2}",
            contender.name(),
            ratio.median
        );
    }
    text
}

pub(crate) fn outcomes(outcomes: &[Outcome]) -> String {
    let mut text = "\nTARGETS\n".to_owned();
    for outcome in outcomes {
        let verdict = if outcome.met() { "met   " } else { "MISSED" };
        let Outcome {
            what,
            measured,
            at_most,
        } = outcome;
        let _ = writeln!(text, "{verdict} {what:<36} {measured} at most {at_most}");
    }
    text
}
