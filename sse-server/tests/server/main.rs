//! The server over real sockets.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod attacks;
mod balance;
mod client;
mod command_line;
mod cors;
mod drain;
mod http2;
mod limits;
#[cfg(unix)]
mod newcomer;
mod operators;
mod publishing;
mod running;
mod spinning;
mod static_files;
mod stored;
mod streams;
mod subcommands;
mod subscribing;
mod wire_of_the_hub;
