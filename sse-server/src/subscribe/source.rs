use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream as _;
use sse_core::{EncodedBatch, EventId};
use sse_hub::{CloseReason, Subscription};

use super::hooked::Hooked;

/// Where the events of a stream come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The hub, whose batches all subscribers share.
    Hub(Box<Subscription>),
    /// The hub, by way of the hook `message`.
    Hooked(Box<Hooked>),
}

impl Source {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<EncodedBatch>> {
        match self {
            Self::Hub(subscription) => Pin::new(&mut **subscription).poll_next(cx),
            Self::Hooked(hooked) => hooked.poll_next(cx),
        }
    }

    /// Returns the id behind which nothing was sent or left out on purpose.
    pub(super) fn position(&self) -> Option<EventId> {
        match self {
            Self::Hub(subscription) => Some(subscription.position().to_event_id()),
            Self::Hooked(hooked) => hooked.position(),
        }
    }

    /// Returns why the hub ended it.
    pub(super) fn end_reason(&self) -> Option<CloseReason> {
        match self {
            Self::Hub(subscription) => subscription.end_reason(),
            Self::Hooked(hooked) => hooked.end_reason(),
        }
    }
}
