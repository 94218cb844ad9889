use core::fmt;

use super::limits::Limit;

/// An event that breaks a limit, or is not UTF-8 where that was asked for.
///
/// The message never repeats what the peer sent.
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecodeError {
    pub(super) kind: DecodeErrorKind,
    pub(super) limit: usize,
    pub(super) offset: u64,
    pub(super) fatal: bool,
}

/// What was wrong.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DecodeErrorKind {
    /// A limit was exceeded.
    TooLarge(Limit),
    /// A field is not UTF-8, and the decoder was told to refuse that.
    InvalidUtf8,
}

impl DecodeError {
    /// Returns what was wrong.
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Returns the limit that was exceeded, in bytes or lines; 0 if it was not a limit.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the offset in the event stream, in bytes, at which the line that broke the rule starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Tells whether decoding has ended; otherwise the event is skipped and decoding goes on after it.
    pub fn is_fatal(&self) -> bool {
        self.fatal
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            limit,
            offset,
            ..
        } = self;
        match kind {
            DecodeErrorKind::TooLarge(Limit::DataLines) => {
                write!(
                    f,
                    "event must not have more than {limit} data lines (line at byte {offset})"
                )
            }
            DecodeErrorKind::TooLarge(which) => {
                write!(
                    f,
                    "{which} must not exceed {limit} bytes (line at byte {offset})"
                )
            }
            DecodeErrorKind::InvalidUtf8 => {
                write!(f, "field must be UTF-8 (line at byte {offset})")
            }
        }
    }
}

impl core::error::Error for DecodeError {}
