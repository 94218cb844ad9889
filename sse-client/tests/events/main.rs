//! What an event source does, on a paused clock and without a network.

#![expect(clippy::unwrap_used, reason = "a panic is the report of a failure")]

mod answers;
mod cancelling;
mod closing;
#[cfg(feature = "compression")]
mod compression;
mod ends;
mod listeners;
mod redirects;
mod resuming;
mod retrying;
mod scene;
mod secrets;
mod silence;
mod states;
#[cfg(feature = "json")]
mod typed;
