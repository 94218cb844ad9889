//! From sockets to requests, and from a signal to the end.

mod accept;
mod admission;
mod bind;
mod connection;
mod open_files;
mod rate;
mod server;
mod start_error;
mod stop;
mod stream_socket;
mod until;
mod version;

pub use server::{Reloader, Server};
pub use start_error::StartError;
pub use stop::Stop;
