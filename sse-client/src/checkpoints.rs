use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};
use sse_core::{EventId, EventType, Received};

use crate::{error::Error, event_source::EventSource};

/// What to store, and the id to store with it; see [`EventSource::checkpoints`].
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a stream has events, ids without them, and gaps; whoever stores must see another thing at compile time"
)]
pub enum Delivery {
    /// An event; its `last_event_id` is the one to store.
    Event(Received),
    /// Events are missing here: an event of the type `hub.gap`, which `received.gap()` reads with feature `json`.
    ///
    /// What was stored so far is not all there was. With its `last_event_id` stored, what comes after it follows.
    Gap(Received),
    /// The last event ID has changed without an event: nothing is missed by what resumes after it.
    Checkpoint(EventId),
}

impl Delivery {
    /// Returns the last event ID to store.
    pub fn last_event_id(&self) -> &EventId {
        match self {
            Self::Event(received) | Self::Gap(received) => &received.last_event_id,
            Self::Checkpoint(id) => id,
        }
    }

    /// Returns the event, if there is one; a gap is none.
    pub fn event(&self) -> Option<&Received> {
        match self {
            Self::Event(received) => Some(received),
            Self::Gap(_) | Self::Checkpoint(_) => None,
        }
    }
}

/// The events of an event source, and each change of the last event ID without one; see [`EventSource::checkpoints`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Checkpoints(EventSource);

impl Checkpoints {
    pub(crate) fn new(events: EventSource) -> Self {
        Self(events)
    }

    /// Waits for the next delivery; `None` is the end.
    ///
    /// # Errors
    ///
    /// Those of [`EventSource::next`].
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Result<Delivery, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the event source.
    pub fn get_ref(&self) -> &EventSource {
        &self.0
    }
}

impl Stream for Checkpoints {
    type Item = Result<Delivery, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_block(cx).map_ok(|received| {
            // A comment, which the user asked for, is given as an event.
            if received.event.data.is_none() && received.event.comment.is_none() {
                Delivery::Checkpoint(received.last_event_id)
            } else if is_gap(&received) {
                Delivery::Gap(received)
            } else {
                Delivery::Event(received)
            }
        })
    }
}

/// Whether this says that events are missing, even if nobody can read why.
pub(crate) fn is_gap(received: &Received) -> bool {
    received.event.event.as_ref() == Some(&GAP)
}

/// `Gap::EVENT_TYPE`, without the feature that reads it.
const GAP: EventType = EventType::from_static("hub.gap");

impl FusedStream for Checkpoints {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

#[cfg(all(test, feature = "json"))]
#[test]
fn the_type_of_a_gap_is_that_of_the_core() {
    assert_eq!(GAP, sse_core::Gap::EVENT_TYPE);
}
