use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;

use super::error::TransportError;

/// A body as a stream on the heap.
pub(super) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// Makes any stream of chunks one of ours.
pub(super) fn from_stream<S, T, E>(stream: S) -> Chunks
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<Bytes>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    Box::pin(FromStream { stream })
}

pin_project! {
    struct FromStream<S> {
        #[pin]
        stream: S,
    }
}

impl<S, T, E> Stream for FromStream<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Bytes>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Item = Result<Bytes, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.project().stream.poll_next(cx);
        next.map(|item| item.map(|item| item.map(Into::into).map_err(TransportError::new)))
    }
}
