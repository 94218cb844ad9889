//! Interleaved rounds: every contender once in each, so that noise meets all alike.

use anyhow::{Result, ensure};

use crate::{
    contenders::{ALL, Contender},
    input::SHAPES,
    options::Options,
    process::{Asked, Server},
    report,
    sink::Sink,
    targets::{self, Outcome},
};

/// CPU seconds per gigabyte: of each contender, in every round.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) shape: &'static str,
    pub(crate) rows: Vec<(Contender, Vec<f64>)>,
}

impl Table {
    pub(crate) fn rounds(&self, contender: Contender) -> &[f64] {
        let row = self.rows.iter().find(|(own, _)| *own == contender);
        row.map_or(&[], |(_, rounds)| rounds)
    }
}

/// Measures, prints, and tells whether all targets are met.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let server = Server::start()?;
    let mut tables = Vec::new();
    print!("{}", report::header(options));
    for shape in SHAPES {
        if !shape.name().contains(&options.only) {
            continue;
        }
        let table = measure(&server, &Asked::new(shape, options.bytes), options.rounds)?;
        print!("{}", report::table(&table));
        tables.push(table);
    }
    let outcomes: Vec<_> = tables.iter().flat_map(targets::outcomes).collect();
    print!("{}", report::outcomes(&outcomes));
    Ok(outcomes.iter().all(Outcome::met))
}

fn measure(server: &Server, asked: &Asked, rounds: usize) -> Result<Table> {
    let mut rows: Vec<_> = ALL.map(|contender| (contender, Vec::new())).into();
    let expected = asked.input.seen.times(asked.times).to_string();
    for round in 0..rounds {
        for turn in 0..rows.len() {
            // A different one starts each round: none is always the first after another.
            let index = (turn + round) % ALL.len();
            let (contender, samples) = &mut rows[index];
            let (seen, time) = server.sample(*contender, asked, Sink::default())?;
            ensure!(
                seen == expected || *contender == Contender::Transport,
                "{} has seen {seen} of {expected}",
                contender.name()
            );
            samples.push(time.as_secs_f64() / asked.bytes() as f64 * 1e9);
        }
    }
    Ok(Table {
        shape: asked.shape.name(),
        rows,
    })
}
