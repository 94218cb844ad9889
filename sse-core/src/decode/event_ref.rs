use super::{
    block::{Block, Open},
    received::Received,
    scan::TextBuffer,
    state::Saved,
};
use crate::{event::Event, event_id::EventId, event_type::EventType, retry::Retry};

/// One event as it lies in the input, valid until the decoder is asked for the next.
///
/// Nothing is copied or counted unless the data has several lines, goes over the end of a chunk, or is not UTF-8.
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug)]
pub struct EventRef<'e> {
    pub(super) data: Option<&'e str>,
    pub(super) event: Option<&'e str>,
    pub(super) id: Option<&'e str>,
    pub(super) retry: Option<Retry>,
    pub(super) comment: Option<&'e str>,
    pub(super) last_event_id: &'e str,
}

impl<'e> EventRef<'e> {
    /// Puts together what lies in the chunk and what lies in the state's buffers.
    #[inline]
    pub(super) fn new(
        block: Block<'e>,
        open: Open,
        buffer: &'e mut TextBuffer,
        saved: &'e Saved,
        last_id: Option<&'e str>,
    ) -> Self {
        let data = match block.data {
            Some(text) => Some(text),
            None if open.data_gathered => Some(buffer.text()),
            None => None,
        };
        Self {
            data,
            event: block.event.or(open.event_saved.then_some(&*saved.event)),
            id: block.id.or(open.id_saved.then_some(&*saved.id)),
            retry: open.retry,
            comment: None,
            last_event_id: last_id.unwrap_or(&saved.last_event_id),
        }
    }

    /// Returns the type under which a browser would dispatch the event: `message` if there is none or an empty one.
    #[inline]
    pub fn event_type(&self) -> &'e str {
        self.event
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
        self.event
    }

    /// Returns the id that the block itself states.
    #[inline]
    pub fn id(&self) -> Option<&'e str> {
        self.id
    }

    /// Returns the reconnection time that the block itself states.
    #[inline]
    pub fn retry(&self) -> Option<Retry> {
        self.retry
    }

    /// Returns the comment, if this is one; then there is nothing else.
    #[inline]
    pub fn comment(&self) -> Option<&'e str> {
        self.comment
    }

    /// Returns the last event ID at this point of the stream; empty if there is none.
    #[inline]
    pub fn last_event_id(&self) -> &'e str {
        self.last_event_id
    }

    /// Copies the event.
    pub fn to_received(&self) -> Received {
        Received {
            event: Event {
                event: self.event.map(|event| EventType::trusted(event.into())),
                data: self.data.map(Into::into),
                id: self.id.map(|id| EventId::trusted(id.into())),
                retry: self.retry,
                comment: self.comment.map(Into::into),
            },
            last_event_id: EventId::trusted(self.last_event_id.into()),
        }
    }
}
