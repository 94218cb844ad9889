use core::fmt;
use std::boxed::Box;

use crate::Event;

/// What an error in the stream does to the response.
///
/// The stream is over after its first error whatever is chosen here, and events before the error are always sent.
/// A browser reconnects after all three: only a response with status 204 tells it not to.
/// It is `Send` and never `Sync`, since the function in it need not be.
#[derive(Default)]
#[non_exhaustive]
pub enum OnError<E> {
    /// Aborts the response, so that the client sees that it is incomplete.
    #[default]
    Abort,
    /// Ends the response as if the stream had come to its end.
    End,
    /// Sends an event made from the error, then ends the response.
    ///
    /// [`OnError::event`] makes it of a function; a closure that captures something goes in here, the type of its parameter written out.
    Event(Box<dyn FnOnce(&E) -> Event + Send>),
}

impl<E: 'static> OnError<E> {
    /// Sends the event that `make` builds from the error, then ends the response.
    ///
    /// ```
    /// use sse_core::{Event, EventStream, OnError};
    ///
    /// let results = tokio_stream::once(Err::<Event, _>("out of paper"));
    /// let body = EventStream::new(results).on_error(OnError::event(|error| Event::new(error.to_string())));
    /// ```
    pub fn event(make: fn(&E) -> Event) -> Self {
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
