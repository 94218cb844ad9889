use bytes::{Bytes, BytesMut};

use super::Piece;

/// An event of this many bytes or more is never copied: from here on a copy costs more than
/// the buffer that the transport needs for one more frame.
pub(super) const NEVER_COPIED: usize = 4 * 1024;

/// Several small events share a frame of at most this many bytes: one TLS record, and less than
/// every transport's write buffer.
pub(super) const LARGEST_COPY: usize = 16 * 1024;

/// A frame while events are added to it.
#[derive(Debug, Default)]
pub(super) struct Frame {
    content: Content,
    events: u64,
    whole: bool,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    Nothing,
    Shared(Bytes),
    Copied(BytesMut),
}

impl Frame {
    /// Adds a piece, or gives it back if it belongs in the next frame.
    pub(super) fn push(&mut self, piece: Piece) -> Result<(), Piece> {
        let fits = match self.len() {
            0 => true,
            len => !piece.whole && len + piece.bytes.len() <= LARGEST_COPY,
        };
        if !fits {
            return Err(piece);
        }
        self.events += piece.events;
        self.whole = piece.whole;
        self.content = match core::mem::take(&mut self.content) {
            Content::Nothing => Content::Shared(piece.bytes),
            Content::Shared(first) => {
                let mut copy = BytesMut::with_capacity(2 * (first.len() + piece.bytes.len()));
                copy.extend_from_slice(&first);
                copy.extend_from_slice(&piece.bytes);
                Content::Copied(copy)
            }
            Content::Copied(mut copy) => {
                copy.extend_from_slice(&piece.bytes);
                Content::Copied(copy)
            }
        };
        Ok(())
    }

    /// Returns the bytes and the number of events in them, `None` if there are none.
    pub(super) fn finish(self) -> Option<(Bytes, u64)> {
        match self.content {
            Content::Nothing => None,
            Content::Shared(bytes) => Some((bytes, self.events)),
            Content::Copied(copy) => Some((copy.freeze(), self.events)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    pub(super) fn is_full(&self) -> bool {
        self.whole || self.len() >= LARGEST_COPY
    }

    fn len(&self) -> usize {
        match &self.content {
            Content::Nothing => 0,
            Content::Shared(bytes) => bytes.len(),
            Content::Copied(copy) => copy.len(),
        }
    }
}
