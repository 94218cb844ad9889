use crate::{event::Event, event_id::EventId, event_type::EventType};

/// One event that was received, and the last event ID at its dispatch.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Received {
    /// What the block itself said: sent on as it is, it says the same again.
    pub event: Event,
    /// The last event ID, which carries over from earlier events; empty if there is none.
    pub last_event_id: EventId,
}

impl Received {
    /// Returns the type under which a browser would dispatch the event: `message` if there is none or an empty one.
    pub fn event_type(&self) -> &str {
        self.event
            .event
            .as_ref()
            .map(EventType::as_str)
            .filter(|event| !event.is_empty())
            .unwrap_or("message")
    }

    /// Returns the data, with LF between lines; empty if there is none.
    pub fn data(&self) -> &str {
        self.event.data.as_deref().unwrap_or("")
    }

    /// Returns a copy that shares no memory with the chunk that it was decoded from.
    pub fn detached(&self) -> Self {
        Self {
            event: self.event.detached(),
            last_event_id: self.last_event_id.detached(),
        }
    }
}

impl From<Received> for Event {
    fn from(received: Received) -> Self {
        received.event
    }
}
