use bytestring::ByteString;
use sse_core::{Event, EventId, EventType, Retry};

/// A message as scripts see it: `pub.msg`, and what `catchup` returns. What it holds can be sent.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MessageTable {
    /// `id`.
    pub id: Option<EventId>,
    /// `event`.
    pub event: Option<EventType>,
    /// `data`.
    pub data: Option<ByteString>,
    /// `comment`: each without a line end.
    pub comment: Vec<ByteString>,
    /// `retry`, in milliseconds.
    pub retry: Option<Retry>,
}

impl MessageTable {
    /// Tells whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.id.is_none()
            && self.event.is_none()
            && self.data.is_none()
            && self.comment.is_empty()
            && self.retry.is_none()
    }
}

impl From<MessageTable> for Event {
    fn from(message: MessageTable) -> Self {
        let mut event = Self::empty();
        event.id = message.id;
        event.event = message.event;
        event.data = message.data;
        event.retry = message.retry;
        event.comment = match <[ByteString; 1]>::try_from(message.comment) {
            Ok([one]) => Some(one),
            Err(none) if none.is_empty() => None,
            Err(several) => Some(several.join("\n").into()),
        };
        event
    }
}

impl From<Event> for MessageTable {
    fn from(event: Event) -> Self {
        let lines = |text: ByteString| text.split('\n').map(ByteString::from).collect();
        Self {
            id: event.id,
            event: event.event,
            data: event.data,
            comment: event.comment.map(lines).unwrap_or_default(),
            retry: event.retry,
        }
    }
}
