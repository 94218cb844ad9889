use core::convert::Infallible;

use bytes::Bytes;

use crate::{
    encode::{EncodedBatch, EncodedEvent, Encoder},
    event::Event,
};

/// What `.encoded()` turns into wire bytes.
///
/// [`Event`], `&Event`, [`EncodedEvent`] and [`EncodedBatch`] become `Bytes`;
/// a `Result` of one of them becomes a `Result` of `Bytes`.
#[diagnostic::on_unimplemented(
    message = "items must be `Event`, `EncodedEvent`, `EncodedBatch` or a `Result` of one of them",
    label = "`{Self}` cannot be encoded as an event",
    note = "map the items: `.map(|text| Event::new(text))`"
)]
pub trait WireItem {
    /// The error that the item may hold instead of an event.
    type Error;
    /// What comes out: `Bytes`, or a `Result` of them.
    type Wire;

    /// Encodes the item, or gives the error that it holds.
    fn encode_with(self, encoder: Encoder) -> Result<Bytes, Self::Error>;

    /// Makes what comes out.
    fn wire(result: Result<Bytes, Self::Error>) -> Self::Wire;
}

macro_rules! infallible {
    ($($item:ty: |$this:ident, $encoder:pat_param| $encode:expr;)*) => {$(
        impl WireItem for $item {
            type Error = Infallible;
            type Wire = Bytes;

            fn encode_with(self, $encoder: Encoder) -> Result<Bytes, Infallible> {
                let $this = self;
                Ok($encode)
            }

            fn wire(result: Result<Bytes, Infallible>) -> Bytes {
                match result {
                    Ok(wire) => wire,
                    Err(never) => match never {},
                }
            }
        }
    )*};
}

infallible! {
    Event: |event, encoder| encoder.encode_to_string(&event).into();
    &Event: |event, encoder| encoder.encode_to_string(event).into();
    EncodedEvent: |event, _| event.into_bytes();
    EncodedBatch: |batch, _| batch.into_bytes();
}

impl<T, E> WireItem for Result<T, E>
where
    T: WireItem<Error = Infallible>,
{
    type Error = E;
    type Wire = Result<Bytes, E>;

    fn encode_with(self, encoder: Encoder) -> Result<Bytes, E> {
        self.map(|item| match item.encode_with(encoder) {
            Ok(wire) => wire,
            Err(never) => match never {},
        })
    }

    fn wire(result: Result<Bytes, E>) -> Result<Bytes, E> {
        result
    }
}
