use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame, SizeHint};
use sync_wrapper::SyncWrapper;

use super::{
    chunks::{self, Chunks},
    error::TransportError,
};

/// The body of a request: nothing, bytes that can be sent again, or a stream that can be sent once.
///
/// It is an [`http_body::Body`], which HTTP clients take as it is.
pub struct RequestBody(Kind);

enum Kind {
    Empty,
    Bytes(Bytes),
    Stream(SyncWrapper<Chunks>),
}

impl RequestBody {
    /// Makes a body without bytes.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Makes a body that can be sent once: an event source that has to send it again stops with an error.
    pub fn stream<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(Kind::Stream(SyncWrapper::new(chunks::from_stream(stream))))
    }

    /// Returns the bytes, unless they come from a stream.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Empty => Some(&[]),
            Kind::Bytes(bytes) => Some(bytes),
            Kind::Stream(_) => None,
        }
    }

    /// Returns the bytes, or the body itself if they come from a stream.
    ///
    /// # Errors
    ///
    /// The body as it was.
    pub fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.0 {
            Kind::Empty => Ok(Bytes::new()),
            Kind::Bytes(bytes) => Ok(bytes),
            Kind::Stream(_) => Err(self),
        }
    }

    /// Copies the body, unless its bytes come from a stream.
    pub(crate) fn replay(&self) -> Option<Self> {
        match &self.0 {
            Kind::Empty => Some(Self::empty()),
            Kind::Bytes(bytes) => Some(Self(Kind::Bytes(bytes.clone()))),
            Kind::Stream(_) => None,
        }
    }
}

impl Default for RequestBody {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<()> for RequestBody {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

macro_rules! from_bytes {
    ($($bytes:ty)*) => {$(
        impl From<$bytes> for RequestBody {
            fn from(bytes: $bytes) -> Self {
                let bytes = Bytes::from(bytes);
                Self(if bytes.is_empty() { Kind::Empty } else { Kind::Bytes(bytes) })
            }
        }
    )*};
}

from_bytes!(Bytes Vec<u8> String &'static str &'static [u8]);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Bytes(bytes) => {
                let frame = Frame::data(std::mem::take(bytes));
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(frame)))
            }
            Kind::Stream(stream) => stream.get_mut().as_mut().poll_next(cx).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self.as_bytes() {
            Some(bytes) => SizeHint::with_exact(bytes.len() as u64),
            None => SizeHint::new(),
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("RequestBody(empty)"),
            Kind::Bytes(bytes) => write!(f, "RequestBody({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("RequestBody(stream)"),
        }
    }
}
