//! What a client takes from one connection to the next.

mod no_header;
mod state;
#[cfg(feature = "serde")]
mod state_serde;

pub use no_header::NoHeader;
pub use state::ReconnectState;
