#![forbid(unsafe_code)]
//! Server-Sent Events codec.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod encode;
mod event;
mod event_id;
mod event_type;
mod field_text;
mod retry;

pub use bytes::Bytes;
pub use bytestring::ByteString;

pub use crate::{
    encode::{EncodedBatch, EncodedEvent, Encoder, FieldOrder, InvalidWire, LineEnd, Sink},
    event::{DataTooLong, Event},
    event_id::EventId,
    event_type::EventType,
    field_text::{Field, InvalidText, Sanitized, Strip},
    retry::{InvalidRetry, Retry},
};
