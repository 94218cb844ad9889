use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use sse_core::EncodedEvent;

use super::{
    events::split,
    stream::{Step, Subscription},
};
use crate::log::Entry;

/// What a subscription delivers, before it is bytes.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Delivery {
    /// What was published.
    Entry(Arc<Entry>),
    /// An event of the hub's own: opening, gap, keep-alive, end. Pass it on as it is.
    Control(EncodedEvent),
}

/// A subscription as entries: for one who leaves out or replaces events by rules that take time.
///
/// The position moves on whatever is done with them. Send [`Entry::event`], or another event with the same id.
#[derive(Debug)]
pub struct Entries {
    subscription: Subscription,
    ready: VecDeque<Delivery>,
}

impl Entries {
    pub(super) fn new(subscription: Subscription) -> Self {
        Self {
            subscription,
            ready: VecDeque::new(),
        }
    }

    /// Returns the subscription; what was read and not yet handed out is lost with it.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }
}

impl Stream for Entries {
    type Item = Delivery;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if let Some(delivery) = self.ready.pop_front() {
                return Poll::Ready(Some(delivery));
            }
            match ready!(self.subscription.poll_step(cx)) {
                Step::Control(events) => self
                    .ready
                    .extend(split(&events).into_iter().map(Delivery::Control)),
                Step::Entries(entries, _) => {
                    self.ready.extend(entries.into_iter().map(Delivery::Entry));
                }
                Step::End => return Poll::Ready(None),
            }
        }
    }
}
