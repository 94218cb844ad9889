use core::{convert::Infallible, iter::FusedIterator};

use bytes::Bytes;

use super::{
    engine::{Engine, Step, events_methods},
    error::EventsError,
    wire_item::WireItem,
};
use crate::{
    decode::{Decoder, DecoderOptions, Received},
    encode::Encoder,
};

/// Turns an iterator of plain chunks into events, and an iterator of events into wire bytes.
///
/// Chunks that can fail are `Result`s and are not taken: for a reader there is `ReadExt`, for others push them into a
/// [`Decoder`], or end at the first error with `.map_while(Result::ok)`.
/// ```
/// use sse_core::{Event, IteratorExt as _};
///
/// let chunks = ["data: hel", "lo\n\ndata: [DO", "NE]\n\n"];
/// for received in chunks.into_iter().events().until("[DONE]").require_end() {
///     assert_eq!(received?.data(), "hello");
/// }
///
/// let wire: Vec<_> = [Event::new("a"), Event::new("b")].iter().encoded().collect();
/// assert_eq!(wire, ["data: a\n\n", "data: b\n\n"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IteratorExt: Iterator + Sized {
    /// Decodes plain chunks, not `Result`s, as the standard says.
    fn events(self) -> IteratorEvents<Self>
    where
        Self::Item: Into<Bytes>,
    {
        self.events_with(DecoderOptions::new())
    }

    /// Decodes plain chunks, not `Result`s, as told.
    fn events_with(self, options: DecoderOptions) -> IteratorEvents<Self>
    where
        Self::Item: Into<Bytes>,
    {
        self.events_from(Decoder::with_options(options))
    }

    /// Decodes plain chunks, not `Result`s, with a decoder that may have seen an earlier connection.
    fn events_from(self, decoder: Decoder) -> IteratorEvents<Self>
    where
        Self::Item: Into<Bytes>,
    {
        IteratorEvents {
            inner: self,
            engine: Engine::new(decoder),
        }
    }

    /// Encodes each event; what encodes to nothing is left out.
    fn encoded(self) -> EncodedIterator<Self>
    where
        Self::Item: WireItem,
    {
        EncodedIterator {
            inner: self,
            encoder: Encoder::new(),
        }
    }
}

impl<I: Iterator> IteratorExt for I {}

/// The events of an iterator of chunks; see [`IteratorExt::events`].
///
/// It takes a chunk only when it has no event left, and stays at its end.
/// It is `Send` and `Sync` if the iterator is.
#[derive(Debug)]
#[must_use = "iterators are lazy"]
pub struct IteratorEvents<I> {
    inner: I,
    engine: Engine,
}

impl<I> IteratorEvents<I> {
    events_methods!(I);
}

impl<I> Iterator for IteratorEvents<I>
where
    I: Iterator<Item: Into<Bytes>>,
{
    type Item = Result<Received, EventsError<Infallible>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.engine.step() {
                Step::Item(item) => return Some(item),
                Step::Over => return None,
                Step::NextChunk => match self.inner.next() {
                    Some(chunk) => self.engine.push(chunk.into()),
                    None => self.engine.end(),
                },
            }
        }
    }
}

impl<I> FusedIterator for IteratorEvents<I> where I: Iterator<Item: Into<Bytes>> {}

/// The wire bytes of an iterator of events; see [`IteratorExt::encoded`].
///
/// It is `Send` and `Sync` if the iterator is.
#[derive(Clone, Debug)]
#[must_use = "iterators are lazy"]
pub struct EncodedIterator<I> {
    inner: I,
    encoder: Encoder,
}

impl<I> EncodedIterator<I> {
    /// Sets how events are encoded; those that are encoded already stay as they are.
    pub fn encoder(mut self, encoder: Encoder) -> Self {
        self.encoder = encoder;
        self
    }

    /// Gives the iterator back.
    pub fn into_inner(self) -> I {
        self.inner
    }
}

impl<I> Iterator for EncodedIterator<I>
where
    I: Iterator<Item: WireItem>,
{
    type Item = <I::Item as WireItem>::Wire;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.inner.next()?.encode_with(self.encoder) {
                Ok(wire) if wire.is_empty() => {}
                result => return Some(I::Item::wire(result)),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.inner.size_hint().1)
    }
}

impl<I> FusedIterator for EncodedIterator<I> where I: FusedIterator<Item: WireItem> {}
