//! Encode, then decode what was encoded.

use std::iter;

use bytes::Bytes;
use sse_core::Event;

use crate::{
    chunks::{Chunks, Supply},
    decoders::{self, Role},
    encode_rows::SHAPES,
    encoders,
    inputs::Shape,
    rounds::{Job, interleave},
    spread::Spread,
};

const EVENTS: usize = 256;

/// One encoder and one decoder.
#[derive(Clone, Debug)]
pub struct RoundTrip {
    pub shape: &'static Shape,
    pub name: &'static str,
    pub ns_per_event: Spread,
}

pub fn measure(rounds: usize) -> Vec<RoundTrip> {
    let decoders: Vec<_> = decoders::all()
        .into_iter()
        .filter(|contender| matches!(contender.role, Role::Borrowed | Role::Owned))
        .collect();
    let mut trips = Vec::new();
    for shape in SHAPES.iter().filter_map(|slug| Shape::by_slug(slug)) {
        let built: Vec<Event> = shape
            .blocks(EVENTS)
            .map(|block| encoders::build(&block))
            .collect();
        let mut jobs: Vec<Job<'_>> = decoders
            .iter()
            .map(|decoder| {
                let built = &built;
                Job::new(move || {
                    let wire: Bytes = sse_core::Encoder::new().encode_all(built);
                    (decoder.tally)(Chunks::new(&wire, usize::MAX, Supply::Shared));
                })
            })
            .collect();
        let times = interleave(&mut jobs, rounds);
        trips.extend(
            iter::zip(&decoders, times).map(|(decoder, times)| RoundTrip {
                shape,
                name: decoder.name,
                ns_per_event: Spread::of(times.into_iter().map(|ns| ns / EVENTS as f64)),
            }),
        );
    }
    trips
}
