#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod accepts_event_stream;
mod last_event_id;
mod no_content;
mod route;
mod sse;

#[cfg(feature = "json")]
pub use sse_core::JsonError;
pub use sse_core::{
    ByteString, EncodedBatch, EncodedEvent, End, EndReason, Event, EventId, EventStream, EventType,
    InvalidRetry, InvalidText, KeepAlive, Lazy, LocalBoxStream, OnError, Piece, Retry, Sanitized,
    Shutdown, ShutdownSignal, StreamItem, Strip, ZeroInterval,
};

pub use crate::accepts_event_stream::{AcceptsEventStream, NotAcceptable};
pub use crate::last_event_id::LastEventId;
pub use crate::no_content::no_content;
pub use crate::route::route;
pub use crate::sse::Sse;
