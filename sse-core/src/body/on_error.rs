use core::fmt;
use std::boxed::Box;

use crate::Event;

/// What an error in the stream does to the response.
///
/// The stream is over after its first error whatever is chosen here, and events before the error are always sent.
/// A browser reconnects after all three: only a response with status 204 tells it not to.
#[derive(Default)]
#[non_exhaustive]
pub enum OnError<E> {
    /// Aborts the response, so that the client sees that it is incomplete.
    #[default]
    Abort,
    /// Ends the response as if the stream had come to its end.
    End,
    /// Sends an event made from the error, then ends the response; see [`OnError::event`].
    Event(Box<dyn FnOnce(&E) -> Event + Send>),
}

impl<E> OnError<E> {
    /// Sends the event that `make` builds from the error, then ends the response.
    pub fn event(make: impl FnOnce(&E) -> Event + Send + 'static) -> Self {
        Self::Event(Box::new(make))
    }
}

impl<E> fmt::Debug for OnError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Abort => "Abort",
            Self::End => "End",
            Self::Event(_) => "Event(..)",
        })
    }
}
