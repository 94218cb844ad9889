use std::time::Duration;

/// How far a live subscription may fall behind: whichever is reached first.
///
/// Only entries count that match the subscription, were published since it began, and that it has not taken.
/// The default is 10,000 entries, 8 MiB or 30 seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LagLimit {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

impl LagLimit {
    /// At most this many entries; 0 counts as 1.
    pub fn entries(mut self, entries: usize) -> Self {
        self.entries = entries.max(1);
        self
    }

    /// At most this many bytes; 0 counts as 1.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes.max(1);
        self
    }

    /// The oldest of them at most this old; a millisecond at least.
    pub fn time(mut self, time: Duration) -> Self {
        self.time = time.max(Duration::from_millis(1));
        self
    }

    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for LagLimit {
    fn default() -> Self {
        Self {
            entries: 10_000,
            bytes: 8 * 1024 * 1024,
            time: Duration::from_secs(30),
        }
    }
}

/// What happens to a subscription that has fallen too far behind.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Lagging {
    /// It ends, with an id from which the client resumes: nothing is lost while the log has it.
    #[default]
    Disconnect,
    /// It goes on at the head, after a gap event that says so.
    Skip,
    /// It is given only the latest entry of each key that is there when it reads, whether or not it is behind;
    /// if it is too far behind even so, it skips.
    LatestPerKey,
}
