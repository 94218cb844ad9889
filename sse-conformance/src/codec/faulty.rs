use sse_core::{LineEnd, lint::Code};

use super::{
    Bound, Codec, Decoding, Door, Fields, Real, Surface, faulty_decoder::FaultyDecoder,
    faulty_encoder, faulty_limits::FaultyLimits,
};

/// A naive codec with one fault planted in it, or none.
#[derive(Clone, Copy, Debug)]
pub struct Faulty {
    fault: Option<Fault>,
}

/// A check that a fault is meant to be caught by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The vectors of the corpus.
    Vectors,
    /// The properties on seeded inputs.
    Properties,
    /// What the fuzz target of this name asserts.
    Fuzz(&'static str),
}

macro_rules! faults {
    ($($variant:ident, $name:literal, $target:literal, $vectors:literal, $text:literal;)*) => {
        /// A mistake that a codec can make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault { $(#[doc = $text] $variant,)* }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in reports, in `SSE_FUZZ_FAULT` and in `fuzz/faults.txt`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The checks that must report it.
            pub fn meant_for(self) -> Vec<Check> {
                let (target, vectors) = match self { $(Self::$variant => ($target, $vectors),)* };
                let vectors = (vectors == "vectors").then_some(Check::Vectors);
                vectors.into_iter().chain([Check::Properties, Check::Fuzz(target)]).collect()
            }
        }
    };
}

faults! {
    BomKept, "bom-kept", "decoder", "vectors", "A leading byte order mark stays in the first line.";
    BomStrippedEverywhere, "bom-stripped-everywhere", "decoder", "vectors", "A mark is stripped from every line.";
    BomKeptIfSplit, "bom-kept-if-split", "decoder", "vectors", "A mark is recognised only within the first chunk.";
    TwoBomsStripped, "two-boms-stripped", "decoder", "vectors", "A second mark is stripped too.";
    BomHidesLineEnd, "bom-hides-line-end", "decoder", "vectors", "A line end directly after the mark is no line end.";
    CrWaits, "cr-waits", "decoder", "vectors", "A line that ends in CR is held back until the next byte.";
    CrIgnored, "cr-ignored", "decoder", "vectors", "A lone CR does not end a line.";
    CrlfSplitIsTwo, "crlf-split-is-two", "decoder", "vectors", "CRLF in two chunks ends two lines.";
    SeparatorEndsLine, "separator-ends-line", "decoder", "vectors", "U+2028 ends a line.";
    IdBeforeBlankLine, "id-before-blank-line", "decoder", "vectors", "An id counts before a blank line commits it.";
    IdLostWithoutData, "id-lost-without-data", "decoder", "vectors", "The id of a block without data is forgotten.";
    IdWithNul, "id-with-nul", "decoder", "vectors", "An id that holds NUL is taken.";
    EmptyIdIgnored, "empty-id-ignored", "decoder", "vectors", "An empty id does not reset.";
    RetryTakesSign, "retry-takes-sign", "decoder", "vectors", "`+5` is taken for a number.";
    RetryTakesPrefix, "retry-takes-prefix", "decoder", "vectors", "`5x` is taken for 5.";
    RetryWraps, "retry-wraps", "decoder", "vectors", "A retry above `u64::MAX` wraps around.";
    RetryNeedsBlankLine, "retry-needs-blank-line", "decoder", "vectors", "A retry counts only once its block ends.";
    EventTypeLeaks, "event-type-leaks", "decoder", "vectors", "The type of a block without data sticks to the next.";
    EmptyDataLost, "empty-data-lost", "decoder", "vectors", "An event with empty data is not dispatched.";
    NewlinesTrimmed, "newlines-trimmed", "decoder", "vectors", "All trailing line feeds of data go, not one.";
    AllSpacesStripped, "all-spaces-stripped", "decoder", "vectors", "More than one leading space is removed.";
    NameIgnoresCase, "name-ignores-case", "decoder", "vectors", "`Data` is taken for `data`.";
    EofDispatches, "eof-dispatches", "decoder", "vectors", "The end of the stream ends a block.";
    BadUtf8Dropped, "bad-utf8-dropped", "decoder", "vectors", "Bytes that are not UTF-8 vanish.";
    BadUtf8Fails, "bad-utf8-fails", "decoder", "vectors", "Bytes that are not UTF-8 end the stream.";
    Utf8PerChunk, "utf8-per-chunk", "decoder", "vectors", "A character cut in two is replaced.";
    EmptyChunkEnds, "empty-chunk-ends", "decoder", "vectors", "An empty chunk is taken for the end.";
    ReconnectForgetsId, "reconnect-forgets-id", "decoder", "vectors", "A new connection starts without an id.";
    ReconnectKeepsBlock, "reconnect-keeps-block", "decoder", "vectors", "A new connection goes on with the cut block.";
    LineLimitOffByOne, "line-limit-off-by-one", "decoder", "", "A line of one byte too many passes.";
    EventLimitOffByOne, "event-limit-off-by-one", "decoder", "", "An event of one byte too many passes.";
    IdLimitOffByOne, "id-limit-off-by-one", "decoder", "", "An id of exactly the limit is refused.";
    LimitPerChunk, "limit-per-chunk", "decoder", "", "The line limit is applied to whole chunks.";
    LimitEatsItems, "limit-eats-items", "decoder", "", "What came before an error in its chunk is lost.";
    SpaceNotWritten, "space-not-written", "round_trip", "vectors", "`data:value` without a space: a leading space is lost.";
    TrailingNewlineLost, "trailing-newline-lost", "round_trip", "vectors", "A trailing line end of data is not written.";
    EmptyDataNotWritten, "empty-data-not-written", "round_trip", "vectors", "Empty data is written as none.";
    EmptyIdNotWritten, "empty-id-not-written", "round_trip", "vectors", "An empty id is written as none.";
    RetryZeroNotWritten, "retry-zero-not-written", "round_trip", "", "A retry of 0 is written as none.";
    SeparatorSplitsData, "separator-splits-data", "round_trip", "vectors", "Data is split at U+2028 too.";
    BlankLineMissing, "blank-line-missing", "round_trip", "vectors", "The block is not ended.";
    DataTwice, "data-twice", "round_trip", "vectors", "The event is written twice.";
    CrNotSplit, "cr-not-split", "encoder", "vectors", "Data is split at LF only: a lone CR goes out as it is.";
    CommentInjects, "comment-injects", "encoder", "vectors", "Line ends in a comment go out as they are.";
    EventTypeInjects, "event-type-injects", "encoder", "vectors", "Line ends in an event type go out as they are.";
    IdInjects, "id-injects", "encoder", "vectors", "Line ends in an id go out as they are.";
    NulInId, "nul-in-id", "encoder", "vectors", "NUL in an id goes out as it is.";
    LintMissesCut, "lint-misses-cut", "lint", "", "A stream that ends inside a block passes the lint.";
    LintMissesBadUtf8, "lint-misses-bad-utf8", "lint", "", "Bytes that are not UTF-8 pass the lint.";
    LintMissesNul, "lint-misses-nul", "lint", "", "An id with NUL passes the lint.";
    LintMissesRetry, "lint-misses-retry", "lint", "", "A retry that is no number passes the lint.";
    LintMissesRepetition, "lint-misses-repetition", "lint", "", "A second id in a block passes the lint.";
    LintMissesSpelling, "lint-misses-spelling", "lint", "", "`Data` passes the lint.";
}

impl Fault {
    /// The fault of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}

impl Faulty {
    /// A codec with this fault.
    pub const fn new(fault: Fault) -> Self {
        Self { fault: Some(fault) }
    }

    /// The same codec without any: what every check must let pass.
    pub const fn sound() -> Self {
        Self { fault: None }
    }
}

impl Codec for Faulty {
    fn name(&self) -> String {
        format!("faulty ({})", self.fault.map_or("sound", Fault::name))
    }

    fn decoder(&self, surface: Surface, bound: Bound) -> Box<dyn Decoding> {
        use Fault::{
            EventLimitOffByOne, IdLimitOffByOne, LimitEatsItems, LimitPerChunk, LineLimitOffByOne,
        };
        match (self.fault, bound) {
            (Some(LineLimitOffByOne), Bound::Line(limit)) => {
                Real::Owned.decoder(surface, Bound::Line(limit + 1))
            }
            (Some(EventLimitOffByOne), Bound::Event(limit)) => {
                Real::Owned.decoder(surface, Bound::Event(limit + 1))
            }
            (Some(IdLimitOffByOne), Bound::Id(limit)) => {
                Real::Owned.decoder(surface, Bound::Id(limit - 1))
            }
            (Some(LimitPerChunk | LimitEatsItems), _) => {
                Box::new(FaultyLimits::new(self.fault, surface, bound))
            }
            (_, Bound::Unlimited | Bound::Default) => {
                Box::new(FaultyDecoder::new(self.fault, surface))
            }
            _ => Real::Owned.decoder(surface, bound),
        }
    }

    fn encode(&self, fields: &Fields, door: Door, line_end: LineEnd) -> Result<Vec<u8>, String> {
        faulty_encoder::encode(self.fault, fields, door, line_end)
    }

    fn lint(&self, stream: &[u8]) -> Vec<Code> {
        let missed = match self.fault {
            Some(Fault::LintMissesCut) => Some(Code::Unterminated),
            Some(Fault::LintMissesBadUtf8) => Some(Code::InvalidUtf8),
            Some(Fault::LintMissesNul) => Some(Code::NulInId),
            Some(Fault::LintMissesRetry) => Some(Code::RetryNotDigits),
            Some(Fault::LintMissesRepetition) => Some(Code::RepeatedField),
            Some(Fault::LintMissesSpelling) => Some(Code::MisspelledField),
            _ => None,
        };
        let mut codes = Real::Owned.lint(stream);
        codes.retain(|code| Some(*code) != missed);
        codes
    }
}
