use core::mem;

use super::{
    block::{Block, Line, Text},
    error::DecodeError,
    scan::Piece,
    state::{State, Status, save_text},
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
    /// Begins a line or adds to it; `piece` has no line end, and starts at `offset` if it begins the line.
    pub(super) fn extend_line(
        &mut self,
        block: &mut Block<'_>,
        piece: Piece<'_>,
        offset: u64,
    ) -> Result<(), DecodeError> {
        if piece.bytes().is_empty() {
            return Ok(());
        }
        let mut partial = self.partial.take().unwrap_or_else(|| {
            self.line.clear();
            Partial {
                kind: Kind::Line,
                len: 0,
                offset,
            }
        });
        partial.len += piece.bytes().len();
        if self.status != Status::Running {
            partial.kind = Kind::Discard;
        } else if partial.len > self.room(block) {
            partial.kind = Kind::Discard;
            self.partial = Some(partial);
            return Err(self.line_too_large(block, partial.offset));
        }
        match partial.kind {
            Kind::Line => {
                self.line.push(piece);
                partial.kind = self.settle(block);
            }
            Kind::Data => self.data.push(piece),
            Kind::Discard => {}
        }
        self.partial = Some(partial);
        Ok(())
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
    }

    /// Decides as early as possible what becomes of the line in the buffer, so that nothing is kept or copied in vain.
    fn settle(&mut self, block: &mut Block<'_>) -> Kind {
        /// From here on it is known which field the line is, and whether a space follows the colon of `data:`.
        const DECIDED: usize = b"event:".len();
        let line = self.line.as_piece();
        match Line::of(line.bytes()) {
            Line::Comment(_) if !self.options.comments => Kind::Discard,
            Line::Unknown if line.bytes().len() >= DECIDED => Kind::Discard,
            Line::Data(start)
                if line.bytes().len() >= DECIDED && !self.options.reject_invalid_utf8 =>
            {
                let line = mem::take(&mut self.line);
                self.gather(block, line.as_piece().skip(start));
                self.line = line;
                Kind::Data
            }
            _ => Kind::Line,
        }
    }

    /// Ends the line that has begun with its last piece; gives its text if it is a comment that is wanted.
    pub(super) fn complete_line(
        &mut self,
        block: &mut Block<'_>,
        piece: Piece<'_>,
    ) -> Result<Text<'static>, DecodeError> {
        let Some(Partial { kind, len, offset }) = self.partial.take() else {
            return Ok(Text::Absent);
        };
        if self.status != Status::Running {
            return Ok(Text::Absent);
        }
        let len = len + piece.bytes().len();
        if len > self.room(block) {
            return Err(self.line_too_large(block, offset));
        }
        match kind {
            Kind::Discard => block.bytes += len,
            Kind::Data => {
                block.bytes += len;
                self.data.push(piece);
                self.count_data_line(block, offset)?;
            }
            Kind::Line => {
                self.line.push(piece);
                let line = mem::take(&mut self.line);
                let mut with_line = *block;
                let comment = self.apply(&mut with_line, line.as_piece(), offset);
                let comment = comment.map(|comment| save_text(comment, &mut self.saved.comment));
                *block = self.save(with_line);
                self.line = line;
                return comment;
            }
        }
        Ok(Text::Absent)
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
