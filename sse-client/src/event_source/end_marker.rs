use bytestring::ByteString;
use sse_core::{EventType, Received};

/// What ends the events for good.
#[derive(Debug, Default)]
pub(super) struct EndMarker {
    data: Vec<ByteString>,
    event_types: Vec<EventType>,
    required: bool,
}

/// What a block is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    /// An event like others.
    None,
    /// A block that is not given out.
    Unwanted,
    /// The end, which is not given out.
    End,
    /// The last event.
    Last,
}

impl EndMarker {
    pub(super) fn add_data(&mut self, data: ByteString) {
        self.data.push(data);
    }

    pub(super) fn add_event_type(&mut self, event_type: EventType) {
        // The empty type is no type.
        let is_empty = event_type.as_str().is_empty();
        self.event_types
            .push(if is_empty { MESSAGE } else { event_type });
    }

    pub(super) fn require(&mut self) {
        self.required = true;
    }

    pub(super) fn is_required(&self) -> bool {
        self.required
    }

    #[inline]
    pub(super) fn mark(&self, received: &Received) -> Mark {
        if self.data.is_empty() && self.event_types.is_empty() {
            return Mark::None;
        }
        let Some(data) = &received.event.data else {
            return Mark::None;
        };
        if self.data.contains(data) {
            return Mark::End;
        }
        let event_type = received.event_type();
        if self
            .event_types
            .iter()
            .any(|wanted| wanted.as_str() == event_type)
        {
            return Mark::Last;
        }
        Mark::None
    }
}

const MESSAGE: EventType = EventType::from_static("message");
