//! Times every encoder on events like those of one input.

use std::hint::black_box;

use bytes::Bytes;
use sse_core::Event;

use crate::{
    blocks::Block,
    encoders::{self, encode_built},
    inputs::Shape,
    rounds::{Job, interleave, ratio},
    spread::Spread,
};

/// Shapes whose events are encoded: one line, one line with id and type, many lines.
pub const SHAPES: [&str; 3] = ["tokens", "mixed", "lines50"];
/// Receivers of each event when delivery is measured.
pub const RECEIVERS: usize = 101;
const EVENTS: usize = 256;

/// All encoders on one kind of event.
#[derive(Clone, Debug)]
pub struct Table {
    pub shape: &'static Shape,
    pub rows: Vec<Row>,
    /// Our encoder on events that are built already.
    pub encode_built: Spread,
    /// One allocation and one copy of the wire bytes.
    pub copy: Spread,
}

/// One encoder; all in nanoseconds per event.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: &'static str,
    pub build: Spread,
    pub build_and_encode: Spread,
    /// For each receiver after the first.
    pub delivery: Spread,
    pub by_best_peer: Option<Spread>,
    pub allocations: Option<Allocations>,
}

/// Allocations per event.
#[derive(Clone, Copy, Debug)]
pub struct Allocations {
    pub build: f64,
    pub encode: f64,
    pub second_receiver: f64,
    pub further_receiver: f64,
}

/// Events for as long as the process runs: response bodies ask for `'static`.
pub fn blocks(shape: &Shape, count: usize) -> &'static [Block] {
    Box::leak(shape.blocks(count).collect())
}

impl Table {
    pub fn measure(shape: &'static Shape, rounds: usize) -> Self {
        let blocks = blocks(shape, EVENTS);
        let contenders = encoders::all();
        let ready: Vec<Event> = blocks.iter().map(encoders::build).collect();
        let wires: Vec<Bytes> = ready
            .iter()
            .map(|event| event.encode().into_bytes())
            .collect();

        let mut jobs = Vec::new();
        for contender in &contenders {
            let &encoders::Contender {
                build,
                encode,
                deliver,
                ..
            } = contender;
            jobs.push(Job::new(move || build(blocks)));
            jobs.push(Job::new(move || encode(blocks)));
            jobs.push(Job::new(move || deliver(&blocks[..8], 1)));
            jobs.push(Job::new(move || deliver(&blocks[..8], RECEIVERS)));
        }
        jobs.push(Job::new(|| encode_built(&ready)));
        jobs.push(Job::new(|| {
            for wire in &wires {
                black_box(Bytes::copy_from_slice(wire));
            }
        }));
        let times = interleave(&mut jobs, rounds);
        let per_event = |times: &[f64]| Spread::of(times.iter().map(|ns| ns / EVENTS as f64));

        let encodes: Vec<&[f64]> = (0..contenders.len())
            .map(|index| times[index * 4 + 1].as_slice())
            .collect();
        // Ours is the first.
        let best = (1..contenders.len()).min_by(|&a, &b| {
            per_event(encodes[a])
                .median
                .total_cmp(&per_event(encodes[b]).median)
        });
        let rows = contenders
            .iter()
            .enumerate()
            .map(|(index, contender)| {
                let times = &times[index * 4..][..4];
                let further = times[2]
                    .iter()
                    .zip(&times[3])
                    .map(|(one, many)| (many - one).max(0.0) / (8 * (RECEIVERS - 1)) as f64);
                Row {
                    name: contender.name,
                    build: per_event(&times[0]),
                    build_and_encode: per_event(&times[1]),
                    delivery: Spread::of(further),
                    by_best_peer: best.map(|best| ratio(&times[1], encodes[best])),
                    allocations: None,
                }
            })
            .collect();
        Self {
            shape,
            rows,
            encode_built: per_event(&times[times.len() - 2]),
            copy: per_event(&times[times.len() - 1]),
        }
    }
}
