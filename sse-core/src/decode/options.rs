use super::limits::Limits;

/// How a decoder reads; by default exactly as the standard says, with [`Limits::DEFAULT`].
///
/// ```
/// use sse_core::{Decoder, DecoderOptions, Limits};
///
/// let options = DecoderOptions::new().limits(Limits::STRICT).skip_oversized().comments();
/// let decoder = Decoder::with_options(options);
/// ```
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "five independent choices, each off by default"
)]
pub struct DecoderOptions {
    pub(super) limits: Limits,
    pub(super) comments: bool,
    pub(super) dataless_blocks: bool,
    pub(super) dispatch_unterminated: bool,
    pub(super) reject_invalid_utf8: bool,
    pub(super) skip_oversized: bool,
}

impl DecoderOptions {
    /// Reads exactly as the standard says, with [`Limits::DEFAULT`].
    pub const fn new() -> Self {
        Self {
            limits: Limits::DEFAULT,
            comments: false,
            dataless_blocks: false,
            dispatch_unterminated: false,
            reject_invalid_utf8: false,
            skip_oversized: false,
        }
    }

    /// Sets the limits.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives out each comment line as soon as it has ended, as an event that has nothing but a comment.
    pub const fn comments(mut self) -> Self {
        self.comments = true;
        self
    }

    /// Gives out blocks without data too: those that only set an id, a type or a reconnection time.
    pub const fn dataless_blocks(mut self) -> Self {
        self.dataless_blocks = true;
        self
    }

    /// Takes the end of the stream for the blank line that a last event lacks.
    ///
    /// Some servers leave it out. A connection that was cut then makes half an event look whole, so this is off by default.
    pub const fn dispatch_unterminated(mut self) -> Self {
        self.dispatch_unterminated = true;
        self
    }

    /// Refuses data, ids, event types and given-out comments that are not UTF-8, instead of putting U+FFFD in their place.
    pub const fn reject_invalid_utf8(mut self) -> Self {
        self.reject_invalid_utf8 = true;
        self
    }

    /// Skips an event that breaks a rule and goes on after it, instead of failing for good.
    ///
    /// The error is still given out, once for each event skipped; the last event ID stays as it was before that event.
    pub const fn skip_oversized(mut self) -> Self {
        self.skip_oversized = true;
        self
    }
}
