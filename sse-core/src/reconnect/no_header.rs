use core::fmt;

/// Why there is no header that resumes.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NoHeader {
    /// No event had an id, or the last id was empty.
    NoLastEventId,
    /// The id has control characters, or spaces or tabs around it, which HTTP refuses or removes.
    NotHeaderSafe,
}

impl fmt::Display for NoHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLastEventId => "there is no last event ID",
            Self::NotHeaderSafe => {
                "last event ID must not contain control characters or begin or end with white space to be a header value"
            }
        })
    }
}

impl core::error::Error for NoHeader {}
