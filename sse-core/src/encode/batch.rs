use alloc::string::String;
use core::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use super::{encoded_event::EncodedEvent, guarded::guarded};
use crate::event_id::EventId;

/// Several events as they go over the wire, in one piece of shared memory.
///
/// A connection that is behind is served with one large write instead of many small ones,
/// and all connections at the same position share the same batch.
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_core::{EncodedBatch, Event};
///
/// let batch: EncodedBatch = (1..=3).map(|n| Event::new("x").id(n).encode()).collect();
/// assert_eq!(batch.events(), 3);
/// assert_eq!(batch.last_id().unwrap(), &"3");
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EncodedBatch {
    wire: ByteString,
    events: usize,
    last_id: Option<LastId>,
}

/// The last id, and where it begins in the wire bytes that it is a slice of.
#[derive(Clone, Debug, Eq, PartialEq)]
struct LastId {
    start: usize,
    id: EventId,
}

impl EncodedBatch {
    /// Joins events in order, copying each once; a single event is shared and not copied.
    pub fn new(events: &[EncodedEvent]) -> Self {
        let mut id_range = None;
        let wire = match events {
            [event] => {
                id_range = event.id_range();
                event.clone().into_text()
            }
            _ => {
                let mut wire = String::with_capacity(events.iter().map(EncodedEvent::len).sum());
                for event in events {
                    if let Some(range) = event.id_range() {
                        id_range = Some(wire.len() + range.start..wire.len() + range.end);
                    }
                    wire.push_str(event.as_str());
                }
                wire.into()
            }
        };
        Self {
            events: events.iter().filter(|event| !event.is_empty()).count(),
            last_id: id_range.map(|range| LastId::new(&wire, range)),
            wire,
        }
    }

    /// Keeps `guard` until the last clone or slice of the wire bytes is dropped, as for an account of memory;
    /// see [`EncodedEvent::guarded`].
    pub fn guarded(self, guard: impl Send + 'static) -> Self {
        let Self {
            wire,
            events,
            last_id,
        } = self;
        let wire = guarded(wire, guard);
        Self {
            events,
            // The old slice would keep the bytes and not the guard.
            last_id: last_id
                .map(|it| LastId::new(&wire, it.start..it.start + it.id.as_str().len())),
            wire,
        }
    }

    /// Returns the wire bytes.
    pub fn as_bytes(&self) -> &Bytes {
        self.wire.as_bytes()
    }

    /// Gives the wire bytes away, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.wire.into_bytes()
    }

    /// Returns how many events there are; those that encode to nothing do not count.
    pub fn events(&self) -> usize {
        self.events
    }

    /// Returns the last id that one of the events bears.
    pub fn last_id(&self) -> Option<&EventId> {
        self.last_id.as_ref().map(|it| &it.id)
    }

    /// Tells whether there are no wire bytes.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }
}

impl LastId {
    fn new(wire: &ByteString, range: Range<usize>) -> Self {
        Self {
            start: range.start,
            id: EventId::trusted(wire.slice_ref(&wire[range])),
        }
    }
}

impl From<EncodedEvent> for EncodedBatch {
    fn from(event: EncodedEvent) -> Self {
        Self::new(&[event])
    }
}

impl FromIterator<EncodedEvent> for EncodedBatch {
    fn from_iter<I: IntoIterator<Item = EncodedEvent>>(events: I) -> Self {
        let events: alloc::vec::Vec<_> = events.into_iter().collect();
        Self::new(&events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    #[test]
    fn a_batch_is_the_concatenation_with_number_and_last_id() {
        let events = [
            Event::new("a").id(1).encode(),
            Event::empty().encode(),
            Event::new("b").encode(),
        ];
        let batch = EncodedBatch::new(&events);
        assert_eq!(batch.as_bytes(), "id: 1\ndata: a\n\ndata: b\n\n");
        assert_eq!(
            (batch.events(), batch.last_id().map(EventId::as_str)),
            (2, Some("1"))
        );
        assert!(EncodedBatch::new(&[]).is_empty());
    }

    #[test]
    fn a_single_event_is_shared() {
        let event = Event::new("a").encode();
        let batch = EncodedBatch::from(event.clone());
        assert_eq!(batch.as_bytes().as_ptr(), event.as_bytes().as_ptr());
    }
}
