use std::fmt;

use bytes::Bytes;

use crate::codec::{Cuts, scramble};

/// A way to feed a vector's stream.
#[derive(Clone, Debug)]
pub(super) enum Chunking {
    AsGiven,
    Cut(Cuts),
}

/// Up to this many bytes, every split in two is run.
const EVERY_SPLIT_UP_TO: usize = 4200;
/// For longer streams, this many seeded splits.
const SEEDED_SPLITS: u64 = 64;

impl Chunking {
    /// All ways to feed a stream of this length.
    pub(super) fn all(length: usize) -> impl Iterator<Item = Self> {
        let first = [
            Self::AsGiven,
            Self::Cut(Cuts::Whole),
            Self::Cut(Cuts::Every(1)),
        ];
        let every = if length <= EVERY_SPLIT_UP_TO {
            1..length
        } else {
            0..0
        };
        let seeded = if length > EVERY_SPLIT_UP_TO {
            0..SEEDED_SPLITS
        } else {
            0..0
        };
        let seeded = seeded.map(move |seed| {
            // Half of them in two, half in up to nine pieces.
            let cuts = if seed % 2 == 0 { 1 } else { 1 + seed % 8 };
            let place = |cut| {
                usize::try_from(scramble(seed * 16 + cut) >> 16).expect("48 bits") % (length + 1)
            };
            let mut places: Vec<usize> = (0..cuts).map(place).collect();
            places.sort_unstable();
            places
        });
        let splits = every.map(|at| vec![at]).chain(seeded);
        first
            .into_iter()
            .chain(splits.map(|places| Self::Cut(Cuts::At(places))))
    }

    /// The chunks to feed.
    pub(super) fn chunks(&self, given: &[Bytes], stream: &Bytes) -> Vec<Bytes> {
        match self {
            Self::AsGiven => given.to_vec(),
            Self::Cut(cuts) => cuts.cut(stream),
        }
    }
}

impl fmt::Display for Chunking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsGiven => f.write_str("as given"),
            Self::Cut(Cuts::Whole) => f.write_str("whole"),
            Self::Cut(Cuts::Every(1)) => f.write_str("byte by byte"),
            Self::Cut(cuts) => write!(f, "cut {cuts:?}"),
        }
    }
}
