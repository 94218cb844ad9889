use core::mem;

use super::{
    block::{Block, Open},
    event_ref::EventRef,
    limits::Limit,
    scan::{Piece, Scan},
    state::{Applied, State, Status},
};

/// A walk over the lines of one chunk, from one event to the next ([HTML 9.2.6]).
///
/// [HTML 9.2.6]: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
#[derive(Debug)]
pub(super) struct Walk<'d, 'c> {
    pub(super) state: &'d mut State,
    pub(super) scan: Scan<'d, 'c>,
    pub(super) block: Block<'c>,
    /// The last event ID, if it lies in this chunk.
    pub(super) last_id: Option<&'c str>,
    /// Whether a block has set the last event ID since the walk began.
    pub(super) id_committed: bool,
}

/// Where a walk stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// At the blank line of an event.
    Event,
    /// After a comment that is wanted.
    Comment,
    /// At an error, which is in the state.
    Error,
    /// At the end of the chunk.
    End,
}

impl<'d, 'c> Walk<'d, 'c> {
    #[inline]
    pub(super) fn new(state: &'d mut State, scan: Scan<'d, 'c>) -> Self {
        Self {
            state,
            scan,
            block: Block::default(),
            last_id: None,
            id_committed: false,
        }
    }

    /// Returns the data of the next event if it is the only line of that event, so that nothing else has to be looked at.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the caller's loop keeps the event in registers only then"
    )]
    pub(super) fn next_single_line_event(&mut self) -> Option<Piece<'c>> {
        if !self.state.fresh {
            return None;
        }
        self.scan
            .next_single_line_event(self.state.single_line_room())
    }

    pub(super) fn advance(&mut self) -> Step {
        if !self.state.fresh
            && let Some(step) = self.go_on()
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
            self.state.fresh = false;
            match self.state.apply(&mut self.block, line) {
                Applied::Done => {}
                Applied::Comment => return Step::Comment,
                Applied::Failed => {
                    self.state
                        .place_error(self.state.chunk_offset + self.scan.offset_of(line));
                    return self.fail();
                }
            }
        }
    }

    /// Completes the line that a chunk before this one began, and skips to the end of an event that broke a rule.
    #[inline(never)]
    fn go_on(&mut self) -> Option<Step> {
        if self.state.partial.is_some() {
            let Some(line) = self.scan.next_line() else {
                return Some(self.end_of_chunk());
            };
            match self.state.complete_line(line) {
                Applied::Done => {}
                Applied::Comment => return Some(Step::Comment),
                Applied::Failed => return Some(self.fail()),
            }
        }
        match self.state.status {
            Status::Running => None,
            Status::Skipping => self.skip_event(),
            Status::Failed | Status::Ended => Some(Step::End),
        }
    }

    #[cold]
    fn skip_event(&mut self) -> Option<Step> {
        while let Some(line) = self.scan.next_line() {
            if line.bytes().is_empty() {
                self.state.status = Status::Running;
                self.state.fresh = true;
                return None;
            }
        }
        Some(self.end_of_chunk())
    }

    /// Keeps the beginning of a line whose end is not in this chunk.
    #[inline(never)]
    fn end_of_chunk(&mut self) -> Step {
        let offset = self.state.chunk_offset + self.scan.consumed() as u64;
        let rest = self.scan.take_rest();
        if !rest.bytes().is_empty()
            && self.state.extend_line(&mut self.block, rest, offset) == Applied::Failed
        {
            return self.fail();
        }
        if mem::take(&mut self.state.overrun) {
            let end = self.state.chunk_offset + self.scan.chunk().len() as u64;
            self.state.too_large(Limit::Stream);
            self.state.place_error(end);
            return self.fail();
        }
        Step::End
    }

    #[cold]
    fn fail(&mut self) -> Step {
        self.block = Block::default();
        Step::Error
    }

    /// Does what a blank line does; tells whether there is an event to give out.
    #[inline]
    fn end_block(&mut self) -> bool {
        let open = &self.state.open;
        let mut gives_out = self.block.data.is_some() || open.data_gathered;
        if open.has_fields {
            gives_out |= self.state.options.dataless_blocks;
            if self.block.id.is_some() {
                self.last_id = self.block.id;
                self.id_committed = true;
            } else if open.id_saved {
                self.state.commit_saved_id();
                self.last_id = None;
                self.id_committed = true;
            }
        }
        if !gives_out {
            self.close();
        }
        gives_out
    }

    /// Forgets the block that was open.
    #[inline]
    pub(super) fn close(&mut self) {
        self.block = Block::default();
        self.state.open = Open::default();
        self.state.fresh = true;
    }

    /// Takes the block at whose blank line the walk stopped, and closes it.
    #[inline]
    pub(super) fn take(&mut self) -> (Block<'c>, Open) {
        self.state.fresh = true;
        (mem::take(&mut self.block), mem::take(&mut self.state.open))
    }

    /// Lends the event at whose blank line the walk stopped, and closes its block.
    #[inline]
    pub(super) fn event_ref(&mut self) -> EventRef<'_> {
        let (block, open) = self.take();
        let State {
            data: buffer,
            saved,
            ..
        } = &mut *self.state;
        EventRef::new(block, open, buffer, saved, self.last_id)
    }

    /// Lends the comment after which the walk stopped.
    pub(super) fn comment_ref(&mut self) -> EventRef<'_> {
        let comment = self.block.comment.take();
        let saved = &self.state.saved;
        EventRef {
            data: None,
            event: None,
            id: None,
            retry: None,
            comment: Some(comment.unwrap_or(&saved.comment)),
            last_event_id: self.last_id.unwrap_or(&saved.last_event_id),
        }
    }

    /// Goes away from the chunk for good.
    pub(super) fn leave(&mut self) {
        self.pause();
        if let Some(id) = self.last_id {
            self.state.set_last_event_id(id);
        }
        self.state.leave(self.scan.chunk(), self.scan.consumed());
    }

    /// Keeps what lies in the chunk, so that the walk can end here.
    #[inline]
    pub(super) fn pause(&mut self) {
        if !self.state.fresh && self.block.is_open() {
            self.state.save(&mut self.block);
        }
    }
}
