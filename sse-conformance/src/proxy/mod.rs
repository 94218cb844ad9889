//! A network that fails on command: a TCP proxy between clients and a server on this machine.
//!
//! A process that is merely stopped is no broken network, since its kernel goes on talking.
//! Here connections are cut, reset, slowed down, or fall silent without a word.

mod connection;
mod fault;
mod listener;

pub use fault::{Cut, Fault};
pub use listener::Proxy;
