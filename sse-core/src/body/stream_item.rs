use core::convert::Infallible;

use bytes::Bytes;

use crate::{EncodedBatch, EncodedEvent, Event};

/// What a stream yields so that an [`EventStream`](super::EventStream) can send it.
///
/// [`Event`], [`EncodedEvent`] and [`EncodedBatch`] are stream items, and so is a `Result` of one of them.
/// A type of your own becomes one by saying how it is encoded:
///
/// ```
/// use std::convert::Infallible;
/// use sse_core::{Event, Piece, StreamItem};
///
/// struct Tick(u64);
///
/// impl StreamItem for Tick {
///     type Error = Infallible;
///
///     fn into_piece(self) -> Result<Piece, Infallible> {
///         Event::new("tick").id(self.0).into_piece()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "stream items must be `Event`, `EncodedEvent`, `EncodedBatch` or a `Result` of one of them",
    label = "`{Self}` cannot be sent as an event",
    note = "map the items: `.map(|text| Event::new(text))`"
)]
pub trait StreamItem {
    /// The error that the item may hold instead of an event.
    type Error;

    /// Turns the item into wire bytes, or into the error that it holds.
    fn into_piece(self) -> Result<Piece, Self::Error>;
}

impl StreamItem for Event {
    type Error = Infallible;

    fn into_piece(self) -> Result<Piece, Infallible> {
        self.encode().into_piece()
    }
}

impl StreamItem for EncodedEvent {
    type Error = Infallible;

    fn into_piece(self) -> Result<Piece, Infallible> {
        Ok(Piece::from(self))
    }
}

impl StreamItem for EncodedBatch {
    type Error = Infallible;

    fn into_piece(self) -> Result<Piece, Infallible> {
        Ok(Piece::from(self))
    }
}

impl<T: StreamItem<Error = Infallible>, E> StreamItem for Result<T, E> {
    type Error = E;

    fn into_piece(self) -> Result<Piece, E> {
        self.map(|item| match item.into_piece() {
            Ok(piece) => piece,
            Err(never) => match never {},
        })
    }
}

/// The wire bytes of one stream item, and how many events they are.
///
/// Shareable between threads: `Send + Sync`; a clone costs a reference count.
#[derive(Clone, Debug)]
pub struct Piece {
    pub(super) bytes: Bytes,
    pub(super) events: u64,
    /// Never copied into a frame with others.
    pub(super) whole: bool,
}

impl From<EncodedEvent> for Piece {
    fn from(event: EncodedEvent) -> Self {
        let bytes = event.into_bytes();
        let whole = bytes.len() >= super::frame::NEVER_COPIED;
        Self {
            bytes,
            events: 1,
            whole,
        }
    }
}

impl From<EncodedBatch> for Piece {
    fn from(batch: EncodedBatch) -> Self {
        let events = batch.events() as u64;
        Self {
            bytes: batch.into_bytes(),
            events,
            whole: true,
        }
    }
}
