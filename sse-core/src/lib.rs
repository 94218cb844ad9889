#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod accept;
mod adapt;
#[cfg(feature = "body")]
mod body;
mod decode;
mod encode;
mod event;
mod event_id;
#[cfg(feature = "serde")]
mod event_serde;
mod event_type;
mod field_text;
#[cfg(feature = "json")]
mod gap;
#[cfg(feature = "json")]
mod json;
mod last_event_id;
pub mod lint;
mod media_type;
mod reconnect;
mod response_headers;
mod retry;
mod thread_safety;

pub use bytes::Bytes;
pub use bytestring::ByteString;

#[cfg(feature = "stream")]
pub use crate::adapt::{BodyEvents, BodyExt, EncodedStream, StreamEvents, StreamExt};
#[cfg(feature = "std")]
pub use crate::adapt::{ReadEvents, ReadExt};
#[cfg(feature = "body")]
pub use crate::body::{
    BoxStream, End, EndReason, EventStream, KeepAlive, Lazy, LocalBoxStream, OnError, Piece,
    Shutdown, ShutdownSignal, StreamItem, ZeroInterval,
};
#[cfg(feature = "json")]
pub use crate::gap::{Gap, GapReason};
#[cfg(feature = "json")]
pub use crate::json::{JsonError, JsonErrorKind, json_html_safe};
pub use crate::{
    accept::accepts_event_stream,
    adapt::{EncodedIterator, EventsError, IteratorEvents, IteratorExt, WireItem},
    decode::{
        DecodeError, DecodeErrorKind, Decoder, DecoderOptions, EventRef, EventRefs, InvalidLimit,
        Limit, Limits, Received, SliceDecoder,
    },
    encode::{EncodedBatch, EncodedEvent, Encoder, FieldOrder, InvalidWire, LineEnd, Sink},
    event::{DataTooLong, Event},
    event_id::EventId,
    event_type::EventType,
    field_text::{Field, InvalidText, Sanitized, Strip},
    last_event_id::{
        LAST_EVENT_ID, last_event_id, last_event_id_from_header, last_event_id_from_query,
    },
    lint::Lint,
    media_type::{MEDIA_TYPE, is_event_stream},
    reconnect::{NoHeader, ReconnectState},
    response_headers::RESPONSE_HEADERS,
    retry::{InvalidRetry, Retry},
};

/// What the adapters' macros need, and nobody else.
#[cfg(feature = "body")]
#[doc(hidden)]
pub mod __private {
    pub use futures_core::Stream;
}
