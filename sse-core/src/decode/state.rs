use alloc::string::String;

use super::{
    block::{Block, Data, Line, Text},
    error::{DecodeError, DecodeErrorKind},
    limits::Limit,
    options::DecoderOptions,
    partial::Partial,
    scan::{Piece, TextBuffer},
};
use crate::retry::Retry;

/// What a decoder remembers from one chunk to the next.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: DecoderOptions,
    pub(super) status: Status,
    /// Offset in the stream of the current chunk, and of the first byte that has not been read.
    pub(super) chunk_offset: u64,
    pub(super) position: u64,
    /// How many bytes of a byte order mark have been seen at the start of the stream; 3 once that is settled.
    pub(super) mark_seen: usize,
    /// Whether the last byte was a CR, so that an LF belongs to it.
    pub(super) after_cr: bool,
    /// Whether the current chunk was cut because the stream is longer than its limit.
    pub(super) overrun: bool,
    pub(super) block: Block<'static>,
    pub(super) partial: Option<Partial>,
    pub(super) line: TextBuffer,
    pub(super) data: TextBuffer,
    pub(super) saved: Saved,
    pub(super) retry: Option<Retry>,
}

/// Text that has to outlive its chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    pub(super) event: String,
    pub(super) id: String,
    pub(super) comment: String,
    pub(super) last_event_id: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    Running,
    /// Until the blank line that ends the event which broke a rule.
    Skipping,
    Failed,
    /// The end of the stream was told; what comes next is a new stream.
    Ended,
}

impl State {
    pub(super) fn new(options: DecoderOptions) -> Self {
        Self {
            options,
            status: Status::Running,
            chunk_offset: 0,
            position: 0,
            mark_seen: 0,
            after_cr: false,
            overrun: false,
            block: Block::EMPTY,
            partial: None,
            line: TextBuffer::default(),
            data: TextBuffer::default(),
            saved: Saved::default(),
            retry: None,
        }
    }

    /// Forgets everything of the stream but the last event ID and the reconnection time.
    pub(super) fn reset(&mut self) {
        self.status = Status::Running;
        self.chunk_offset = 0;
        self.position = 0;
        self.mark_seen = 0;
        self.after_cr = false;
        self.overrun = false;
        self.block = Block::EMPTY;
        self.partial = None;
        self.line.clear();
        self.data.clear();
    }

    /// Looks at the start of a chunk: how many bytes may be read, and how many of them belong to no line.
    pub(super) fn admit(&mut self, chunk: &[u8]) -> Admitted {
        if self.status == Status::Ended {
            self.reset();
        }
        self.chunk_offset = self.position;
        let limit = self.options.limits.stream;
        let room = match limit {
            usize::MAX => chunk.len(),
            _ => {
                usize::try_from((limit as u64).saturating_sub(self.position)).unwrap_or(usize::MAX)
            }
        };
        let len = chunk.len().min(room);
        self.overrun = len < chunk.len();
        Admitted {
            len,
            skip: self.skip(&chunk[..len]),
        }
    }

    fn skip(&mut self, chunk: &[u8]) -> usize {
        if self.mark_seen < BYTE_ORDER_MARK.len() {
            return self.skip_byte_order_mark(chunk);
        }
        usize::from(self.after_cr && chunk.first() == Some(&b'\n'))
    }

    /// Leaves out one byte order mark at the very start, even if it comes in pieces.
    #[cold]
    fn skip_byte_order_mark(&mut self, chunk: &[u8]) -> usize {
        let before = self.mark_seen;
        let expected = &BYTE_ORDER_MARK[before..];
        let matching = expected
            .iter()
            .zip(chunk)
            .take_while(|(expected, byte)| expected == byte)
            .count();
        if matching == expected.len() || matching == chunk.len() {
            self.mark_seen += matching;
            return matching;
        }
        // It was none: what was held back begins the first line.
        self.mark_seen = BYTE_ORDER_MARK.len();
        self.begin_line(&BYTE_ORDER_MARK[..before]);
        0
    }

    /// Makes the id of a block that has ended the last event ID.
    pub(super) fn commit_saved_id(&mut self) {
        let Saved {
            id, last_event_id, ..
        } = &mut self.saved;
        last_event_id.clone_from(id);
    }

    /// Tells whether a block that has ended is given out as an event.
    #[inline]
    pub(super) fn gives_out(&self, block: &Block<'_>) -> bool {
        !matches!(block.data, Data::Absent) || (block.has_fields && self.options.dataless_blocks)
    }

    /// Does what the end of the stream does; tells whether that makes an event of the block that was open.
    pub(super) fn finish(&mut self) -> Result<bool, DecodeError> {
        let mut block = self.block;
        let mut result = Ok(false);
        if self.options.dispatch_unterminated && self.status == Status::Running {
            result = self
                .complete_line(&mut block, Piece::unknown(b""))
                .map(|_| self.gives_out(&block));
            if result.is_ok() && matches!(block.id, Text::Saved) {
                self.commit_saved_id();
            }
        }
        self.status = Status::Ended;
        self.partial = None;
        self.block = if result == Ok(true) {
            block
        } else {
            Block::EMPTY
        };
        result
    }

    pub(super) fn set_last_event_id(&mut self, id: &str) {
        self.saved.last_event_id.clear();
        self.saved.last_event_id.push_str(id);
    }

    /// Returns the bytes that are kept of an event or line that has not ended.
    pub(super) fn buffered(&self) -> usize {
        let saved = |text: Text<'_>, buffer: &String| {
            if matches!(text, Text::Saved) {
                buffer.len()
            } else {
                0
            }
        };
        let data = if matches!(self.block.data, Data::Gathered) {
            self.data.len()
        } else {
            0
        };
        self.line_buffered()
            + data
            + saved(self.block.event, &self.saved.event)
            + saved(self.block.id, &self.saved.id)
    }

    /// Tells whether an event or a line has begun and not ended.
    pub(super) fn in_event(&self) -> bool {
        self.status != Status::Ended && (self.partial.is_some() || self.block.bytes > 0)
    }

    /// Returns how many bytes the current line may have.
    #[inline]
    pub(super) fn room(&self, block: &Block<'_>) -> usize {
        let limits = &self.options.limits;
        limits.line.min(limits.event.saturating_sub(block.bytes))
    }

    /// Ends or skips the event whose line at `offset` is longer than its room.
    #[cold]
    pub(super) fn line_too_large(&mut self, block: &mut Block<'_>, offset: u64) -> DecodeError {
        let limits = self.options.limits;
        let limit = if self.room(block) == limits.line {
            Limit::Line
        } else {
            Limit::Event
        };
        self.too_large(block, limit, offset)
    }

    #[cold]
    pub(super) fn too_large(
        &mut self,
        block: &mut Block<'_>,
        limit: Limit,
        offset: u64,
    ) -> DecodeError {
        self.fail(
            block,
            DecodeErrorKind::TooLarge(limit),
            self.options.limits.get(limit),
            offset,
        )
    }

    #[cold]
    pub(super) fn invalid_utf8(&mut self, block: &mut Block<'_>, offset: u64) -> DecodeError {
        self.fail(block, DecodeErrorKind::InvalidUtf8, 0, offset)
    }

    fn fail(
        &mut self,
        block: &mut Block<'_>,
        kind: DecodeErrorKind,
        limit: usize,
        offset: u64,
    ) -> DecodeError {
        let fatal =
            !self.options.skip_oversized || kind == DecodeErrorKind::TooLarge(Limit::Stream);
        self.status = if fatal {
            Status::Failed
        } else {
            Status::Skipping
        };
        block.clear();
        DecodeError {
            kind,
            limit,
            offset,
            fatal,
        }
    }

    /// Adds a line to the data that is gathered in the buffer, moving a first line there.
    #[inline]
    pub(super) fn gather(&mut self, block: &mut Block<'_>, value: Piece<'_>) {
        match block.data {
            Data::Absent => self.data.clear(),
            Data::Line(first) => {
                self.data.clear();
                self.data.push(first);
                self.data.push_line_feed();
            }
            Data::Gathered => self.data.push_line_feed(),
        }
        block.data = Data::Gathered;
        self.data.push(value);
    }

    /// Takes a whole line that is not blank; gives its text if it is a comment that is wanted.
    #[inline]
    pub(super) fn apply<'c>(
        &mut self,
        block: &mut Block<'c>,
        line: Piece<'c>,
        offset: u64,
    ) -> Result<Text<'c>, DecodeError> {
        let len = line.bytes().len();
        if len > self.room(block) {
            return Err(self.line_too_large(block, offset));
        }
        block.bytes += len;
        match Line::of(line.bytes()) {
            Line::Data(start) => {
                let value = line.skip(start);
                if self.options.reject_invalid_utf8 && value.text().is_none() {
                    return Err(self.invalid_utf8(block, offset));
                }
                match block.data {
                    Data::Absent => block.data = Data::Line(value),
                    _ => self.gather(block, value),
                }
                self.count_data_line(block, offset)?;
                Ok(Text::Absent)
            }
            other => self.apply_other(block, line, other, offset),
        }
    }

    fn apply_other<'c>(
        &mut self,
        block: &mut Block<'c>,
        line: Piece<'c>,
        what: Line,
        offset: u64,
    ) -> Result<Text<'c>, DecodeError> {
        let reject = self.options.reject_invalid_utf8;
        let invalid = match what {
            Line::Event(start) => {
                let value = line.skip(start);
                if value.bytes().len() > self.options.limits.event_type {
                    return Err(self.too_large(block, Limit::EventType, offset));
                }
                block.has_fields = true;
                block.event = text_or_replaced(value, &mut self.saved.event);
                block.event
            }
            Line::Id(start) => {
                let value = line.skip(start);
                if value.bytes().len() > self.options.limits.id {
                    return Err(self.too_large(block, Limit::Id, offset));
                }
                if value.bytes().contains(&0) {
                    return Ok(Text::Absent);
                }
                block.has_fields = true;
                block.id = text_or_replaced(value, &mut self.saved.id);
                block.id
            }
            Line::Retry(start) => {
                if let Some(retry) = Retry::from_digits(&line.bytes()[start..]) {
                    block.has_fields = true;
                    block.retry = Some(retry);
                    self.retry = Some(retry);
                }
                return Ok(Text::Absent);
            }
            Line::Comment(start) if self.options.comments => {
                let comment = text_or_replaced(line.skip(start), &mut self.saved.comment);
                if !(reject && matches!(comment, Text::Saved)) {
                    return Ok(comment);
                }
                comment
            }
            Line::Comment(_) | Line::Unknown | Line::Data(_) => return Ok(Text::Absent),
        };
        if reject && matches!(invalid, Text::Saved) {
            return Err(self.invalid_utf8(block, offset));
        }
        Ok(Text::Absent)
    }

    #[inline]
    pub(super) fn count_data_line(
        &mut self,
        block: &mut Block<'_>,
        offset: u64,
    ) -> Result<(), DecodeError> {
        block.data_lines += 1;
        if block.data_lines > self.options.limits.data_lines {
            return Err(self.too_large(block, Limit::DataLines, offset));
        }
        Ok(())
    }

    /// Keeps a block whose chunk goes away.
    pub(super) fn save(&mut self, mut block: Block<'_>) -> Block<'static> {
        if let Data::Line(piece) = block.data {
            block.data = Data::Absent;
            self.gather(&mut block, piece);
        }
        Block {
            data: if matches!(block.data, Data::Gathered) {
                Data::Gathered
            } else {
                Data::Absent
            },
            event: save_text(block.event, &mut self.saved.event),
            id: save_text(block.id, &mut self.saved.id),
            retry: block.retry,
            has_fields: block.has_fields,
            dispatched: block.dispatched,
            bytes: block.bytes,
            data_lines: block.data_lines,
        }
    }
}

/// What a first look at a chunk tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    pub(super) len: usize,
    pub(super) skip: usize,
}

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Returns the text as it lies there, or puts it into `buffer` with U+FFFD for what is not UTF-8.
fn text_or_replaced<'c>(piece: Piece<'c>, buffer: &mut String) -> Text<'c> {
    if let Some(text) = piece.text() {
        return Text::Chunk(text);
    }
    buffer.clear();
    buffer.push_str(&String::from_utf8_lossy(piece.bytes()));
    Text::Saved
}

pub(super) fn save_text(text: Text<'_>, buffer: &mut String) -> Text<'static> {
    match text {
        Text::Absent => Text::Absent,
        Text::Chunk(text) => {
            buffer.clear();
            buffer.push_str(text);
            Text::Saved
        }
        Text::Saved => Text::Saved,
    }
}
