//! Encoders, ours and the frameworks', each reduced to the same calls.

mod ours;
mod peers;

use std::hint::black_box;

use bytes::Bytes;

use crate::blocks::Block;

pub use ours::{build, encode_built};

/// An encoder that can build events and turn them into wire bytes.
pub trait Encode: 'static {
    type Event: Send + Unpin + 'static;

    fn build(block: &Block) -> Self::Event;

    /// Hands over the wire bytes of each event, made the way the crate's response body makes them.
    fn encode<I>(events: I, each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Self::Event> + Send + Unpin + 'static;

    /// Encodes one event for several receivers, the cheapest way the crate has.
    fn deliver(block: &'static Block, receivers: usize, each: impl FnMut(Bytes));
}

/// One row of the encoders' table.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    pub name: &'static str,
    /// Builds and drops each event.
    pub build: fn(&'static [Block]),
    /// Builds each event and encodes it.
    pub encode: fn(&'static [Block]),
    /// Builds each event and hands its bytes to this many receivers.
    pub deliver: fn(&'static [Block], usize),
    /// The concatenated encodings.
    pub wire: fn(&'static [Block]) -> Vec<u8>,
}

/// All contenders: ours, then the peers.
pub fn all() -> Vec<Contender> {
    let mut all = vec![Contender::new::<ours::Ours>("sse-core")];
    all.extend(peers::all());
    all
}

impl Contender {
    fn new<E: Encode>(name: &'static str) -> Self {
        Self {
            name,
            build: |blocks| {
                for block in blocks {
                    black_box(E::build(black_box(block)));
                }
            },
            encode: |blocks| {
                E::encode(blocks.iter().map(E::build), |wire| {
                    black_box(wire);
                });
            },
            deliver: |blocks, receivers| {
                for block in blocks {
                    E::deliver(block, receivers, |wire| {
                        black_box(wire);
                    });
                }
            },
            wire: |blocks| {
                let mut all = Vec::new();
                E::encode(blocks.iter().map(E::build), |wire| {
                    all.extend_from_slice(&wire);
                });
                all
            },
        }
    }
}
