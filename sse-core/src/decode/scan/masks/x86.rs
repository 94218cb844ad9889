//! Line ends with the vectors of x86-64.

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
pub(super) fn find_line_ends_avx2(
    window: &[u8],
    masks: &mut [u64; 64],
    was_quiet: bool,
) -> Summary {
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
    find_with(window, masks, was_quiet, mask, is_quiet)
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
pub(super) fn find_line_ends_sse2(
    window: &[u8],
    masks: &mut [u64; 64],
    was_quiet: bool,
) -> Summary {
    let is_quiet = |group: &[[u8; BLOCK]; GROUP]| {
        let mut any = _mm_setzero_si128();
        for quarter in group.as_flattened().as_chunks().0 {
            let bytes = load_sse2(quarter);
            any = _mm_or_si128(any, _mm_or_si128(bytes, ends_sse2(bytes)));
        }
        _mm_movemask_epi8(any) == 0
    };
    find_with(window, masks, was_quiet, |block| mask_sse2(block), is_quiet)
}
