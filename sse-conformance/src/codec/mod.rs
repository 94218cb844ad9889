//! A codec under test, what the standard says it must do, and codecs that do something else.
//!
//! [`Oracle`] decodes a whole stream the way the standard is written; [`Real`] is `sse_core` at
//! either level; [`Faulty`] is a codec with one planted [`Fault`]. All of them are a [`Codec`],
//! and every check (vectors, [`PROPERTIES`], the fuzz targets) takes a `&dyn Codec`, so that each
//! check can be seen to fail.

mod decoded;
mod faulty;
mod faulty_decoder;
mod faulty_encoder;
mod faulty_limits;
mod input;
mod limit_properties;
mod lint_properties;
mod oracle;
mod pieces;
mod properties;
mod real;
mod relay_properties;
mod wire;

use bytes::Bytes;
use sse_core::{LineEnd, Lint, lint::Code};

pub(crate) use decoded::Escaped;
pub use decoded::{Block, Decoded, Dispatched, Expected, Failure, Fields};
pub use faulty::{Check, Fault, Faulty};
pub(crate) use input::scramble;
pub use input::{Cuts, Input, bytes_of_seed};
pub use oracle::Oracle;
pub use properties::{PROPERTIES, Property, check_seeds, check_target};
pub use real::{Real, event_of};
pub use wire::check_wire;

/// Which blocks a decoder hands out besides those with data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Surface {
    /// Events with data only, as the standard dispatches them: the default of `sse_core`.
    #[default]
    Events,
    /// Comments too, each by itself.
    Comments,
    /// Comments, and blocks that hold only an id, an event type or a retry.
    Everything,
}

/// The limits of a decoder: none, the defaults, or exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// `Limits::UNLIMITED`.
    #[default]
    Unlimited,
    /// `Limits::DEFAULT`.
    Default,
    /// Bytes in a line.
    Line(usize),
    /// Bytes in an event.
    Event(usize),
    /// Data lines in an event.
    DataLines(usize),
    /// Bytes in an id.
    Id(usize),
    /// Bytes in an event type.
    EventType(usize),
    /// Bytes in the whole stream.
    Stream(usize),
}

/// How strings become legal values before they are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// Illegal text is refused.
    Checked,
    /// Illegal characters are removed; a comment is split into several lines.
    Sanitized,
}

/// A codec under test.
pub trait Codec: Sync {
    /// Name for reports.
    fn name(&self) -> String;

    /// A fresh decoder.
    fn decoder(&self, surface: Surface, bound: Bound) -> Box<dyn Decoding>;

    /// Wire bytes of one event, or why the door refused it.
    fn encode(&self, fields: &Fields, door: Door, line_end: LineEnd) -> Result<Vec<u8>, String>;

    /// What a lint at the level of the standard finds in a stream.
    fn lint(&self, stream: &[u8]) -> Vec<Code> {
        let findings = Lint::spec().check(stream);
        findings.iter().map(|finding| finding.code).collect()
    }
}

/// A decoder at work. Whatever it finds goes into a [`Decoded`] that the caller owns.
pub trait Decoding {
    /// Takes the next chunk and hands out all that it completes.
    fn feed(&mut self, chunk: Bytes, seen: &mut Decoded);

    /// Ends the stream.
    fn finish(&mut self, seen: &mut Decoded);

    /// Starts the next connection; returns the `Last-Event-ID` header it sends, if any.
    fn reconnect(&mut self) -> Option<Vec<u8>>;
}

/// Decodes `stream` cut at `cuts` and records how many events were out after each chunk.
pub fn decode(
    codec: &dyn Codec,
    surface: Surface,
    bound: Bound,
    chunks: impl IntoIterator<Item = Bytes>,
) -> Decoded {
    let mut decoder = codec.decoder(surface, bound);
    let mut seen = Decoded::default();
    for chunk in chunks {
        decoder.feed(chunk, &mut seen);
        seen.after_chunk.push(seen.dispatched());
    }
    decoder.finish(&mut seen);
    seen
}
