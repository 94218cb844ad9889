use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// Draws a number from 0 to 1, which needs to be different for every client and nothing more.
pub(crate) fn uniform() -> f64 {
    // Each `RandomState` has keys of its own, which come from the system's randomness.
    let bits = RandomState::new().build_hasher().finish() >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
    let (bits, most) = (bits as f64, (1_u64 << 53) as f64);
    bits / most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_spreads_over_the_whole_range() {
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let drawn = uniform();
            assert!((0.0..1.0).contains(&drawn), "{drawn}");
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 to 9"
            )]
            let tenth = (drawn * 10.0) as usize;
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|&count| count > 700), "{tenths:?}");
    }
}
