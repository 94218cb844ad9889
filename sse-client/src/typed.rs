use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{FusedStream, Stream};
use serde::de::DeserializeOwned;
use sse_core::Received;

use crate::{
    checkpoints::is_gap,
    error::{Error, ErrorKind},
    event_source::EventSource,
};

/// An event whose data was JSON.
///
/// It is `Send` and `Sync` if the value is.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Typed<T> {
    /// What the data says.
    pub value: T,
    /// The event.
    pub received: Received,
}

/// The events of an event source with their data decoded from JSON; see [`EventSource::typed`].
#[must_use = "streams do nothing unless polled"]
pub struct TypedEvents<T> {
    events: EventSource,
    data: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> TypedEvents<T> {
    pub(crate) fn new(events: EventSource) -> Self {
        Self {
            events,
            data: PhantomData,
        }
    }

    /// Waits for the next event; `None` is the end.
    ///
    /// # Errors
    ///
    /// Those of [`EventSource::next`], and two after which events go on and that have the event, [`Error::received`]:
    /// [`ErrorKind::Json`] for data that is not a `T`, and [`ErrorKind::Gap`] where a hub says that events are missing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Typed<T>, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the event source.
    pub fn get_ref(&self) -> &EventSource {
        &self.events
    }
}

impl<T: DeserializeOwned> Stream for TypedEvents<T> {
    type Item = Result<Typed<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let received = match ready!(Pin::new(&mut self.events).poll_next(cx)) {
                Some(Ok(received)) => received,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            // A comment has no data.
            if received.event.data.is_none() {
                continue;
            }
            // Its data is JSON, and could be taken for a value.
            if is_gap(&received) {
                return Poll::Ready(Some(Err(Error::new(ErrorKind::Gap).at(received))));
            }
            return Poll::Ready(Some(match received.json() {
                Ok(value) => Ok(Typed { value, received }),
                Err(error) => Err(Error::because(ErrorKind::Json, error).at(received)),
            }));
        }
    }
}

impl<T: DeserializeOwned> FusedStream for TypedEvents<T> {
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}

impl<T> fmt::Debug for TypedEvents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedEvents").field(&self.events).finish()
    }
}
