//! What the docs say of threads, asserted when the crate is compiled; in the order of the list in `lib.rs`.

use core::convert::Infallible;

use crate::{
    ByteString, Bytes, DataTooLong, DecodeError, DecodeErrorKind, Decoder, DecoderOptions,
    EncodedBatch, EncodedEvent, EncodedIterator, Encoder, Event, EventId, EventRef, EventRefs,
    EventType, EventsError, Field, FieldOrder, InvalidLimit, InvalidRetry, InvalidText,
    InvalidWire, IteratorEvents, Limit, Limits, LineEnd, Lint, NoHeader, Received, ReconnectState,
    Retry, Sanitized, SliceDecoder, Strip, lint,
};

const fn shareable<T: Send + Sync>() {}

const fn can_be_kept<T: Send + Sync + 'static>() {}

const _: () = {
    can_be_kept::<Bytes>();
    can_be_kept::<ByteString>();
    can_be_kept::<EncodedIterator<Shared>>();
    can_be_kept::<EventsError<Infallible>>();
    can_be_kept::<IteratorEvents<Shared>>();
    can_be_kept::<DecodeError>();
    can_be_kept::<DecodeErrorKind>();
    can_be_kept::<Decoder>();
    can_be_kept::<DecoderOptions>();
    shareable::<EventRef<'_>>();
    shareable::<EventRefs<'_, '_>>();
    can_be_kept::<InvalidLimit>();
    can_be_kept::<Limit>();
    can_be_kept::<Limits>();
    can_be_kept::<Received>();
    can_be_kept::<SliceDecoder>();
    can_be_kept::<EncodedBatch>();
    can_be_kept::<EncodedEvent>();
    can_be_kept::<Encoder>();
    can_be_kept::<FieldOrder>();
    can_be_kept::<InvalidWire>();
    can_be_kept::<LineEnd>();
    can_be_kept::<DataTooLong>();
    can_be_kept::<Event>();
    can_be_kept::<EventId>();
    can_be_kept::<EventType>();
    can_be_kept::<Field>();
    can_be_kept::<InvalidText>();
    can_be_kept::<Sanitized<Shared>>();
    can_be_kept::<Strip>();
    can_be_kept::<Lint>();
    can_be_kept::<lint::Code>();
    can_be_kept::<lint::Finding>();
    can_be_kept::<lint::Level>();
    can_be_kept::<lint::LintScan>();
    can_be_kept::<NoHeader>();
    can_be_kept::<ReconnectState>();
    can_be_kept::<InvalidRetry>();
    can_be_kept::<Retry>();
};

#[cfg(feature = "std")]
const _: () = can_be_kept::<crate::ReadEvents<Shared>>();

#[cfg(feature = "stream")]
const _: () = {
    use crate::{BodyEvents, EncodedStream, StreamEvents};

    can_be_kept::<BodyEvents<Shared>>();
    can_be_kept::<EncodedStream<SharedStream>>();
    can_be_kept::<StreamEvents<Shared>>();
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
    use crate::{
        BoxStream, End, EndReason, EventStream, KeepAlive, Lazy, LocalBoxStream, OnError, Piece,
        Shutdown, ShutdownSignal, ZeroInterval,
    };

    const fn sendable<T: Send + 'static>() {}

    sendable::<BoxStream<Event>>();
    not_sync::<BoxStream<Event>, _>();
    not_send::<LocalBoxStream<Event>, _>();
    can_be_kept::<End>();
    can_be_kept::<EndReason>();
    sendable::<EventStream<SharedStream>>();
    not_sync::<EventStream<SharedStream>, _>();
    not_send::<EventStream<LocalBoxStream<Event>>, _>();
    can_be_kept::<KeepAlive>();
    can_be_kept::<Lazy<Shared, Shared>>();
    sendable::<OnError<Infallible>>();
    not_sync::<OnError<Infallible>, _>();
    can_be_kept::<Piece>();
    can_be_kept::<Shutdown>();
    can_be_kept::<ShutdownSignal>();
    can_be_kept::<ZeroInterval>();
};

/// A source that can be shared, under what is asserted of the types that hold one.
struct Shared;

/// As [`Shared`], where only a stream of events will do.
#[cfg(feature = "stream")]
struct SharedStream;

#[cfg(feature = "stream")]
impl futures_core::Stream for SharedStream {
    type Item = Event;

    fn poll_next(
        self: core::pin::Pin<&mut Self>,
        _: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<Event>> {
        core::task::Poll::Ready(None)
    }
}

/// Compiles only for a type that is not `Sync`: for one that is, `_` could be either type, and so is neither.
#[cfg(feature = "body")]
const fn not_sync<T: SyncOr<Which> + ?Sized, Which>() {}

#[cfg(feature = "body")]
trait SyncOr<Which> {}

#[cfg(feature = "body")]
impl<T: ?Sized> SyncOr<()> for T {}

#[cfg(feature = "body")]
impl<T: Sync + ?Sized> SyncOr<bool> for T {}

/// As [`not_sync`].
#[cfg(feature = "body")]
const fn not_send<T: SendOr<Which> + ?Sized, Which>() {}

#[cfg(feature = "body")]
trait SendOr<Which> {}

#[cfg(feature = "body")]
impl<T: ?Sized> SendOr<()> for T {}

#[cfg(feature = "body")]
impl<T: Send + ?Sized> SendOr<bool> for T {}
