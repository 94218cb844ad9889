//! A client that hides nothing: exact bytes, in the order in which they came.

mod connection;
mod gunzip;
mod http1;
mod http2;
mod reply;
mod request;
mod tap;

use std::fmt;

pub(crate) use connection::Connection;
pub(crate) use reply::{Ending, Reply};
pub(crate) use request::Request;

/// The protocol of a client, always in clear text.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

/// How a client leaves in the middle of a response.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Leave {
    /// It closes the connection: a FIN.
    Close,
    /// It resets: a RST of the connection on HTTP/1.1, a `RST_STREAM` on HTTP/2.
    Reset,
}

impl Protocol {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http1, Self::Http2];
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        })
    }
}
