use core::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::{
    encoded_stream::EncodedStream,
    engine::{Engine, Step, events_methods},
    error::EventsError,
    wire_item::WireItem,
};
use crate::decode::{Decoder, DecoderOptions, Received};

/// Turns a stream of `Result`s of chunks, such as an HTTP client's response, into events, and a stream of events into wire bytes.
///
/// Chunks that cannot fail are made `Result`s first: `.map(Ok::<_, Infallible>)`.
/// Import it as `_`, since other crates have a trait of this name.
///
/// ```
/// # futures_executor(async {
/// use sse_core::StreamExt as _;
/// # struct Response;
/// # impl Response {
/// #     fn bytes_stream(self) -> impl futures_core::Stream<Item = std::io::Result<&'static str>> + Unpin {
/// #         tokio_stream::iter([Ok("data: hel"), Ok("lo\n\ndata: [DONE]\n\n")])
/// #     }
/// # }
/// # let response = Response;
///
/// let mut events = response.bytes_stream().events().until("[DONE]").require_end();
/// while let Some(received) = events.next().await {
///     assert_eq!(received?.data(), "hello");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # });
/// # fn futures_executor<T>(future: impl Future<Output = Result<T, Box<dyn std::error::Error>>>) {
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     assert!(std::pin::pin!(future).poll(&mut context).is_ready());
/// # }
/// ```
pub trait StreamExt: Stream + Sized {
    /// Decodes `Result`s of chunks as the standard says; the first `Err` is the last item.
    fn events<T, E>(self) -> StreamEvents<Self>
    where
        Self: Stream<Item = Result<T, E>>,
        T: Into<Bytes>,
    {
        self.events_with(DecoderOptions::new())
    }

    /// Decodes `Result`s of chunks as told.
    fn events_with<T, E>(self, options: DecoderOptions) -> StreamEvents<Self>
    where
        Self: Stream<Item = Result<T, E>>,
        T: Into<Bytes>,
    {
        self.events_from(Decoder::with_options(options))
    }

    /// Decodes `Result`s of chunks with a decoder that may have seen an earlier connection.
    fn events_from<T, E>(self, decoder: Decoder) -> StreamEvents<Self>
    where
        Self: Stream<Item = Result<T, E>>,
        T: Into<Bytes>,
    {
        StreamEvents {
            inner: self,
            engine: Engine::new(decoder),
        }
    }

    /// Encodes each event; what encodes to nothing is left out.
    fn encoded(self) -> EncodedStream<Self>
    where
        Self::Item: WireItem,
    {
        EncodedStream::new(self)
    }
}

impl<S: Stream> StreamExt for S {}

pin_project! {
    /// The events of a stream of chunks; see [`StreamExt::events`].
    ///
    /// It takes a chunk only when it has no event left, and stays at its end: after a marker, an end or a fatal error
    /// comes `None`. Events before an error are always given out.
    /// A source that is always ready but gives no event is interrupted from time to time, so that other tasks have their turn.
    ///
    /// It is `Send`, `Sync` and `Unpin` if the source is.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct StreamEvents<S> {
        #[pin]
        inner: S,
        engine: Engine,
    }
}

impl<S> StreamEvents<S> {
    events_methods!(S);
}

impl<S, T, E> StreamEvents<S>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    T: Into<Bytes>,
{
    /// Waits for the next event; `None` is the end. A source that is not `Unpin` has to be pinned, as with `Box::pin`.
    ///
    /// # Errors
    ///
    /// [`EventsError`], after all events before it.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped: input that was taken stays here.
    pub async fn next(&mut self) -> Option<Result<Received, EventsError<E>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S, T, E> Stream for StreamEvents<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Bytes>,
{
    type Item = Result<Received, EventsError<E>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        poll_events(this.engine, cx, |cx| {
            this.inner.as_mut().poll_next(cx).map_ok(Into::into)
        })
    }
}

impl<S, T, E> FusedStream for StreamEvents<S>
where
    S: Stream<Item = Result<T, E>>,
    T: Into<Bytes>,
{
    fn is_terminated(&self) -> bool {
        self.engine.is_over()
    }
}

/// Chunks without an event that are taken in one poll.
const CHUNKS_A_POLL: usize = 64;

pub(super) fn poll_events<E>(
    engine: &mut Engine,
    cx: &mut Context<'_>,
    mut poll_chunk: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
) -> Poll<Option<Result<Received, EventsError<E>>>> {
    for _ in 0..CHUNKS_A_POLL {
        match engine.step() {
            Step::Item(item) => return Poll::Ready(Some(item)),
            Step::Over => return Poll::Ready(None),
            Step::NextChunk => {}
        }
        match ready!(poll_chunk(cx)) {
            Some(Ok(chunk)) => engine.push(chunk),
            Some(Err(error)) => {
                engine.close();
                return Poll::Ready(Some(Err(EventsError::Transport(error))));
            }
            None => engine.end(),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
