use std::{
    error::Error,
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;
use sync_wrapper::SyncWrapper;

use super::{
    chunks::{self, Chunks},
    error::TransportError,
};

/// The body of a response: chunks as they come.
///
/// Dropping it closes the connection, or on HTTP/2 the stream.
pub struct ResponseBody(SyncWrapper<Chunks>);

impl ResponseBody {
    /// Makes a body of a stream of chunks.
    pub fn from_stream<S, T, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Into<Bytes>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(SyncWrapper::new(chunks::from_stream(stream)))
    }

    /// Makes a body of what HTTP clients give; trailers are ignored.
    pub fn from_body<B>(body: B) -> Self
    where
        B: Body + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(SyncWrapper::new(Box::pin(FromBody { body })))
    }

    /// Makes a body of bytes that are there already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self(SyncWrapper::new(Box::pin(Full(Some(bytes.into())))))
    }

    /// Reads at most so many bytes; what comes after them is left out.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if the body does not come to its end; what was read is lost.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the body.
    pub async fn read(mut self, most: usize) -> Result<Bytes, TransportError> {
        let mut read = Vec::new();
        while let Some(chunk) = poll_fn(|cx| Pin::new(&mut self).poll_next(cx)).await {
            let chunk = chunk?;
            let left = most - read.len();
            read.extend_from_slice(&chunk[..chunk.len().min(left)]);
            if read.len() == most {
                break;
            }
        }
        Ok(read.into())
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.get_mut().as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

pin_project! {
    struct FromBody<B> {
        #[pin]
        body: B,
    }
}

impl<B> Stream for FromBody<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.project().body.poll_frame(cx);
        next.map(|frame| {
            frame.map(|frame| {
                let frame = frame.map_err(TransportError::new)?;
                Ok(match frame.into_data() {
                    Ok(mut data) => data.copy_to_bytes(data.remaining()),
                    Err(_trailers) => Bytes::new(),
                })
            })
        })
    }
}

struct Full(Option<Bytes>);

impl Stream for Full {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
