//! Time and memory grow with the input and not faster, whatever its shape and its chunks.
//!
//! Memory is counted to the byte. Time is the CPU time of this thread for an input and for one sixteen times
//! as long: what is linear takes about 16 times as long, what is quadratic 256 times.
#![cfg(unix)]

mod counting;

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use sse_core::{Bytes, Decoder, DecoderOptions, Limits, Lint, SliceDecoder};

use crate::counting::{Count, Counting, count};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SMALL: usize = 1 << 15;
const FACTOR: usize = 16;
/// Between 16 and 256, with room for a noisy machine on both sides.
const MOST: u32 = 80;
/// Bytes asked for per byte of input: growing buffers double, and a handful of them hold the text.
const BYTES: usize = 16;

/// A stream of about so many bytes.
type Shape = fn(usize) -> Vec<u8>;

/// Beginning, what is repeated, end.
fn filled(start: &str, middle: &[u8], end: &str, length: usize) -> Vec<u8> {
    [
        start.as_bytes(),
        &middle.repeat(length / middle.len()),
        end.as_bytes(),
    ]
    .concat()
}

const SHAPES: &[(&str, Shape)] = &[
    ("one long data line", |n| filled("data: ", b"x", "\n\n", n)),
    ("one long line that never ends", |n| {
        filled("data: ", b"x", "", n)
    }),
    ("one long comment", |n| filled(": ", b"x", "\n\n", n)),
    ("one long id", |n| filled("id: ", b"x", "\n\n", n)),
    ("one long event type", |n| {
        filled("event: ", b"x", "\n\n", n)
    }),
    ("one long unknown field", |n| filled("x", b"x", "\n\n", n)),
    ("one long retry", |n| filled("retry: ", b"9", "\n\n", n)),
    ("one line that is not UTF-8", |n| {
        filled("data: ", b"\xE2\x82", "\n\n", n)
    }),
    ("one line of emoji", |n| {
        filled("data: ", "🦀".as_bytes(), "\n\n", n)
    }),
    ("many data lines", |n| filled("", b"data: x\n", "\n", n)),
    ("many empty data lines", |n| filled("", b"data\n", "\n", n)),
    ("many ids in a block", |n| filled("", b"id: 1\n", "\n", n)),
    ("many tiny events", |n| filled("", b"data:x\n\n", "", n)),
    ("many events with ids", |n| {
        filled("", b"id: 12\ndata: x\n\n", "", n)
    }),
    ("many events with CRLF", |n| {
        filled("", b"data: x\r\n\r\n", "", n)
    }),
    ("nothing but CR", |n| filled("", b"\r", "", n)),
    ("nothing but LF", |n| filled("", b"\n", "", n)),
    ("many comments in a block", |n| filled("", b":\n", "\n", n)),
    ("many types that dispatch nothing", |n| {
        filled("", b"event: x\n\n", "", n)
    }),
];

/// A way to decode that returns how many items there were.
type Decode = fn(&Bytes, usize) -> usize;

const OPTIONS: DecoderOptions = DecoderOptions::new()
    .limits(Limits::UNLIMITED)
    .comments()
    .dataless_blocks();

const DECODERS: &[(&str, Decode)] = &[
    ("owned", |stream, size| {
        let mut decoder = Decoder::with_options(OPTIONS);
        let mut items = 0;
        for start in (0..stream.len()).step_by(size) {
            decoder.push(stream.slice(start..stream.len().min(start + size)));
            while decoder.next().is_some() {
                items += 1;
            }
        }
        items
    }),
    ("owned, all chunks pushed ahead", |stream, size| {
        let mut decoder = Decoder::with_options(OPTIONS);
        for start in (0..stream.len()).step_by(size) {
            decoder.push(stream.slice(start..stream.len().min(start + size)));
        }
        std::iter::from_fn(|| decoder.next()).count()
    }),
    ("borrowed", |stream, size| {
        let mut decoder = SliceDecoder::with_options(OPTIONS);
        let mut items = 0;
        for chunk in stream.chunks(size) {
            let mut events = decoder.decode(chunk);
            while events.next().is_some() {
                items += 1;
            }
        }
        items
    }),
    ("borrowed, one event at a time", |stream, size| {
        let mut decoder = SliceDecoder::with_options(OPTIONS);
        let mut items = 0;
        for chunk in stream.chunks(size) {
            let mut rest = chunk;
            loop {
                let mut events = decoder.decode(rest);
                let found = events.next().is_some();
                rest = &rest[rest.len() - events.remaining().len()..];
                if !found {
                    break;
                }
                items += 1;
            }
        }
        items
    }),
    ("lint", |stream, size| {
        let mut scan = Lint::strict().scan();
        let mut items = 0;
        stream
            .chunks(size)
            .for_each(|chunk| scan.push(chunk, |_| items += 1));
        scan.finish(|_| items += 1);
        items
    }),
];

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("every thread has a clock")
        .into()
}

/// The least of three, which is the one least disturbed.
fn time_of(decode: Decode, stream: &Bytes, size: usize) -> Duration {
    let once = || {
        let start = cpu_time();
        std::hint::black_box(decode(stream, size));
        cpu_time().saturating_sub(start)
    };
    once().min(once()).min(once())
}

/// What is wrong with a decoder on a shape cut into chunks of `size` bytes.
fn fault(shape: Shape, decode: Decode, size: usize) -> Option<String> {
    let small = if size == 1 { SMALL / 4 } else { SMALL };
    let [small, large] = [small, small * FACTOR].map(|length| Bytes::from(shape(length)));
    let (Count { bytes, .. }, _) = count(|| decode(&large, size));
    // A chunk that is shared has a counter, and a queue of chunks has slots.
    let most = BYTES * large.len() + 128 * large.len().div_ceil(size);
    if bytes > most {
        return Some(format!("{bytes} bytes asked for, at most {most} expected"));
    }
    // Noise only ever adds, so one good try is proof.
    let mut tries = Vec::new();
    for _ in 0..3 {
        let [short, long] = [&small, &large].map(|stream| time_of(decode, stream, size));
        if long <= short * MOST {
            return None;
        }
        tries.push((short, long));
    }
    Some(format!("{tries:?} for an input {FACTOR} times as long"))
}

#[track_caller]
fn check(size: usize) {
    for (shape_name, shape) in SHAPES {
        for (decoder_name, decode) in DECODERS {
            if let Some(what) = fault(*shape, *decode, size) {
                panic!("{shape_name} in chunks of {size}, {decoder_name}: {what}");
            }
        }
    }
}

#[test]
fn bytes_one_by_one_take_linear_time() {
    check(1);
}

#[test]
fn small_chunks_take_linear_time() {
    check(64);
}

#[test]
fn large_chunks_take_linear_time() {
    check(16 << 10);
}

#[test]
fn one_chunk_takes_linear_time() {
    check(usize::MAX >> 1);
}

#[test]
fn what_is_quadratic_would_be_noticed() {
    let (_, shape) = SHAPES[0];
    // Looks at all of the line again with every chunk.
    let rescans: Decode = |stream, size| {
        let looks = (0..stream.len()).step_by(size).map(|end| {
            stream[..end]
                .iter()
                .filter(|byte| byte.is_ascii_digit())
                .count()
        });
        looks.sum()
    };
    assert!(fault(shape, rescans, 64).unwrap().contains("as long"));
    // Copies all of the line again with every chunk.
    let copies: Decode = |stream, size| {
        (0..stream.len())
            .step_by(size)
            .map(|end| stream[..end].to_vec().len())
            .max()
            .unwrap_or(0)
    };
    assert!(fault(shape, copies, 64).unwrap().contains("asked for"));
}
