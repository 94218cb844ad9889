#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod address;
mod backoff;
mod basic_credentials;
mod checkpoints;
mod closer;
#[cfg(feature = "compression")]
mod compression;
mod error;
mod event_source;
mod failure;
pub mod guide;
mod listeners;
mod random;
mod redirect;
mod redirects;
mod retry_after;
mod schedule;
mod state;
mod transport;
#[cfg(feature = "json")]
mod typed;

pub use http;
pub use sse_core::{
    ByteString, Bytes, DecodeError, DecodeErrorKind, Event, EventId, EventType, Limit, Limits,
    Received, ReconnectState, Retry,
};
#[cfg(feature = "json")]
pub use sse_core::{Gap, GapReason};

#[cfg(feature = "hyper")]
pub use crate::transport::HyperTransport;
#[cfg(feature = "reqwest")]
pub use crate::transport::ReqwestTransport;
#[cfg(feature = "json")]
pub use crate::typed::{Typed, TypedEvents};
pub use crate::{
    backoff::{Backoff, Jitter},
    checkpoints::{Checkpoints, Delivery},
    closer::Closer,
    error::{Error, ErrorKind},
    event_source::{EventSource, Oversized, UnsafeId},
    failure::{Failure, Verdict},
    listeners::{Listener, Listeners},
    redirects::Redirects,
    schedule::{Asked, Schedule},
    state::{State, StateWatch},
    transport::{
        BoxFuture, MemoryTransport, RecordedRequest, Reply, RequestBody, ResponseBody, Transport,
        TransportError,
    },
};
