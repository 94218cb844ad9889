//! Line ends eight bytes at a time, on any machine.

use super::{BLOCK, GROUP, Mask};

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES * 0x80;

pub(super) fn mask(block: &[u8; BLOCK]) -> Mask {
    let (mut ends, mut all) = (0, 0);
    for (index, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*bytes);
        all |= word;
        ends |= gather(equal(word, b'\n') | equal(word, b'\r')) << (index * 8);
    }
    Mask {
        ends,
        high: all & HIGH != 0,
    }
}

pub(super) fn is_quiet(group: &[[u8; BLOCK]; GROUP]) -> bool {
    let words = group
        .as_flattened()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes));
    words.fold(0, |any, word| {
        any | (word & HIGH) | equal(word, b'\n') | equal(word, b'\r')
    }) == 0
}

/// Sets the high bit of each byte that equals `byte`, and no other bit.
fn equal(word: u64, byte: u8) -> u64 {
    let different = word ^ (ONES * u64::from(byte));
    !(((different & !HIGH) + !HIGH) | different | !HIGH)
}

/// Moves the eight high bits to the lowest byte, first byte first.
fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}
