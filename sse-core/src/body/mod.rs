//! The response body that every adapter shares.
//!
//! | type | is |
//! |---|---|
//! | [`EventStream`] | a stream of events as a body: wire bytes, keep-alive, shutdown, end |
//! | [`StreamItem`] | what such a stream may yield |
//! | [`KeepAlive`] | what is sent while the stream is silent, and how often |
//! | [`OnError`] | what an error in the stream does to the response |
//! | [`End`] | how a response ended, and how many events it carried |
//! | [`Shutdown`] | ends all streams that hold its signal, and tells when they are gone |

mod closing;
mod event_stream;
mod forward;
mod frame;
mod idle_timer;
mod keep_alive;
mod lazy;
mod on_error;
mod retry_range;
mod shutdown;
mod stream_item;

pub use closing::{End, EndReason};
pub use event_stream::{BoxStream, EventStream, LocalBoxStream};
pub use keep_alive::{KeepAlive, ZeroInterval};
pub use lazy::Lazy;
pub use on_error::OnError;
pub use shutdown::{Shutdown, ShutdownSignal};
pub use stream_item::{Piece, StreamItem};
