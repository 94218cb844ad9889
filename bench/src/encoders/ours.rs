//! Our encoder, and whole round trips.

use std::{hint::black_box, iter};

use bytes::Bytes;
use sse_core::{Event, EventType};

use crate::{blocks::Block, encoders::Encode};

pub(super) struct Ours;

impl Encode for Ours {
    type Event = Event;

    fn build(block: &Block) -> Event {
        let mut event = Event::new(block.data.as_str());
        if let Some(id) = &block.id {
            event = event.try_id(id.as_str()).expect("a legal id");
        }
        if let Some(event_type) = block.event {
            event = event.event(EventType::from_static(event_type));
        }
        event
    }

    fn encode<I>(events: I, mut each: impl FnMut(Bytes))
    where
        I: Iterator<Item = Event> + Send + Unpin + 'static,
    {
        for event in events {
            each(event.encode().into_bytes());
        }
    }

    fn deliver(block: &'static Block, receivers: usize, mut each: impl FnMut(Bytes)) {
        let encoded = Self::build(block).encode();
        for receiver in iter::repeat_n(encoded, receivers) {
            each(receiver.into_bytes());
        }
    }
}

/// Builds our event.
pub fn build(block: &Block) -> Event {
    Ours::build(block)
}

/// Encodes events that are built already: one allocation each.
pub fn encode_built(events: &[Event]) {
    for event in events {
        black_box(event.encode());
    }
}
