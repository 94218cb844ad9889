//! A network that fails on command: a TCP proxy between clients and a server on this machine.
//!
//! A process that is merely stopped is no broken network, since its kernel goes on talking.
//! Here connections are refused, cut, reset, slowed down, or fall silent without a word; bytes are never altered.

mod connection;
mod door;
mod fault;
mod fired;
mod listener;
mod mark;

#[cfg(feature = "client")]
pub(crate) use door::Door;
pub use fault::{Cut, Fault};
pub use fired::Fired;
pub use listener::Proxy;
