//! Times every decoder on one input under one chunking.

use crate::{
    chunks::{Chunks, Supply},
    decoders::{self, Contender, Role},
    inputs::{Chunking, Shape},
    rounds::{Job, interleave, ratio},
    sizing::Sizes,
    spread::Spread,
};

/// All contenders on one input under one chunking.
#[derive(Clone, Debug)]
pub struct Cell {
    pub shape: &'static Shape,
    pub chunking: Chunking,
    /// Wire bytes per event.
    pub event_len: f64,
    pub rows: Vec<Row>,
    pub best_peer: Option<&'static str>,
}

/// One contender in a cell.
#[derive(Clone, Debug)]
pub struct Row {
    pub contender: Contender,
    /// The figures, or why there are none.
    pub timing: Result<Timing, String>,
    pub allocations: Option<f64>,
    pub instructions: Option<f64>,
}

/// What was measured in all rounds.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Wire bytes per nanosecond.
    pub gb_per_s: Spread,
    pub ns_per_event: Spread,
    pub by_best_peer: Option<Spread>,
    pub by_limit: Option<Spread>,
    /// KiB of input, if it had to be less than for the others.
    pub reduced_to: Option<usize>,
}

impl Cell {
    pub fn measure(
        shape: &'static Shape,
        chunking: Chunking,
        sizes: &Sizes,
        rounds: usize,
    ) -> Self {
        let contenders = decoders::all();
        let full = sizes.full();
        let inputs: Vec<_> = contenders
            .iter()
            .map(|contender| sizes.choose(contender, chunking))
            .collect();
        let mut jobs: Vec<Job<'_>> = contenders
            .iter()
            .zip(&inputs)
            .filter_map(|(contender, input)| {
                let chunks =
                    Chunks::new(&input.as_ref().ok()?.bytes, chunking.size(), Supply::Shared);
                let tally = contender.tally;
                Some(Job::new(move || {
                    tally(chunks);
                }))
            })
            .collect();
        let mut times = interleave(&mut jobs, rounds).into_iter();

        // Nanoseconds per wire byte, so that inputs of different length compare.
        let costs: Vec<Option<Vec<f64>>> = inputs
            .iter()
            .map(|input| {
                let len = input.as_ref().ok()?.bytes.len() as f64;
                let times = times.next()?;
                Some(times.into_iter().map(|ns| ns / len).collect())
            })
            .collect();
        let best = best_peer(&contenders, &costs);
        let limit = contenders
            .iter()
            .position(|contender| contender.name == decoders::SCAN_UTF8);
        let against =
            |base: Option<usize>, cost: &[f64]| Some(ratio(cost, costs[base?].as_deref()?));

        let event_len = full.bytes.len() as f64 / full.events as f64;
        let rows = contenders
            .iter()
            .zip(&inputs)
            .zip(&costs)
            .map(|((&contender, input), cost)| Row {
                contender,
                timing: match (input, cost) {
                    (Ok(input), Some(cost)) => {
                        let per_byte = Spread::of(cost.iter().copied());
                        Ok(Timing {
                            gb_per_s: per_byte.map(|ns| 1.0 / ns),
                            ns_per_event: per_byte.map(|ns| ns * event_len),
                            by_best_peer: against(best, cost),
                            by_limit: against(limit, cost),
                            reduced_to: (input.bytes.len() < full.bytes.len())
                                .then_some(input.bytes.len() >> 10),
                        })
                    }
                    (Err(reason), _) => Err(reason.clone()),
                    (Ok(_), None) => Err("not measured".to_owned()),
                },
                allocations: None,
                instructions: None,
            })
            .collect();
        Self {
            shape,
            chunking,
            event_len,
            rows,
            best_peer: best.map(|index| contenders[index].name),
        }
    }

    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.contender.name == name)
    }

    pub fn row_of(&self, role: Role) -> Option<&Row> {
        self.rows.iter().find(|row| row.contender.role == role)
    }
}

fn best_peer(contenders: &[Contender], costs: &[Option<Vec<f64>>]) -> Option<usize> {
    let median = |index: usize| {
        let cost = costs[index].as_ref()?;
        Some(Spread::of(cost.iter().copied()).median)
    };
    (0..contenders.len())
        .filter(|&index| contenders[index].role == Role::Peer)
        .filter_map(|index| Some((median(index)?, index)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, index)| index)
}
