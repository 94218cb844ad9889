#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod accepts_event_stream;
mod last_event_id;
mod no_content;
mod sse;

#[cfg(feature = "json")]
pub use sse_core::JsonError;
pub use sse_core::{
    BoxStream, ByteString, EncodedBatch, EncodedEvent, End, EndReason, Event, EventId, EventStream,
    EventType, InvalidRetry, InvalidText, KeepAlive, Lazy, LocalBoxStream, OnError, Piece, Retry,
    Sanitized, Shutdown, ShutdownSignal, StreamItem, Strip, ZeroInterval,
};

pub use crate::accepts_event_stream::accepts_event_stream;
pub use crate::last_event_id::{LAST_EVENT_ID, LastEventId, last_event_id};
pub use crate::no_content::no_content;
pub use crate::sse::{Sse, response};
