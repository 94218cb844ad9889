//! Work that no decoder can avoid, done alone.

use std::hint::black_box;

use crate::{chunks::Chunks, decoders::Contender, sink::Tally};

const SCAN: &str = "limit: memchr2 scan";
/// The limit that decoders are divided by.
pub const SCAN_UTF8: &str = "limit: scan + simdutf8";
const COPY: &str = "limit: memcpy";

pub(super) fn all() -> [Contender; 3] {
    [
        Contender::limit(SCAN, scan),
        Contender::limit(SCAN_UTF8, scan_utf8),
        Contender::limit(COPY, copy),
    ]
}

fn scan(chunks: Chunks<'_>) -> Tally {
    let mut tally = Tally::default();
    for chunk in chunks.slices() {
        line_ends(chunk, &mut tally);
    }
    tally
}

fn scan_utf8(chunks: Chunks<'_>) -> Tally {
    let mut tally = Tally::default();
    for chunk in chunks.slices() {
        // A character may lie across two chunks: the cost counts here, not the answer.
        black_box(simdutf8::basic::from_utf8(chunk).is_ok());
        line_ends(chunk, &mut tally);
    }
    tally
}

fn copy(chunks: Chunks<'_>) -> Tally {
    let mut tally = Tally::default();
    let longest = chunks.slices().next().map_or(0, <[u8]>::len);
    let mut target = vec![0; longest];
    for chunk in chunks.slices() {
        target[..chunk.len()].copy_from_slice(chunk);
        black_box(&mut target);
        tally.bytes += chunk.len() as u64;
    }
    tally
}

#[inline]
fn line_ends(chunk: &[u8], tally: &mut Tally) {
    for position in memchr::memchr2_iter(b'\r', b'\n', chunk) {
        tally.events += 1;
        tally.bytes += black_box(position) as u64;
    }
}
