use bytes::Bytes;

use super::{
    Fields,
    pieces::{BOM, LINES, PIECES, TEXTS},
};

/// What a property makes of arbitrary bytes: a stream with a way to cut it, or the parts of an event.
///
/// The bytes may come from a seed, from `proptest` or from a fuzzer.
/// In two inputs of four, bytes of 0x80 and more stand for pieces of the wire format, so that few random bytes
/// reach far; in one every byte is a whole line, and in one all bytes are what they are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Input {
    /// The stream.
    pub stream: Bytes,
    /// How to cut it.
    pub cuts: Cuts,
}

/// A way to cut a stream into chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cuts {
    /// One chunk.
    Whole,
    /// Chunks of this many bytes; the last may be shorter.
    Every(usize),
    /// At these ascending offsets; equal ones give an empty chunk.
    At(Vec<usize>),
}

impl Input {
    /// Reads a stream and its cuts.
    ///
    /// The last three bytes say how, so that a stream by itself is an input that means nearly that stream.
    pub fn from_data(data: &[u8]) -> Self {
        let (rest, tail) = data.split_at(data.len().saturating_sub(3));
        let [cut, mark, mode] = [0, 1, 2].map(|at| tail.get(at).copied().unwrap_or(b'\n'));
        let mut stream = match mark % 8 {
            0 => BOM.to_vec(),
            1 => BOM.repeat(2),
            _ => Vec::new(),
        };
        for &byte in rest {
            match mode % 4 {
                0 => stream.push(byte),
                1 => stream.extend_from_slice(LINES[usize::from(byte) % LINES.len()].as_bytes()),
                _ if byte < 0x80 => stream.push(byte),
                _ => stream.extend_from_slice(PIECES[usize::from(byte & 0x7F) % PIECES.len()]),
            }
        }
        stream.truncate(LONGEST);
        let length = stream.len();
        Self {
            stream: stream.into(),
            cuts: Cuts::of(cut, length),
        }
    }

    /// The stream in its chunks.
    pub fn chunks(&self) -> Vec<Bytes> {
        self.cuts.cut(&self.stream)
    }

    /// Reads the parts of an event, legal or not.
    pub fn fields(data: &[u8]) -> Fields {
        let [present, retry] = [0, 1].map(|at| data.get(at).copied().unwrap_or(0));
        let mut parts = data
            .get(2..)
            .unwrap_or_default()
            .split(|&byte| byte == 0xFF);
        let mut text = |bit: u8| {
            let part = parts.next().unwrap_or_default();
            (present & bit != 0).then(|| part.iter().map(|&byte| text_of(byte)).collect())
        };
        Fields {
            data: text(1),
            id: text(2),
            event: text(4),
            comment: text(8),
            retry: (present & 16 != 0).then(|| match retry {
                0xFF => u64::MAX,
                _ => u64::from(retry) << (retry % 50),
            }),
        }
    }
}

impl Cuts {
    /// Cuts the stream.
    pub fn cut(&self, stream: &Bytes) -> Vec<Bytes> {
        match self {
            Self::Whole => vec![stream.clone()],
            Self::Every(size) => {
                let starts = (0..stream.len()).step_by(*size);
                starts
                    .map(|at| stream.slice(at..stream.len().min(at + size)))
                    .collect()
            }
            Self::At(offsets) => {
                let ends = offsets.iter().copied().chain([stream.len()]);
                let mut start = 0;
                ends.map(|end| stream.slice(std::mem::replace(&mut start, end)..end))
                    .collect()
            }
        }
    }

    /// Cuts a stream that these cuts were not made for: offsets beyond its end are left out.
    pub fn cut_within(&self, stream: &Bytes) -> Vec<Bytes> {
        match self {
            Self::At(offsets) => {
                let within = offsets.iter().copied().filter(|at| *at <= stream.len());
                Self::At(within.collect()).cut(stream)
            }
            other => other.cut(stream),
        }
    }

    fn of(seed: u8, length: usize) -> Self {
        match seed {
            0 => Self::Whole,
            1..64 => Self::Every(usize::from(seed)),
            64..96 => Self::At(vec![usize::from(seed) % (length + 1)]),
            _ => {
                let mut offsets = Vec::new();
                let (mut at, mut step) = (0, u64::from(seed));
                while at <= length {
                    offsets.push(at);
                    step = scramble(step);
                    at += usize::try_from(step % 9).expect("at most 8");
                }
                Self::At(offsets)
            }
        }
    }
}

/// A different string of up to 90 bytes for every seed.
pub fn bytes_of_seed(seed: u64) -> Vec<u8> {
    let mut state = scramble(seed);
    let length = usize::from(state.to_le_bytes()[0] % 90);
    let mut next = || {
        state = scramble(state);
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// A step of splitmix64.
pub(crate) fn scramble(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn text_of(byte: u8) -> &'static str {
    const ASCII: &str = "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{e}\u{f}\u{10}\u{11}\u{12}\u{13}\u{14}\
        \u{15}\u{16}\u{17}\u{18}\u{19}\u{1a}\u{1b}\u{1c}\u{1d}\u{1e}\u{1f} !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNO\
        PQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u{7f}";
    let at = usize::from(byte & 0x7F);
    if byte < 0x80 {
        &ASCII[at..=at]
    } else {
        TEXTS[at % TEXTS.len()]
    }
}

/// Longer than what a decoder looks at in one go, and short enough for many inputs a second.
const LONGEST: usize = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_cut_gives_the_stream_back() {
        for seed in 0..2000 {
            let input = Input::from_data(&bytes_of_seed(seed));
            assert_eq!(
                input.chunks().concat(),
                input.stream,
                "seed {seed}: {:?}",
                input.cuts
            );
        }
    }
}
