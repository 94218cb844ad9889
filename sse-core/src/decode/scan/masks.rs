#[cfg(any(not(target_arch = "x86_64"), sse_core_portable, test))]
mod portable;
#[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
#[expect(clippy::cast_ptr_alignment, reason = "these loads need no alignment")]
mod x86;

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

/// Fills in a mask of line ends for each block of `window`, which has at most [`WINDOW`] bytes;
/// `was_quiet` tells whether there was nothing in the bytes before it, and so likely is not in these.
pub(super) fn find_line_ends(window: &[u8], masks: &mut [u64; 64], was_quiet: bool) -> Summary {
    #[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
    {
        // For a short chunk the call and the look at the CPU cost more than wider vectors save.
        #[cfg(feature = "std")]
        if window.len() > 2 * BLOCK && std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2.
            return unsafe { x86::find_line_ends_avx2(window, masks, was_quiet) };
        }
        // SAFETY: SSE2 is part of x86-64.
        unsafe { x86::find_line_ends_sse2(window, masks, was_quiet) }
    }
    #[cfg(not(all(target_arch = "x86_64", not(sse_core_portable))))]
    find_with(window, masks, was_quiet, portable::mask, portable::is_quiet)
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
    mut was_quiet: bool,
    mask: impl Fn(&[u8; BLOCK]) -> Mask,
    is_quiet: impl Fn(&[[u8; BLOCK]; GROUP]) -> bool,
) -> Summary {
    let mut summary = Summary::default();
    let (blocks, rest) = window.as_chunks::<BLOCK>();
    let (groups, ungrouped) = blocks.as_chunks::<GROUP>();
    let mut index = 0;
    // Long lines come as runs of blocks in which there is nothing; where the last group had something, so has the next.
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

    type Find = fn(&[u8], &mut [u64; 64], bool) -> Summary;

    #[track_caller]
    fn check(window: &[u8], find: Find) {
        let mut masks = [u64::MAX; 64];
        let summary = find(window, &mut masks, false);
        let (expected, ends) = naive(window);
        assert_eq!(
            (&masks[..expected.len()], summary.ends),
            (&expected[..], ends)
        );
        let mut hinted = [u64::MAX; 64];
        assert_eq!(find(window, &mut hinted, true), summary);
        for (index, mask) in expected.iter().enumerate() {
            assert!(*mask == 0 || hinted[index] == *mask, "block {index}");
        }
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
        let variants: [Find; 2] = [find_line_ends, |window, masks, was_quiet| {
            find_with(window, masks, was_quiet, portable::mask, portable::is_quiet)
        }];
        #[cfg(all(target_arch = "x86_64", not(sse_core_portable)))]
        let variants = [variants[0], variants[1], |window, masks, was_quiet| {
            // SAFETY: SSE2 is part of x86-64.
            unsafe { x86::find_line_ends_sse2(window, masks, was_quiet) }
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
