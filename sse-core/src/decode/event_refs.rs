use super::{
    error::DecodeError,
    event_ref::EventRef,
    walk::{Step, Walk},
};

/// The events of one chunk, each lent until the next is asked for.
///
/// Dropping it early loses nothing: the decoder then stands after the last event that was given out,
/// and [`remaining`](Self::remaining) tells what is still to be decoded.
/// Shareable between threads: `Send + Sync`.
#[derive(Debug)]
pub struct EventRefs<'d, 'c> {
    walk: Walk<'d, 'c>,
}

impl<'d, 'c> EventRefs<'d, 'c> {
    #[inline]
    pub(super) fn new(walk: Walk<'d, 'c>) -> Self {
        Self { walk }
    }

    /// Returns the next event, or `None` when the chunk holds no more whole ones.
    ///
    /// # Errors
    ///
    /// [`DecodeError`], after all events before it; decoding goes on after one that is not fatal.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    #[expect(
        clippy::inline_always,
        reason = "the caller's loop keeps the event in registers only then"
    )]
    #[inline(always)]
    pub fn next(&mut self) -> Option<Result<EventRef<'_>, DecodeError>> {
        if let Some(data) = self.walk.next_single_line_event() {
            let state = &mut *self.walk.state;
            return Some(Ok(EventRef {
                data: Some(match data.text() {
                    Some(text) => text,
                    None => state.data.set(data),
                }),
                event: None,
                id: None,
                retry: None,
                comment: None,
                last_event_id: self.walk.last_id.unwrap_or(&state.saved.last_event_id),
            }));
        }
        if self.walk.scan.chunk().is_empty() && !self.walk.state.overrun {
            return None;
        }
        self.next_of_many_lines()
    }

    fn next_of_many_lines(&mut self) -> Option<Result<EventRef<'_>, DecodeError>> {
        match self.walk.advance() {
            Step::Event => Some(Ok(self.walk.event_ref())),
            Step::Comment => Some(Ok(self.walk.comment_ref())),
            Step::Error => self.walk.state.error.take().map(Err),
            Step::End => None,
        }
    }

    /// Returns the part of the chunk from which no event has been given out yet.
    ///
    /// Decoding it next, after this was dropped, goes on where this stopped.
    pub fn remaining(&self) -> &'c [u8] {
        &self.walk.scan.chunk()[self.walk.scan.consumed()..]
    }
}

impl Drop for EventRefs<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if !self.walk.scan.chunk().is_empty() {
            self.walk.leave();
        }
    }
}
