use bytestring::ByteString;
use sse_core::Received;

/// What ends the events for good.
#[derive(Debug, Default)]
pub(super) struct EndMarker {
    data: Option<ByteString>,
    event_type: Option<ByteString>,
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
    pub(super) fn set_data(&mut self, data: ByteString) {
        self.data = Some(data);
    }

    pub(super) fn set_event_type(&mut self, event_type: ByteString) {
        self.event_type = Some(event_type);
    }

    pub(super) fn require(&mut self) {
        self.required = true;
    }

    pub(super) fn is_required(&self) -> bool {
        self.required
    }

    #[inline]
    pub(super) fn mark(&self, received: &Received) -> Mark {
        if self.data.is_none() && self.event_type.is_none() {
            return Mark::None;
        }
        let Some(data) = &received.event.data else {
            return Mark::None;
        };
        if self.data.as_ref() == Some(data) {
            return Mark::End;
        }
        match &self.event_type {
            Some(event_type) if event_type == received.event_type() => Mark::Last,
            _ => Mark::None,
        }
    }
}
