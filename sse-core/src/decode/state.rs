use alloc::string::String;

use super::{
    block::{Block, Line, Open},
    error::{DecodeError, DecodeErrorKind},
    limits::Limit,
    options::DecoderOptions,
    partial::Partial,
    scan::{Piece, TextBuffer},
};
use crate::retry::Retry;

/// What a decoder remembers from one event and one chunk to the next.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: DecoderOptions,
    /// Offset in the stream of the current chunk.
    pub(super) chunk_offset: u64,
    /// Whether no block and no line is open, so that the next line is the first of an event.
    pub(super) fresh: bool,
    pub(super) status: Status,
    /// Whether the last byte was a CR, so that an LF belongs to it.
    pub(super) after_cr: bool,
    /// Whether the current chunk was cut because the stream is longer than its limit.
    pub(super) overrun: bool,
    /// How many bytes of a byte order mark have been seen at the start of the stream; 3 once that is settled.
    pub(super) mark_seen: usize,
    pub(super) open: Open,
    pub(super) partial: Option<Partial>,
    pub(super) line: TextBuffer,
    pub(super) data: TextBuffer,
    pub(super) saved: Saved,
    pub(super) retry: Option<Retry>,
    pub(super) error: Option<DecodeError>,
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

/// What the end of the stream made of the block that was open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finish {
    /// It is an event, whose parts are in the state.
    pub(super) gives_out: bool,
    /// It has set the last event ID.
    pub(super) id_committed: bool,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Applied {
    Done,
    /// It is a comment that is wanted: in the block, or else in [`Saved`].
    Comment,
    /// [`State::error`] tells what was wrong.
    Failed,
}

impl State {
    pub(super) fn new(options: DecoderOptions) -> Self {
        Self {
            options,
            chunk_offset: 0,
            fresh: true,
            status: Status::Running,
            after_cr: false,
            overrun: false,
            mark_seen: 0,
            open: Open::default(),
            partial: None,
            line: TextBuffer::default(),
            data: TextBuffer::default(),
            saved: Saved::default(),
            retry: None,
            error: None,
        }
    }

    /// Forgets everything of the stream but the last event ID and the reconnection time.
    pub(super) fn reset(&mut self) {
        self.chunk_offset = 0;
        self.fresh = true;
        self.status = Status::Running;
        self.after_cr = false;
        self.overrun = false;
        self.mark_seen = 0;
        self.open = Open::default();
        self.partial = None;
        self.error = None;
    }

    pub(super) fn set_last_event_id(&mut self, id: &str) {
        self.saved.last_event_id.clear();
        self.saved.last_event_id.push_str(id);
    }

    /// Returns the bytes that are kept of an event or line that has not ended.
    pub(super) fn buffered(&self) -> usize {
        let Open {
            data_gathered,
            event_saved,
            id_saved,
            ..
        } = self.open;
        let kept = |kept: bool, bytes: usize| if kept { bytes } else { 0 };
        self.line_buffered()
            + kept(data_gathered, self.data.len())
            + kept(event_saved, self.saved.event.len())
            + kept(id_saved, self.saved.id.len())
    }

    /// Tells whether an event or a line has begun and not ended.
    pub(super) fn in_event(&self) -> bool {
        self.partial.is_some() || self.open.bytes > 0
    }

    /// Returns how long a data line may be that is a whole event by itself; 0 if such an event needs a closer look.
    #[inline]
    pub(super) fn single_line_room(&self) -> usize {
        let limits = &self.options.limits;
        if self.options.reject_invalid_utf8 {
            0
        } else {
            limits.line.min(limits.event)
        }
    }

    /// Returns how many bytes the current line may have.
    #[inline]
    pub(super) fn room(&self) -> usize {
        let limits = &self.options.limits;
        limits
            .line
            .min(limits.event.saturating_sub(self.open.bytes))
    }

    /// Takes a whole line that is not blank; after an error the caller adds its place.
    #[expect(
        clippy::inline_always,
        reason = "a line is so short that a call costs as much as all that is done for it"
    )]
    #[inline(always)]
    pub(super) fn apply<'c>(&mut self, block: &mut Block<'c>, line: Piece<'c>) -> Applied {
        let bytes = line.bytes();
        let total = self.open.bytes + bytes.len();
        if bytes.len() > self.options.limits.line || total > self.options.limits.event {
            return self.line_too_large();
        }
        self.open.bytes = total;
        if bytes.starts_with(b"data: ") {
            return self.apply_data(block, line.skip(6));
        }
        if bytes.starts_with(b"event: ") {
            return self.apply_event(block, line.skip(7));
        }
        if bytes.starts_with(b"id: ") {
            return self.apply_id(block, line.skip(4));
        }
        self.apply_other(block, line)
    }

    fn apply_other<'c>(&mut self, block: &mut Block<'c>, line: Piece<'c>) -> Applied {
        match Line::of(line.bytes()) {
            Line::Data(start) => self.apply_data(block, line.skip(start)),
            Line::Event(start) => self.apply_event(block, line.skip(start)),
            Line::Id(start) => self.apply_id(block, line.skip(start)),
            Line::Retry(start) => {
                if let Some(retry) = Retry::from_digits(&line.bytes()[start..]) {
                    self.open.has_fields = true;
                    self.open.retry = Some(retry);
                    self.retry = Some(retry);
                }
                Applied::Done
            }
            Line::Comment(start) if self.options.comments => {
                let value = line.skip(start);
                block.comment = value.text();
                if block.comment.is_none() {
                    return self
                        .replace_invalid(value, Applied::Comment, |saved| &mut saved.comment);
                }
                Applied::Comment
            }
            Line::Comment(_) | Line::Unknown => Applied::Done,
        }
    }

    #[inline]
    fn apply_data<'c>(&mut self, block: &mut Block<'c>, value: Piece<'c>) -> Applied {
        match value.text() {
            Some(text) if block.data.is_none() && !self.open.data_gathered => {
                block.data = Some(text);
            }
            Some(text) => {
                self.gather(block);
                self.data.push_text(text);
            }
            None if self.options.reject_invalid_utf8 => return self.invalid_utf8(),
            None => {
                self.gather(block);
                self.data.push(value);
            }
        }
        self.count_data_line()
    }

    #[inline]
    fn apply_event<'c>(&mut self, block: &mut Block<'c>, value: Piece<'c>) -> Applied {
        if value.bytes().len() > self.options.limits.event_type {
            return self.too_large(Limit::EventType);
        }
        self.open.has_fields = true;
        self.open.event_saved = false;
        block.event = value.text();
        if block.event.is_some() {
            return Applied::Done;
        }
        self.open.event_saved = true;
        self.replace_invalid(value, Applied::Done, |saved| &mut saved.event)
    }

    #[inline]
    fn apply_id<'c>(&mut self, block: &mut Block<'c>, value: Piece<'c>) -> Applied {
        if value.bytes().len() > self.options.limits.id {
            return self.too_large(Limit::Id);
        }
        if value.bytes().contains(&0) {
            return Applied::Done;
        }
        self.open.has_fields = true;
        self.open.id_saved = false;
        block.id = value.text();
        if block.id.is_some() {
            return Applied::Done;
        }
        self.open.id_saved = true;
        self.replace_invalid(value, Applied::Done, |saved| &mut saved.id)
    }

    /// Saves text with U+FFFD for what is not UTF-8, or refuses it.
    #[cold]
    fn replace_invalid(
        &mut self,
        value: Piece<'_>,
        applied: Applied,
        buffer: impl Fn(&mut Saved) -> &mut String,
    ) -> Applied {
        if self.options.reject_invalid_utf8 {
            return self.invalid_utf8();
        }
        *buffer(&mut self.saved) = String::from_utf8_lossy(value.bytes()).into_owned();
        applied
    }

    #[inline]
    pub(super) fn count_data_line(&mut self) -> Applied {
        self.open.data_lines += 1;
        if self.open.data_lines > self.options.limits.data_lines {
            return self.too_large(Limit::DataLines);
        }
        Applied::Done
    }

    /// Moves the data so far into the buffer, ready for another line.
    #[inline]
    pub(super) fn gather(&mut self, block: &mut Block<'_>) {
        if self.open.data_gathered {
            self.data.push_line_feed();
            return;
        }
        self.open.data_gathered = true;
        self.data.clear();
        if let Some(first) = block.data.take() {
            self.data.push_text(first);
            self.data.push_line_feed();
        }
    }

    /// Keeps the text of a block whose chunk goes away.
    pub(super) fn save(&mut self, block: &mut Block<'_>) {
        if let Some(data) = block.data.take() {
            self.open.data_gathered = true;
            self.data.clear();
            self.data.push_text(data);
        }
        if let Some(event) = block.event.take() {
            self.saved.event.clear();
            self.saved.event.push_str(event);
            self.open.event_saved = true;
        }
        if let Some(id) = block.id.take() {
            self.saved.id.clear();
            self.saved.id.push_str(id);
            self.open.id_saved = true;
        }
    }

    /// Makes the id of a block that has ended the last event ID.
    #[cold]
    pub(super) fn commit_saved_id(&mut self) {
        let Saved {
            id, last_event_id, ..
        } = &mut self.saved;
        last_event_id.clone_from(id);
    }

    /// Goes on behind the bytes of a chunk that have been read.
    #[inline]
    pub(super) fn leave(&mut self, chunk: &[u8], consumed: usize) {
        self.chunk_offset += consumed as u64;
        if let Some(last) = chunk[..consumed].last() {
            self.after_cr = *last == b'\r';
        }
    }

    /// Does what the end of the stream does.
    pub(super) fn finish(&mut self) -> Result<Finish, DecodeError> {
        let mut finish = Finish::default();
        let mut open = Open::default();
        if self.options.dispatch_unterminated && self.status == Status::Running {
            if self.complete_line(Piece::unknown(b"")) == Applied::Failed {
                let error = self.error.take();
                self.end();
                return error.map_or(Ok(finish), Err);
            }
            open = self.open;
            finish.gives_out =
                open.data_gathered || (open.has_fields && self.options.dataless_blocks);
            finish.id_committed = open.id_saved;
            if open.id_saved {
                self.commit_saved_id();
            }
        }
        self.end();
        if finish.gives_out {
            self.open = open;
        }
        Ok(finish)
    }

    fn end(&mut self) {
        self.status = Status::Ended;
        self.partial = None;
        self.fresh = false;
        self.open = Open::default();
    }

    #[cold]
    pub(super) fn line_too_large(&mut self) -> Applied {
        let limit = if self.room() == self.options.limits.line {
            Limit::Line
        } else {
            Limit::Event
        };
        self.too_large(limit)
    }

    #[cold]
    pub(super) fn too_large(&mut self, limit: Limit) -> Applied {
        self.fail(
            DecodeErrorKind::TooLarge(limit),
            self.options.limits.get(limit),
        )
    }

    #[cold]
    fn invalid_utf8(&mut self) -> Applied {
        self.fail(DecodeErrorKind::InvalidUtf8, 0)
    }

    fn fail(&mut self, kind: DecodeErrorKind, limit: usize) -> Applied {
        let fatal =
            !self.options.skip_oversized || kind == DecodeErrorKind::TooLarge(Limit::Stream);
        self.status = if fatal {
            Status::Failed
        } else {
            Status::Skipping
        };
        self.fresh = false;
        self.open = Open::default();
        self.error = Some(DecodeError {
            kind,
            limit,
            offset: 0,
            fatal,
        });
        Applied::Failed
    }

    /// Adds to an error where in the stream its line starts.
    pub(super) fn place_error(&mut self, offset: u64) {
        if let Some(error) = &mut self.error {
            error.offset = offset;
        }
    }
}
