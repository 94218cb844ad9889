//! Inputs that make a careless decoder quadratic, at two lengths.

use bytes::Bytes;

use crate::{
    chunks::{Chunks, Supply},
    decoders::{borrowed_unlimited, owned_unlimited},
    rounds::{Job, interleave},
    spread::Spread,
};

/// Bytes of the shorter input and of the longer.
const LENGTHS: [usize; 2] = [256 << 10, 4 << 20];
/// A larger ratio of cost per byte is reported as superlinear; quadratic work has 16.
const LINEAR: f64 = 2.0;

/// One input at one level of the decoder.
#[derive(Clone, Debug)]
pub struct Growth {
    pub input: String,
    pub level: &'static str,
    /// Nanoseconds per KiB of the shorter input.
    pub short: Spread,
    /// Nanoseconds per KiB of the longer input.
    pub long: Spread,
}

/// The bytes before, those repeated, and those after.
type Pattern = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

const INPUTS: [Pattern; 10] = [
    ("one data line", b"data: ", b"x", b"\n\n"),
    ("one event of one-letter lines", b"", b"data:x\n", b"\n"),
    ("one event of empty data lines", b"", b"data\n", b"\n"),
    ("one block of ids", b"", b"id:1\n", b"data:x\n\n"),
    ("blank lines", b"", b"\n", b""),
    ("CR and nothing else", b"", b"\r", b""),
    ("smallest events", b"", b"data\n\n", b""),
    ("one comment", b":", b"x", b"\n\n"),
    ("one line without a colon", b"", b"x", b"\n\n"),
    ("one line of ill-formed UTF-8", b"data: ", b"\xff", b"\n\n"),
];
const CHUNKS: [(&str, usize); 3] = [("whole", usize::MAX), ("64 B", 64), ("1 B", 1)];

impl Growth {
    /// How many times as much a byte of the longer input costs.
    pub fn ratio(&self) -> f64 {
        self.long.median / self.short.median
    }

    pub fn is_linear(&self) -> bool {
        self.ratio() < LINEAR
    }
}

pub fn measure(rounds: usize) -> Vec<Growth> {
    let mut rows = Vec::new();
    for (title, before, repeated, after) in INPUTS {
        let inputs = LENGTHS.map(|len| {
            let mut wire = before.to_vec();
            wire.extend(
                repeated
                    .iter()
                    .copied()
                    .cycle()
                    .take(len / repeated.len() * repeated.len()),
            );
            wire.extend_from_slice(after);
            Bytes::from(wire)
        });
        for (cut, size) in CHUNKS {
            for (level, decode) in [
                ("borrowed", borrowed_unlimited as fn(Chunks<'_>) -> _),
                ("owned", owned_unlimited),
            ] {
                let mut jobs: Vec<Job<'_>> = inputs
                    .iter()
                    .map(|input| {
                        let chunks = Chunks::new(input, size, Supply::Shared);
                        Job::new(move || {
                            decode(chunks);
                        })
                    })
                    .collect();
                let times = interleave(&mut jobs, rounds);
                let [short, long] = [0, 1].map(|index: usize| {
                    let kib = inputs[index].len() as f64 / 1024.0;
                    Spread::of(times[index].iter().map(|ns| ns / kib))
                });
                rows.push(Growth {
                    input: format!("{title}, {cut}"),
                    level,
                    short,
                    long,
                });
            }
        }
    }
    rows
}
