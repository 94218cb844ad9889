//! From a source of bytes to events, and from events to bytes.
//!
//! | trait | over | `.events()` gives | `.encoded()` |
//! |---|---|---|---|
//! | [`IteratorExt`] | `Iterator` of plain chunks, or of events | [`IteratorEvents`] | [`EncodedIterator`] |
//! | [`ReadExt`] | `std::io::Read` (feature `std`) | [`ReadEvents`] | |
//! | [`StreamExt`] | `futures_core::Stream` of `Result`s of chunks, or of events (feature `stream`) | [`StreamEvents`] | [`EncodedStream`] |
//! | [`BodyExt`] | `http_body::Body` (feature `stream`) | [`BodyEvents`] | |

#[cfg(feature = "stream")]
mod body;
#[cfg(feature = "stream")]
mod encoded_stream;
mod engine;
mod error;
mod iterator;
#[cfg(feature = "std")]
mod read;
#[cfg(feature = "stream")]
mod stream;
mod wire_item;

#[cfg(feature = "std")]
pub use self::read::{ReadEvents, ReadExt};
#[cfg(feature = "stream")]
pub use self::{
    body::{BodyEvents, BodyExt},
    encoded_stream::EncodedStream,
    stream::{StreamEvents, StreamExt},
};
pub use self::{
    error::EventsError,
    iterator::{EncodedIterator, IteratorEvents, IteratorExt},
    wire_item::WireItem,
};
