use super::{
    block::{Block, Data, Text},
    error::DecodeError,
    event_ref::EventRef,
    limits::Limit,
    scan::Scan,
    state::{State, Status},
};

/// The events of one chunk, each lent until the next is asked for.
///
/// Dropping it early loses nothing: the decoder then stands after the last event that was given out,
/// and [`remaining`](Self::remaining) tells what is still to be decoded.
#[derive(Debug)]
pub struct EventRefs<'d, 'c> {
    pub(super) state: &'d mut State,
    scan: Scan<'d, 'c>,
    pub(super) block: Block<'c>,
    /// The last event ID, if it lies in this chunk.
    pub(super) last_id: Option<&'c str>,
    /// Whether a block has set the last event ID since this was made.
    pub(super) id_committed: bool,
    /// Whether something has to be done before lines are walked: a line to complete, an event to skip.
    slow: bool,
}

/// Where a walk stopped.
pub(super) enum Step<'c> {
    Event,
    Comment(Text<'c>),
    Error(DecodeError),
    End,
}

impl<'d, 'c> EventRefs<'d, 'c> {
    #[inline]
    pub(super) fn new(state: &'d mut State, scan: Scan<'d, 'c>) -> Self {
        let slow = state.partial.is_some() || state.status != Status::Running;
        Self {
            block: state.block,
            state,
            scan,
            last_id: None,
            id_committed: false,
            slow,
        }
    }

    /// Returns the next event, or `None` when the chunk holds no more whole ones.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], after all events before it; decoding goes on after one that is not fatal.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    #[inline]
    pub fn next(&mut self) -> Option<Result<EventRef<'_>, DecodeError>> {
        match self.advance() {
            Step::Event => Some(Ok(self.event_ref())),
            Step::Comment(comment) => Some(Ok(self.comment_ref(comment))),
            Step::Error(error) => Some(Err(error)),
            Step::End => None,
        }
    }

    /// Returns the part of the chunk from which no event has been given out yet.
    ///
    /// Decoding it next, after this was dropped, goes on where this stopped.
    pub fn remaining(&self) -> &'c [u8] {
        &self.scan.chunk()[self.scan.consumed()..]
    }

    #[inline]
    pub(super) fn advance(&mut self) -> Step<'c> {
        if self.block.dispatched {
            self.block.clear();
        }
        if self.slow
            && let Some(step) = self.prepare()
        {
            return step;
        }
        loop {
            let Some(line) = self.scan.next_line() else {
                return self.end_of_chunk();
            };
            if line.bytes().is_empty() {
                if self.end_block() {
                    return Step::Event;
                }
                continue;
            }
            let offset = self.state.chunk_offset + self.scan.offset_of(line);
            match self.state.apply(&mut self.block, line, offset) {
                Ok(Text::Absent) => {}
                Ok(comment) => return Step::Comment(comment),
                Err(error) => return self.error(error),
            }
        }
    }

    /// Completes the line that a chunk before this one began, and skips to the end of an event that broke a rule.
    #[cold]
    fn prepare(&mut self) -> Option<Step<'c>> {
        if self.state.status == Status::Failed {
            return Some(Step::End);
        }
        if self.state.partial.is_some() {
            let Some(line) = self.scan.next_line() else {
                return Some(self.end_of_chunk());
            };
            match self.state.complete_line(&mut self.block, line) {
                Ok(Text::Absent) => {}
                Ok(comment) => return Some(Step::Comment(comment)),
                Err(error) => return Some(self.error(error)),
            }
        }
        while self.state.status == Status::Skipping {
            let Some(line) = self.scan.next_line() else {
                return Some(self.end_of_chunk());
            };
            if line.bytes().is_empty() {
                self.state.status = Status::Running;
            }
        }
        self.slow = false;
        None
    }

    /// Keeps the beginning of a line whose end is not in this chunk.
    #[cold]
    fn end_of_chunk(&mut self) -> Step<'c> {
        let offset = self.state.chunk_offset + self.scan.consumed() as u64;
        let rest = self.scan.take_rest();
        if let Err(error) = self.state.extend_line(&mut self.block, rest, offset) {
            return self.error(error);
        }
        if core::mem::take(&mut self.state.overrun) {
            let end = self.state.chunk_offset + self.scan.chunk().len() as u64;
            let error = self.state.too_large(&mut self.block, Limit::Stream, end);
            return self.error(error);
        }
        Step::End
    }

    #[cold]
    fn error(&mut self, error: DecodeError) -> Step<'c> {
        self.slow = true;
        Step::Error(error)
    }

    /// Does what a blank line does; tells whether there is an event to give out.
    #[inline]
    fn end_block(&mut self) -> bool {
        match self.block.id {
            Text::Absent => {}
            Text::Chunk(id) => {
                self.last_id = Some(id);
                self.id_committed = true;
            }
            Text::Saved => {
                self.state.commit_saved_id();
                self.last_id = None;
                self.id_committed = true;
            }
        }
        if self.state.gives_out(&self.block) {
            self.block.dispatched = true;
            return true;
        }
        self.block.clear();
        false
    }

    #[inline]
    fn event_ref(&mut self) -> EventRef<'_> {
        let State {
            data: buffer,
            saved,
            ..
        } = &mut *self.state;
        let data = match self.block.data {
            Data::Absent => None,
            Data::Line(line) => Some(match line.text() {
                Some(text) => text,
                None => buffer.set(line),
            }),
            Data::Gathered => Some(buffer.text()),
        };
        EventRef {
            data,
            comment: None,
            block: &self.block,
            saved,
            last_id: self.last_id,
        }
    }

    #[cold]
    fn comment_ref(&mut self, comment: Text<'c>) -> EventRef<'_> {
        let saved = &self.state.saved;
        let comment = match comment {
            Text::Absent => None,
            Text::Chunk(text) => Some(text),
            Text::Saved => Some(&*saved.comment),
        };
        EventRef {
            data: None,
            comment,
            block: &Block::EMPTY,
            saved,
            last_id: self.last_id,
        }
    }
}

impl Drop for EventRefs<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        let consumed = self.scan.consumed();
        self.state.position = self.state.chunk_offset + consumed as u64;
        if consumed > 0 {
            self.state.after_cr = self.scan.chunk()[consumed - 1] == b'\r';
        }
        if let Some(id) = self.last_id {
            self.state.set_last_event_id(id);
        }
        if self.block.dispatched {
            self.block.clear();
        }
        self.state.block = self.state.save(self.block);
    }
}
