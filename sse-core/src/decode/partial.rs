use core::mem;

use super::{
    block::{Block, Line},
    scan::Piece,
    state::{Applied, State, Status},
};

/// A line whose end has not come yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    kind: Kind,
    /// How long it is so far.
    len: usize,
    /// Where it starts in the stream.
    offset: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// All of it is in the state's line buffer.
    Line,
    /// A data line: its value goes straight into the data buffer.
    Data,
    /// Its text is of no use: a comment, an unknown field, a line of an event that is skipped.
    Discard,
}

impl State {
    /// Begins the first line of the stream with what was taken for the beginning of a byte order mark.
    pub(super) fn begin_line(&mut self, held_back: &[u8]) {
        if held_back.is_empty() {
            return;
        }
        self.line.clear();
        self.line.push(Piece::unknown(held_back));
        self.partial = Some(Partial {
            kind: Kind::Line,
            len: held_back.len(),
            offset: 0,
        });
        self.fresh = false;
    }

    /// Begins a line or adds to it; `piece` has no line end and is not empty,
    /// and starts at `offset` if it begins the line.
    #[inline]
    pub(super) fn extend_line(
        &mut self,
        block: &mut Block<'_>,
        piece: Piece<'_>,
        offset: u64,
    ) -> Applied {
        let room = self.room();
        let len = piece.bytes().len();
        if self.partial.is_none()
            && self.status == Status::Running
            && len <= room
            && !self.options.reject_invalid_utf8
            && piece.bytes().starts_with(b"data: ")
        {
            self.fresh = false;
            self.gather(block);
            self.data.push(piece.skip(6));
            self.partial = Some(Partial {
                kind: Kind::Data,
                len,
                offset,
            });
            return Applied::Done;
        }
        if let Some(open) = self.open_data_line()
            && *open + len <= room
        {
            *open += len;
            self.data.push(piece);
            return Applied::Done;
        }
        self.extend_other_line(block, piece, offset)
    }

    fn extend_other_line(
        &mut self,
        block: &mut Block<'_>,
        piece: Piece<'_>,
        offset: u64,
    ) -> Applied {
        let mut partial = self.partial.take().unwrap_or_else(|| {
            self.line.clear();
            Partial {
                kind: Kind::Line,
                len: 0,
                offset,
            }
        });
        self.fresh = false;
        partial.len += piece.bytes().len();
        let mut applied = Applied::Done;
        if self.status != Status::Running {
            partial.kind = Kind::Discard;
        } else if partial.len > self.room() {
            partial.kind = Kind::Discard;
            applied = self.line_too_large();
            self.place_error(partial.offset);
        } else if partial.kind == Kind::Line {
            partial.kind = self.settle(block, piece);
        }
        self.partial = Some(partial);
        applied
    }

    /// Adds to the line, and decides as early as possible what becomes of it, so that nothing is kept or copied in vain.
    fn settle(&mut self, block: &mut Block<'_>, piece: Piece<'_>) -> Kind {
        if self.line.len() > 0 {
            self.line.push(piece);
            let line = mem::take(&mut self.line);
            let kind = self.settled(block, line.as_piece());
            self.line = line;
            return kind;
        }
        let kind = self.settled(block, piece);
        if kind == Kind::Line {
            self.line.push(piece);
        }
        kind
    }

    fn settled(&mut self, block: &mut Block<'_>, line: Piece<'_>) -> Kind {
        /// From here on it is known which field the line is, and whether a space follows the colon of `data:`.
        const DECIDED: usize = b"event:".len();
        let decided = line.bytes().len() >= DECIDED;
        match Line::of(line.bytes()) {
            Line::Comment(_) if !self.options.comments => Kind::Discard,
            Line::Unknown if decided => Kind::Discard,
            Line::Data(start) if decided && !self.options.reject_invalid_utf8 => {
                self.gather(block);
                self.data.push(line.skip(start));
                Kind::Data
            }
            _ => Kind::Line,
        }
    }

    /// Returns the length so far of the line that has begun, if its value goes straight into the data buffer.
    #[inline]
    pub(super) fn open_data_line(&mut self) -> Option<&mut usize> {
        match &mut self.partial {
            Some(Partial {
                kind: Kind::Data,
                len,
                ..
            }) => Some(len),
            _ => None,
        }
    }

    /// Ends the line that has begun with its last piece; what was open before is in the state's buffers.
    pub(super) fn complete_line(&mut self, piece: Piece<'_>) -> Applied {
        let Some(Partial { kind, len, offset }) = self.partial.take() else {
            return Applied::Done;
        };
        if self.status != Status::Running {
            return Applied::Done;
        }
        let len = len + piece.bytes().len();
        let applied = if len > self.room() {
            self.line_too_large()
        } else {
            match kind {
                Kind::Discard => {
                    self.open.bytes += len;
                    Applied::Done
                }
                Kind::Data => {
                    self.open.bytes += len;
                    self.data.push(piece);
                    self.count_data_line()
                }
                Kind::Line => self.apply_buffered_line(piece),
            }
        };
        if applied == Applied::Failed {
            self.place_error(offset);
        }
        applied
    }

    fn apply_buffered_line(&mut self, last: Piece<'_>) -> Applied {
        self.line.push(last);
        let line = mem::take(&mut self.line);
        let mut block = Block::default();
        let applied = self.apply(&mut block, line.as_piece());
        if let Some(comment) = block.comment {
            self.saved.comment.clear();
            self.saved.comment.push_str(comment);
        }
        self.save(&mut block);
        self.line = line;
        applied
    }

    /// Returns how many bytes of the line are in a buffer of its own.
    pub(super) fn line_buffered(&self) -> usize {
        match self.partial {
            Some(Partial {
                kind: Kind::Line, ..
            }) => self.line.len(),
            _ => 0,
        }
    }
}
