use std::time::Duration;

/// What happens to the bytes of all connections, present and future.
#[expect(clippy::exhaustive_enums, reason = "tests choose among them")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fault {
    /// Nothing: bytes pass as they come.
    #[default]
    None,
    /// Nothing passes, and nobody is told: no end, no reset, and soon no room for more.
    BlackHole,
    /// An end on one side is not passed on to the other, which goes on as if somebody were there.
    HalfOpen,
    /// Bytes pass after this time.
    Delay(Duration),
    /// At most so many bytes pass in a second, in each direction.
    Throttle(u32),
    /// Bytes pass in pieces of at most this size.
    Split(usize),
    /// The connection ends when so many bytes have passed to the client, in the middle of whatever it was.
    EndAfter(usize),
    /// The connection ends when so many bytes have passed to the client behind the end of a mark's n-th occurrence,
    /// counted from when the fault began or the connection did.
    EndBehind {
        /// What is looked for; not empty.
        mark: &'static [u8],
        /// Which occurrence.
        times: usize,
        /// How many bytes pass behind it.
        bytes: usize,
    },
}

/// How connections are cut.
#[expect(clippy::exhaustive_enums, reason = "tests choose among them")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// Both sides are told that the other has ended.
    End,
    /// Both sides are reset.
    Reset,
}

/// A throttled connection gets its share this often.
const SHARE: u32 = 20;

impl Fault {
    /// The most bytes that pass at once.
    pub(super) fn piece(self, passed: usize) -> usize {
        match self {
            Self::Throttle(rate) => (rate / SHARE).max(1) as usize,
            Self::Split(size) => size.max(1),
            Self::EndAfter(most) => most.saturating_sub(passed).max(1),
            _ => 16 * 1024,
        }
    }

    /// How long so many bytes are held back.
    pub(super) fn pause(self, bytes: usize) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::Throttle(rate) => {
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                Duration::from_secs(1) * bytes / rate.max(1)
            }
            _ => Duration::ZERO,
        }
    }
}
