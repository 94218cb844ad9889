use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use sse_core::{EncodedBatch, EncodedEvent};

use super::stream::{Step, Subscription};

/// A subscription as single events, those of the hub's own among them.
#[derive(Debug)]
pub struct Events {
    subscription: Subscription,
    ready: VecDeque<EncodedEvent>,
}

impl Events {
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

impl Stream for Events {
    type Item = EncodedEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<EncodedEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            match ready!(self.subscription.poll_step(cx)) {
                Step::Control(events) => self.ready.extend(split(&events)),
                Step::Entries(entries, _) => self
                    .ready
                    .extend(entries.iter().map(|entry| entry.event().clone())),
                Step::End => return Poll::Ready(None),
            }
        }
    }
}

/// The blocks of what the hub itself wrote; each ends with the only blank line in it.
pub(super) fn split(batch: &EncodedBatch) -> Vec<EncodedEvent> {
    let bytes = batch.as_bytes();
    let mut blocks = Vec::new();
    let mut start = 0;
    while let Some(len) = bytes[start..].windows(2).position(|pair| pair == b"\n\n") {
        let end = start + len + 2;
        blocks.extend(EncodedEvent::from_wire(bytes.slice(start..end)));
        start = end;
    }
    blocks
}
