//! What the docs say of threads, asserted when the crate is compiled.

use crate::{
    DataTooLong, DecodeError, Decoder, DecoderOptions, EncodedBatch, EncodedEvent, Encoder, Event,
    EventId, EventRef, EventRefs, EventType, InvalidLimit, InvalidRetry, InvalidText, InvalidWire,
    Limits, Lint, Received, ReconnectState, Retry, Sanitized, SliceDecoder, Strip,
};

const fn shareable<T: Send + Sync>() {}

const fn can_be_kept<T: Send + Sync + 'static>() {}

const _: () = {
    can_be_kept::<DataTooLong>();
    can_be_kept::<DecodeError>();
    can_be_kept::<Decoder>();
    can_be_kept::<DecoderOptions>();
    can_be_kept::<EncodedBatch>();
    can_be_kept::<EncodedEvent>();
    can_be_kept::<Encoder>();
    can_be_kept::<Event>();
    can_be_kept::<EventId>();
    can_be_kept::<EventType>();
    can_be_kept::<InvalidLimit>();
    can_be_kept::<InvalidRetry>();
    can_be_kept::<InvalidText>();
    can_be_kept::<InvalidWire>();
    can_be_kept::<Limits>();
    can_be_kept::<Lint>();
    can_be_kept::<Received>();
    can_be_kept::<ReconnectState>();
    can_be_kept::<Retry>();
    can_be_kept::<Sanitized<EventId>>();
    can_be_kept::<SliceDecoder>();
    can_be_kept::<Strip>();
    shareable::<EventRef<'_>>();
    shareable::<EventRefs<'_, '_>>();
};

#[cfg(feature = "json")]
const _: () = {
    use crate::{Gap, GapReason, JsonError, JsonErrorKind};

    can_be_kept::<Gap>();
    can_be_kept::<GapReason>();
    can_be_kept::<JsonError>();
    can_be_kept::<JsonErrorKind>();
};

#[cfg(feature = "body")]
const _: () = {
    use crate::{BoxStream, End, EventStream, KeepAlive, Piece, Shutdown, ShutdownSignal};

    const fn sendable<T: Send + 'static>() {}

    can_be_kept::<End>();
    can_be_kept::<KeepAlive>();
    can_be_kept::<Piece>();
    can_be_kept::<Shutdown>();
    can_be_kept::<ShutdownSignal>();
    sendable::<EventStream<BoxStream<Event>>>();
};
