//! How much input a contender is given, so that a slow one does not hold up the others.

use std::time::Duration;

use crate::{
    chunks::{Chunks, Supply},
    decoders::Contender,
    inputs::{Chunking, Input, Shape},
    rounds::once,
};

/// The input of a contender that is fast enough; larger than the caches near the core.
pub const FULL: usize = 4 << 20;
const STEPS: [usize; 4] = [64 << 10, 256 << 10, 1 << 20, FULL];
const LONGEST_RUN: Duration = Duration::from_millis(50);
const HOPELESS: Duration = Duration::from_millis(600);

/// One shape at all the sizes that a contender may get.
#[derive(Debug)]
pub struct Sizes(Vec<Input>);

impl Sizes {
    pub fn new(shape: &Shape) -> Self {
        Self(STEPS.iter().map(|&len| shape.build(len)).collect())
    }

    pub fn full(&self) -> &Input {
        &self.0[STEPS.len() - 1]
    }

    /// Returns the longest input that the contender reads in reasonable time.
    ///
    /// # Errors
    ///
    /// The reason why it is left out, if even the shortest takes too long.
    pub fn choose(&self, contender: &Contender, chunking: Chunking) -> Result<&Input, String> {
        let mut chosen = Err("skipped: no input".to_owned());
        for input in &self.0 {
            let chunks = Chunks::new(&input.bytes, chunking.size(), Supply::Shared);
            let time = once(|| {
                (contender.tally)(chunks);
            });
            if time > HOPELESS && chosen.is_err() {
                return Err(format!(
                    "skipped: {:.1} s for {} KiB",
                    time.as_secs_f64(),
                    input.bytes.len() >> 10
                ));
            }
            if time > LONGEST_RUN && chosen.is_ok() {
                break;
            }
            chosen = Ok(input);
            if time > LONGEST_RUN / 3 {
                break;
            }
        }
        chosen
    }
}
