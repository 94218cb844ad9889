use sse_core::EncodedBatch;

/// The last batches of a channel, so that all who are at the same position share one.
#[derive(Default)]
pub(crate) struct BatchCache {
    batches: [Option<Batch>; Self::LEN],
    oldest: usize,
}

struct Batch {
    first: u64,
    last: u64,
    wire: EncodedBatch,
}

impl BatchCache {
    const LEN: usize = 4;

    pub(crate) fn get(&self, first: u64, last: u64) -> Option<EncodedBatch> {
        let found = self
            .batches
            .iter()
            .flatten()
            .find(|it| (it.first, it.last) == (first, last));
        found.map(|batch| batch.wire.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.iter().all(Option::is_none)
    }

    pub(crate) fn insert(&mut self, first: u64, last: u64, wire: EncodedBatch) {
        self.batches[self.oldest] = Some(Batch { first, last, wire });
        self.oldest = (self.oldest + 1) % Self::LEN;
    }

    /// Forgets all batches; those who were handed one keep it.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
