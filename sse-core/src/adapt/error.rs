use core::{error::Error, fmt};

use crate::decode::DecodeError;

/// Why a source of bytes gives no event.
///
/// `E` is the error of the source. Message and `source()` are those of the error inside.
/// It is `Send` and `Sync` if the error of the source is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventsError<E> {
    /// The source failed; nothing comes after it.
    Transport(E),
    /// The bytes break a rule of the decoder; events go on after it unless it is fatal.
    Decode(DecodeError),
    /// The source ended without the end marker that was required; nothing comes after it.
    MissingEnd,
}

impl<E> EventsError<E> {
    /// Tells whether nothing comes after this error.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Decode(error) => error.is_fatal(),
            Self::Transport(_) | Self::MissingEnd => true,
        }
    }
}

impl<E: fmt::Display> fmt::Display for EventsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::MissingEnd => f.write_str("event stream must not end before its end marker"),
        }
    }
}

impl<E: Error> Error for EventsError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Transport(error) => error.source(),
            Self::Decode(error) => error.source(),
            Self::MissingEnd => None,
        }
    }
}
