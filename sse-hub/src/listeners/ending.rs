use std::fmt;

use bytestring::ByteString;
use sse_core::Retry;

/// Why a subscription ended, or is about to.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum CloseReason {
    /// It fell too far behind.
    Slow,
    /// The hub is shutting down, or is gone.
    Drain,
    /// It was given as much of a replay as one connection gets.
    Replay,
    /// The hub takes no subscriptions at the moment.
    Overload,
    /// Someone ended it, for this reason.
    Disconnected(ByteString),
}

impl CloseReason {
    /// The word that the closing event bears.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Slow => "slow",
            Self::Drain => "drain",
            Self::Replay => "replay",
            Self::Overload => "overload",
            Self::Disconnected(reason) => reason,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a subscription is to end.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) reason: CloseReason,
    pub(crate) retry: Option<Retry>,
    /// What is still delivered before the end.
    pub(crate) through: u64,
}
