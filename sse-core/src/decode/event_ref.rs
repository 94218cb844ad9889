use core::fmt;

use super::{
    block::{Block, Text},
    received::Received,
    state::Saved,
};
use crate::{event::Event, event_id::EventId, event_type::EventType, retry::Retry};

/// One event as it lies in the input, valid until the decoder is asked for the next.
///
/// Nothing is copied or counted unless the data has several lines, goes over the end of a chunk, or is not UTF-8.
#[derive(Clone, Copy)]
pub struct EventRef<'e> {
    pub(super) data: Option<&'e str>,
    pub(super) comment: Option<&'e str>,
    pub(super) block: &'e Block<'e>,
    pub(super) saved: &'e Saved,
    pub(super) last_id: Option<&'e str>,
}

impl<'e> EventRef<'e> {
    /// Returns the type under which a browser would dispatch the event: `message` if there is none or an empty one.
    #[inline]
    pub fn event_type(&self) -> &'e str {
        self.event()
            .filter(|event| !event.is_empty())
            .unwrap_or("message")
    }

    /// Returns the data, with LF between lines; empty if there is none.
    #[inline]
    pub fn data(&self) -> &'e str {
        self.data.unwrap_or("")
    }

    /// Tells whether there is data, so that a browser would dispatch the event.
    #[inline]
    pub fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// Returns the event type that the block itself states.
    #[inline]
    pub fn event(&self) -> Option<&'e str> {
        text(self.block.event, &self.saved.event)
    }

    /// Returns the id that the block itself states.
    #[inline]
    pub fn id(&self) -> Option<&'e str> {
        text(self.block.id, &self.saved.id)
    }

    /// Returns the reconnection time that the block itself states.
    #[inline]
    pub fn retry(&self) -> Option<Retry> {
        self.block.retry
    }

    /// Returns the comment, if this is one; then there is nothing else.
    #[inline]
    pub fn comment(&self) -> Option<&'e str> {
        self.comment
    }

    /// Returns the last event ID at this point of the stream; empty if there is none.
    #[inline]
    pub fn last_event_id(&self) -> &'e str {
        self.last_id.unwrap_or(&self.saved.last_event_id)
    }

    /// Copies the event.
    pub fn to_received(&self) -> Received {
        Received {
            event: Event {
                event: self.event().map(|event| EventType::trusted(event.into())),
                data: self.data.map(Into::into),
                id: self.id().map(|id| EventId::trusted(id.into())),
                retry: self.retry(),
                comment: self.comment.map(Into::into),
            },
            last_event_id: EventId::trusted(self.last_event_id().into()),
        }
    }
}

impl fmt::Debug for EventRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRef")
            .field("event", &self.event())
            .field("data", &self.data)
            .field("id", &self.id())
            .field("retry", &self.retry())
            .field("comment", &self.comment)
            .field("last_event_id", &self.last_event_id())
            .finish()
    }
}

#[inline]
fn text<'e>(text: Text<'e>, saved: &'e str) -> Option<&'e str> {
    match text {
        Text::Absent => None,
        Text::Chunk(text) => Some(text),
        Text::Saved => Some(saved),
    }
}
