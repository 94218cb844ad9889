use core::fmt;

use crate::Limit;

/// How strict a [`Lint`](super::Lint) is, and which level a [`Code`] belongs to.
///
/// Shareable between threads: `Send + Sync`.
#[expect(
    clippy::exhaustive_enums,
    reason = "the standard, and everything beyond it"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// What the standard's grammar forbids, and what makes a receiver lose or change information.
    Spec,
    /// Also what is legal, but fragile in practice or beyond the limits that a receiver may have.
    Strict,
}

/// What a [`Lint`](super::Lint) can find.
///
/// Shareable between threads: `Send + Sync`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// Bytes that are not UTF-8: a receiver replaces them by U+FFFD. One finding for each replacement.
    InvalidUtf8,
    /// A byte order mark at the start of a line, but not of the stream: it becomes part of the field name.
    BomNotAtStart,
    /// A field whose name is a known one but for case or white space: it is ignored.
    MisspelledField,
    /// A `retry` that is not one or more ASCII digits: it is ignored.
    RetryNotDigits,
    /// An `id` with NUL: it is ignored.
    NulInId,
    /// A second `event`, `id` or `retry` in the same block: the first is lost.
    RepeatedField,
    /// A block with an event type, but without data: nothing is dispatched.
    TypeWithoutData,
    /// The stream ends inside a line or a block: what follows the last blank line is discarded.
    Unterminated,

    /// A field that the standard does not know; receivers ignore it.
    UnknownField,
    /// A field without a colon, which has the empty value.
    MissingColon,
    /// A block of `id` or `retry` alone: some receivers dispatch it, or ignore it as a whole.
    BlockWithoutData,
    /// A blank line that ends no block.
    EmptyBlock,
    /// A line end of another kind than that of the first line.
    MixedLineEnds,
    /// A `retry` above the cap of the lint, 24 hours by default.
    RetryOverCap,
    /// An id of more than 512 bytes, which every reconnection sends in a header.
    LongId,
    /// An id that a request header cannot carry unchanged: control characters, or spaces or tabs around it.
    HeaderUnsafeId,
    /// A control character in an event type, an id or a comment: it can deceive a terminal or a log.
    ControlCharacter,
    /// A character other than CR and LF at which readers that split text by Unicode's rules break a line.
    ///
    /// U+000B, U+000C, U+001C to U+001E, U+0085, U+2028 and U+2029.
    UnicodeSeparator,
    /// More than a limit of the lint allows.
    OverLimit(Limit),
}

impl Code {
    /// Returns the level that the code belongs to.
    pub const fn level(self) -> Level {
        match self {
            Self::InvalidUtf8
            | Self::BomNotAtStart
            | Self::MisspelledField
            | Self::RetryNotDigits
            | Self::NulInId
            | Self::RepeatedField
            | Self::TypeWithoutData
            | Self::Unterminated => Level::Spec,
            _ => Level::Strict,
        }
    }

    /// Returns a stable name for machines, such as `retry-not-digits`.
    pub const fn name(self) -> &'static str {
        self.texts().0
    }

    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidUtf8 => (
                "invalid-utf8",
                "these bytes are not UTF-8 and become U+FFFD",
            ),
            Self::BomNotAtStart => (
                "bom-not-at-start",
                "a byte order mark after the start of the stream becomes part of the field name",
            ),
            Self::MisspelledField => (
                "misspelled-field",
                "the field is ignored: its name must be lower case, without white space",
            ),
            Self::RetryNotDigits => (
                "retry-not-digits",
                "retry is ignored: it must be ASCII digits and nothing else",
            ),
            Self::NulInId => ("nul-in-id", "the id is ignored: it must not contain NUL"),
            Self::RepeatedField => (
                "repeated-field",
                "a block has one event, one id and one retry: the earlier is lost",
            ),
            Self::TypeWithoutData => (
                "type-without-data",
                "a block with an event type but without data dispatches nothing",
            ),
            Self::Unterminated => (
                "unterminated",
                "the stream ends without the blank line that ends a block",
            ),
            Self::UnknownField => ("unknown-field", "the standard knows no such field"),
            Self::MissingColon => (
                "missing-colon",
                "a field without a colon has the empty value",
            ),
            Self::BlockWithoutData => (
                "block-without-data",
                "a block without data dispatches nothing, and some receivers ignore all of it",
            ),
            Self::EmptyBlock => ("empty-block", "this blank line ends no block"),
            Self::MixedLineEnds => (
                "mixed-line-ends",
                "this line end is not of the first one's kind",
            ),
            Self::RetryOverCap => ("retry-over-cap", "retry is longer than receivers accept"),
            Self::LongId => (
                "long-id",
                "an id is sent in a header: it should not exceed 512 bytes",
            ),
            Self::HeaderUnsafeId => (
                "header-unsafe-id",
                "a request header cannot carry this id unchanged",
            ),
            Self::ControlCharacter => (
                "control-character",
                "a control character can deceive a terminal or a log",
            ),
            Self::UnicodeSeparator => (
                "unicode-separator",
                "some readers end the line at this character",
            ),
            Self::OverLimit(Limit::Line) => ("line-too-long", "the line is too long"),
            Self::OverLimit(Limit::Event) => ("event-too-large", "the event is too large"),
            Self::OverLimit(Limit::DataLines) => {
                ("too-many-data-lines", "the event has too many data lines")
            }
            Self::OverLimit(Limit::Id) => ("id-too-long", "the id is too long"),
            Self::OverLimit(Limit::EventType) => {
                ("event-type-too-long", "the event type is too long")
            }
            Self::OverLimit(Limit::Stream) => ("stream-too-long", "the event stream is too long"),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.texts().1)
    }
}
