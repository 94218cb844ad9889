use std::time::{Duration, SystemTime};

use sse_core::Gap;

/// Where a subscription without a cursor begins.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Start {
    /// With what is published from now on.
    #[default]
    Latest,
    /// With the first entry that is retained.
    Earliest,
    /// With the last `n` entries.
    Last(usize),
    /// With what was published at this time or later.
    Since(SystemTime),
}

impl Start {
    /// Begins with what was published within this time.
    pub fn within(age: Duration) -> Self {
        Self::Since(
            SystemTime::now()
                .checked_sub(age)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        )
    }
}

/// Where a subscription goes on when it cannot be known what its client has seen.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OnGap {
    /// With what is published from now on, after the gap event.
    #[default]
    Latest,
    /// With the first entry that is retained, after the gap event; the client may see entries again.
    Earliest,
    /// Nowhere: subscribing is an error, also when what is retained would all be new.
    Fail,
}

/// What became of a resume; known before the response starts.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resume {
    /// There was nothing to resume from.
    Fresh,
    /// Everything since the cursor will be delivered.
    ///
    /// What the provider itself has lost on its way to the hub is told to everyone by a gap event at its place.
    Complete,
    /// Something is missing, or it cannot be known.
    Gap(Gap),
}

impl Resume {
    /// The word for the response header `SSE-Resume`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Complete => "complete",
            Self::Gap(_) => "gap",
        }
    }
}
