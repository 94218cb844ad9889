//! A client under test, over real sockets: a server that follows a script to the byte, and a soak against a hub
//! behind a network that fails.

mod scripted;
mod soak;

pub use scripted::{Answer, Asked, Scripted};
pub use soak::{Family, Outcome, Planted, Tally, Violation, run_seed, soak};
