//! The body on a paused clock: what it sends, when, and how it ends.
#![cfg(feature = "body")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod ending;
mod first;
mod frames;
mod keep_alive;
mod probe;
mod shutdown;
mod turns;
