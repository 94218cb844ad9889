use crate::engine::Engine;

/// The bytes that a hub's logs take, over all namespaces.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MemoryUse {
    /// Entries that can be replayed.
    pub retained: u64,
    /// Bytes that only subscriptions hold: entries that the log has dropped, with their companions, and batches.
    pub pinned: u64,
    /// What finds entries, by topic, pattern, key and id, and remembers idempotency keys.
    pub index: u64,
}

impl MemoryUse {
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut sum = Self::default();
        for namespace in engine.namespaces() {
            let bytes = namespace.bytes();
            sum.retained += bytes.retained;
            sum.pinned += bytes.pinned;
            sum.index += bytes.index;
        }
        sum
    }
}
