use core::mem;

use super::{
    block::{Block, Line},
    scan::{Piece, Short},
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
    /// The beginning of [`DATA`], which is kept nowhere else.
    Name,
    /// A data line: its value goes straight into the data buffer.
    Data,
    /// Its text is of no use: a comment, an unknown field, a line of an event that is skipped.
    Discard,
}

/// What stands before the value of a data line as nearly everyone writes it.
const DATA: &[u8] = b"data: ";

impl State {
    /// Goes on with a data line that a chunk before this one began, and with those that follow it,
    /// as long as they only add to the data buffer; tells whether that was all of the chunk.
    ///
    /// In small chunks nearly all lines are such, and to walk over them would cost more than to copy them.
    #[inline]
    pub(super) fn absorb(&mut self, chunk: &mut Short<'_>) -> bool {
        let room = self.room();
        match &mut self.partial {
            Some(Partial {
                kind: Kind::Data,
                len,
                ..
            }) => match chunk.rest() {
                Some(rest) if !self.overrun && *len + rest.bytes().len() <= room => {
                    *len += rest.bytes().len();
                    self.data.push(rest);
                    // `after_cr` is false already: the line has begun, and no CR has come since.
                    self.chunk_offset += rest.bytes().len() as u64;
                    true
                }
                Some(_) => false,
                None => self.absorb_data(chunk),
            },
            Some(Partial {
                kind: Kind::Name, ..
            }) => self.absorb_name(chunk),
            _ => false,
        }
    }

    /// Does so if the chunk begins with what the line lacks to be a data line.
    fn absorb_name(&mut self, chunk: &mut Short<'_>) -> bool {
        let Some(partial) = &mut self.partial else {
            return false;
        };
        if !chunk.skip(&DATA[partial.len..]) {
            return false;
        }
        partial.kind = Kind::Data;
        partial.len = DATA.len();
        self.gather(&mut Block::default());
        self.absorb_data(chunk)
    }

    /// Does so from within a data line on; where it stops, the state and `chunk` stand after the last line taken.
    #[inline(never)]
    fn absorb_data(&mut self, chunk: &mut Short<'_>) -> bool {
        let whole = chunk.chunk();
        if self.overrun {
            return false;
        }
        loop {
            let room = self.room();
            let Some(Partial { len, offset, .. }) = &mut self.partial else {
                return false;
            };
            let Some(room) = room.checked_sub(*len) else {
                return false;
            };
            if let Some(rest) = chunk.rest() {
                if rest.bytes().len() > room {
                    return false;
                }
                *len += rest.bytes().len();
                self.data.push(rest);
                break;
            }
            if self.open.data_lines >= self.options.limits.data_lines {
                return false;
            }
            let Some(line) = chunk.next_line_by_lf(room) else {
                return false;
            };
            self.data.push(line);
            self.open.data_lines += 1;
            self.open.bytes += *len + line.bytes().len();
            if room - line.bytes().len() >= DATA.len() && chunk.skip(DATA) {
                self.data.push_line_feed();
                *offset = self.chunk_offset + (chunk.consumed() - DATA.len()) as u64;
                *len = DATA.len();
                continue;
            }
            self.partial = None;
            if !self.absorb_beginning(chunk) {
                return false;
            }
            break;
        }
        self.leave(whole, whole.len());
        true
    }

    /// Keeps the beginning of a line with which a chunk ends, if it may become a data line or there is none.
    fn absorb_beginning(&mut self, chunk: &Short<'_>) -> bool {
        let Some(rest) = chunk.rest() else {
            return false;
        };
        if !DATA.starts_with(rest.bytes()) || self.room() < DATA.len() {
            return false;
        }
        if !rest.bytes().is_empty() {
            self.partial = Some(Partial {
                kind: Kind::Name,
                len: rest.bytes().len(),
                offset: self.chunk_offset + chunk.consumed() as u64,
            });
        }
        true
    }

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
        let len = piece.bytes().len();
        if self.partial.is_some()
            || self.status != Status::Running
            || len > self.room()
            || self.options.reject_invalid_utf8
        {
            return self.extend_other_line(block, piece, offset);
        }
        let kind = if piece.bytes().starts_with(DATA) {
            self.gather(block);
            self.data.push(piece.skip(DATA.len()));
            Kind::Data
        } else if DATA.starts_with(piece.bytes()) {
            Kind::Name
        } else {
            return self.extend_other_line(block, piece, offset);
        };
        self.fresh = false;
        self.partial = Some(Partial { kind, len, offset });
        Applied::Done
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
        self.spell_out(&mut partial);
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
        } else if partial.kind == Kind::Data {
            self.data.push(piece);
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

    /// Puts a beginning that is kept nowhere else into the line buffer.
    fn spell_out(&mut self, partial: &mut Partial) {
        if partial.kind == Kind::Name {
            self.line.clear();
            self.line.push(Piece::unknown(&DATA[..partial.len]));
            partial.kind = Kind::Line;
        }
    }

    /// Ends the line that has begun with its last piece; what was open before is in the state's buffers.
    pub(super) fn complete_line(&mut self, piece: Piece<'_>) -> Applied {
        let Some(mut partial) = self.partial.take() else {
            return Applied::Done;
        };
        if self.status != Status::Running {
            return Applied::Done;
        }
        self.spell_out(&mut partial);
        let Partial { kind, len, offset } = partial;
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
                Kind::Line | Kind::Name => self.apply_buffered_line(piece),
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
            Some(Partial {
                kind: Kind::Name,
                len,
                ..
            }) => len,
            _ => 0,
        }
    }
}
