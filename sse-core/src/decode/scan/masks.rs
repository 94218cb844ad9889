/// The bytes that one bit mask tells about.
pub(super) const BLOCK: usize = 64;

/// The blocks that are passed over together where nothing is in them.
const GROUP: usize = 4;

/// The bytes that are looked at in one go: one bit of a summary for each block.
pub(super) const WINDOW: usize = BLOCK * 64;

/// One bit for each block of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Summary {
    /// Blocks with a line end.
    pub(super) ends: u64,
    /// Blocks with a byte that is not ASCII.
    pub(super) high: u64,
}

impl Summary {
    #[inline]
    fn add(&mut self, block: usize, mask: Mask) {
        self.ends |= u64::from(mask.ends != 0) << block;
        self.high |= u64::from(mask.high) << block;
    }
}

/// What is known of one block.
#[derive(Clone, Copy)]
pub(super) struct Mask {
    /// One bit for each CR or LF.
    pub(super) ends: u64,
    /// Whether a byte is not ASCII.
    pub(super) high: bool,
}

/// Looks at a chunk of at most one block.
#[inline]
pub(super) fn look_at_block(chunk: &[u8]) -> Mask {
    #[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
    // SAFETY: SSE2 is part of x86-64.
    let mask = |block: &[u8; BLOCK]| unsafe { x86::mask_sse2(block) };
    #[cfg(not(all(target_arch = "x86_64", not(sse_core_portable))))]
    let mask = portable::mask;
    if let Ok(block) = chunk.try_into() {
        return mask(block);
    }
    mask_of_part(chunk, mask)
}

/// Looks at less than a block.
#[inline(never)]
fn mask_of_part(part: &[u8], mask: impl Fn(&[u8; BLOCK]) -> Mask) -> Mask {
    let mut padded = [0; BLOCK];
    padded[..part.len()].copy_from_slice(part);
    mask(&padded)
}

/// Fills in a mask of line ends for each block of `window`, which has at most [`WINDOW`] bytes.
pub(super) fn find_line_ends(window: &[u8], masks: &mut [u64; 64]) -> Summary {
    #[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
    {
        // For a short chunk the call and the look at the CPU cost more than wider vectors save.
        #[cfg(feature = "std")]
        if window.len() > 2 * BLOCK && std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2.
            return unsafe { x86::find_line_ends_avx2(window, masks) };
        }
        // SAFETY: SSE2 is part of x86-64.
        unsafe { x86::find_line_ends_sse2(window, masks) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(sse_core_portable))))]
    find_with(window, masks, portable::mask, portable::is_quiet)
}

/// The loop that all variants share; inlined into each, so that `mask` is compiled for its instruction set.
#[expect(
    clippy::inline_always,
    reason = "vector instructions stay enabled only inside their function"
)]
#[inline(always)]
fn find_with(
    window: &[u8],
    masks: &mut [u64; 64],
    mask: impl Fn(&[u8; BLOCK]) -> Mask,
    is_quiet: impl Fn(&[[u8; BLOCK]; GROUP]) -> bool,
) -> Summary {
    let mut summary = Summary::default();
    let (blocks, rest) = window.as_chunks::<BLOCK>();
    let (groups, ungrouped) = blocks.as_chunks::<GROUP>();
    let mut index = 0;
    // Long lines come as runs of blocks in which there is nothing; where the last group had something, so has the next.
    let mut was_quiet = false;
    for group in groups {
        if was_quiet && is_quiet(group) {
            index += GROUP;
            continue;
        }
        let before = summary;
        for block in group {
            let found = mask(block);
            masks[index & 63] = found.ends;
            summary.add(index, found);
            index += 1;
        }
        was_quiet = summary == before;
    }
    for block in ungrouped {
        let found = mask(block);
        masks[index & 63] = found.ends;
        summary.add(index, found);
        index += 1;
    }
    if rest.is_empty() || index >= masks.len() {
        return summary;
    }
    let found = match window.last_chunk::<BLOCK>() {
        // The last 64 bytes overlap the block before; the bits that belong to it are shifted out.
        // `high` may then tell of a byte of that block, which only costs a check.
        Some(last) => {
            let found = mask(last);
            Mask {
                ends: found.ends >> (BLOCK - rest.len()),
                high: found.high,
            }
        }
        None => mask_of_part(rest, mask),
    };
    masks[index] = found.ends;
    summary.add(index, found);
    summary
}

#[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
#[expect(clippy::cast_ptr_alignment, reason = "these loads need no alignment")]
mod x86 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
        _mm_setzero_si128,
    };
    #[cfg(feature = "std")]
    use core::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    };

    use super::{BLOCK, GROUP, Mask, Summary, find_with};

    #[cfg(feature = "std")]
    #[target_feature(enable = "avx2")]
    pub(super) fn find_line_ends_avx2(window: &[u8], masks: &mut [u64; 64]) -> Summary {
        // A shuffle looks each byte up by its low four bits and gives 0 where the high bit is set:
        // only LF (0x0A) and CR (0x0D) find themselves.
        let table = {
            const NO: i8 = -1;
            _mm256_setr_epi8(
                NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 10, NO, NO, 13, NO, NO, //
                NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 10, NO, NO, 13, NO, NO,
            )
        };
        let ends = |bytes| _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), bytes);
        let bits = |bytes| u64::from(_mm256_movemask_epi8(bytes).cast_unsigned());
        // SAFETY: the block has 64 bytes, and the loads need no alignment.
        let load = |block: &[u8; BLOCK]| unsafe {
            let start = block.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1)))
        };
        let mask = |block: &[u8; BLOCK]| {
            let (low, high) = load(block);
            Mask {
                ends: bits(ends(low)) | bits(ends(high)) << 32,
                high: bits(_mm256_or_si256(low, high)) != 0,
            }
        };
        let is_quiet = |group: &[[u8; BLOCK]; GROUP]| {
            let mut any = _mm256_setzero_si256();
            for block in group {
                let (low, high) = load(block);
                any = _mm256_or_si256(any, _mm256_or_si256(low, high));
                // What `cmpeq` finds is all ones, so its high bits tell of line ends as well.
                any = _mm256_or_si256(any, _mm256_or_si256(ends(low), ends(high)));
            }
            bits(any) == 0
        };
        find_with(window, masks, mask, is_quiet)
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    fn load_sse2(quarter: &[u8; 16]) -> __m128i {
        // SAFETY: a quarter of a block has 16 bytes, and the load needs no alignment.
        unsafe { _mm_loadu_si128(quarter.as_ptr().cast::<__m128i>()) }
    }

    /// Marks each CR and LF.
    #[target_feature(enable = "sse2")]
    #[inline]
    fn ends_sse2(bytes: __m128i) -> __m128i {
        let (lf, cr) = (_mm_set1_epi8(10), _mm_set1_epi8(13));
        _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr))
    }

    #[target_feature(enable = "sse2")]
    #[inline]
    pub(super) fn mask_sse2(block: &[u8; BLOCK]) -> Mask {
        let (mut ends, mut all) = (0, _mm_setzero_si128());
        for (index, quarter) in block.as_chunks().0.iter().enumerate() {
            let bytes = load_sse2(quarter);
            let found = _mm_movemask_epi8(ends_sse2(bytes)).cast_unsigned();
            ends |= u64::from(found) << (index * 16);
            all = _mm_or_si128(all, bytes);
        }
        Mask {
            ends,
            high: _mm_movemask_epi8(all) != 0,
        }
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn find_line_ends_sse2(window: &[u8], masks: &mut [u64; 64]) -> Summary {
        let is_quiet = |group: &[[u8; BLOCK]; GROUP]| {
            let mut any = _mm_setzero_si128();
            for quarter in group.as_flattened().as_chunks().0 {
                let bytes = load_sse2(quarter);
                any = _mm_or_si128(any, _mm_or_si128(bytes, ends_sse2(bytes)));
            }
            _mm_movemask_epi8(any) == 0
        };
        find_with(window, masks, |block| mask_sse2(block), is_quiet)
    }
}

#[cfg(any(not(target_arch = "x86_64"), sse_core_portable, test))]
mod portable {
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
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn naive(window: &[u8]) -> (Vec<u64>, u64) {
        let mut masks = Vec::new();
        let mut ends = 0;
        for (index, block) in window.chunks(BLOCK).enumerate() {
            let mask = block.iter().enumerate().fold(0, |mask, (bit, byte)| {
                mask | u64::from(matches!(byte, b'\r' | b'\n')) << bit
            });
            masks.push(mask);
            ends |= u64::from(mask != 0) << index;
        }
        (masks, ends)
    }

    type Find = fn(&[u8], &mut [u64; 64]) -> Summary;

    #[track_caller]
    fn check(window: &[u8], find: Find) {
        let mut masks = [u64::MAX; 64];
        let summary = find(window, &mut masks);
        let (expected, ends) = naive(window);
        assert_eq!(
            (&masks[..expected.len()], summary.ends),
            (&expected[..], ends)
        );
        for (index, block) in window.chunks(BLOCK).enumerate() {
            let told = summary.high >> index & 1 == 1;
            assert!(told || block.is_ascii(), "block {index} is not ASCII");
            assert!(
                !told || !window[..window.len().min((index + 1) * BLOCK)].is_ascii(),
                "block {index} is ASCII"
            );
        }
    }

    #[test]
    fn all_variants_agree_with_the_naive_one_at_every_length_and_for_every_byte() {
        let variants: [Find; 2] = [find_line_ends, |window, masks| {
            find_with(window, masks, portable::mask, portable::is_quiet)
        }];
        #[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
        let variants = [variants[0], variants[1], |window, masks| {
            // SAFETY: SSE2 is part of x86-64.
            unsafe { x86::find_line_ends_sse2(window, masks) }
        }];
        for find in variants {
            for byte in 0..=255 {
                let window: Vec<u8> = (0..200)
                    .map(|at| if at % 7 == 3 { byte } else { b'x' })
                    .collect();
                check(&window, find);
            }
            let text: Vec<u8> = (0..WINDOW)
                .map(|at| b"data: \r\n\xC3x\n"[(at * at + at / 5) % 11])
                .collect();
            for length in (0..300).chain([WINDOW - 1, WINDOW]) {
                check(&text[..length], find);
                check(&text[WINDOW - length..], find);
            }
        }
    }
}
