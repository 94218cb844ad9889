use core::fmt;
use core::future::{Future, poll_fn};
use core::ops::RangeInclusive;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::boxed::Box;

use bytes::Bytes;
use bytestring::ByteString;
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::closing::Closing;
use super::idle_timer::IdleTimer;
use super::keep_alive::SILENT_COMMENT;
use super::retry_range::RetryRange;
use super::{End, EndReason, KeepAlive, Lazy, OnError, Piece, StreamItem};
use crate::Event;

mod polling;

/// A stream on the heap whose type is forgotten and that may be sent to another thread.
pub type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// A stream on the heap whose type is forgotten and that stays on its thread.
pub type LocalBoxStream<T> = Pin<Box<dyn Stream<Item = T>>>;

pin_project! {
    /// A stream of events as the body of a response.
    ///
    /// It is a `Stream` of `Result<Bytes, E>` and an [`http_body::Body`] at once, so every framework takes it.
    /// The items are whatever is a [`StreamItem`]; configuring never changes the type.
    ///
    /// At each poll it looks for the end of the server (see [`shutdown`](Self::shutdown)), then for events, and if there are none,
    /// for the end of the silence (see [`keep_alive`](Self::keep_alive)). No frame is ever empty:
    ///
    /// * one event that is ready alone is passed on as its own shared bytes, and so is every event of 4 KiB or more and every
    ///   [`EncodedBatch`](crate::EncodedBatch);
    /// * several small events that are ready are copied into one frame of at most 16 KiB;
    /// * the body opens with the comment `:` unless an event is ready at the first poll, so that a client gets the headers at once.
    ///
    /// A stream that is always ready is interrupted from time to time, so that other tasks have their turn.
    /// Nothing of this needs a runtime, but without tokio there is no keep-alive.
    ///
    /// It is `Send` if the stream and its error are, `Unpin` if the stream is, and never `Sync`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sse_core::{Event, EventStream, KeepAlive, Shutdown};
    ///
    /// let shutdown = Shutdown::new();
    /// let body = EventStream::new(tokio_stream::iter([Event::new("hello")]))
    ///     .keep_alive(KeepAlive::every_secs::<20>())
    ///     .shutdown(shutdown.signal())
    ///     .retry_on_shutdown(Duration::from_secs(1)..=Duration::from_secs(5))
    ///     .on_end(|end| println!("{:?} after {} events", end.reason, end.events));
    /// ```
    #[must_use = "an event stream does nothing until it is the body of a response"]
    pub struct EventStream<S>
    where
        S: Stream,
        S::Item: StreamItem,
    {
        // Declared, hence dropped, in this order: the stream, then the call of `on_end`, then the signal that `Shutdown` counts.
        #[pin]
        stream: Option<S>,
        held: Option<Piece>,
        ending: Option<Ending<<S::Item as StreamItem>::Error>>,
        opening: Option<Bytes>,
        idle: IdleTimer,
        on_error: OnError<<S::Item as StreamItem>::Error>,
        retry: Option<RetryRange>,
        frames_in_a_row: u32,
        closing: Closing,
        signal: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    }
}

/// Why nothing more is taken from the stream.
#[derive(Debug)]
enum Ending<E> {
    Error(E),
    Shutdown,
    /// All that belongs to the ending is sent.
    Said(EndReason),
}

impl<S, E> EventStream<S>
where
    S: Stream<Item: StreamItem<Error = E>>,
{
    /// Makes a body of a stream.
    pub fn new(stream: S) -> Self {
        Self {
            stream: Some(stream),
            held: None,
            ending: None,
            opening: Some(SILENT_COMMENT),
            idle: IdleTimer::default(),
            on_error: OnError::default(),
            retry: None,
            frames_in_a_row: 0,
            closing: Closing::default(),
            signal: None,
        }
    }

    /// Sets what is sent while the stream is silent; the default is the comment `:` after 15 seconds.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.idle = IdleTimer::new(keep_alive);
        self
    }

    /// Sets the text of the comment that opens the body if no event is ready at the first poll; the default is none.
    pub fn opening(mut self, text: impl Into<ByteString>) -> Self {
        self.opening = Some(Event::from_comment(text).encode().into_bytes());
        self
    }

    /// Sets what an error in the stream does; the default is [`OnError::Abort`].
    pub fn on_error(mut self, on_error: OnError<<S::Item as StreamItem>::Error>) -> Self {
        self.on_error = on_error;
        self
    }

    /// Calls `handler` exactly once, when the response ended or was dropped; a second handler replaces the first.
    ///
    /// When it is called after an end, the stream has been dropped already.
    pub fn on_end(mut self, handler: impl FnOnce(End) + Send + 'static) -> Self {
        self.closing.set_handler(handler);
        self
    }

    /// Ends the response when `signal` completes; see [`Shutdown::signal`](super::Shutdown::signal).
    ///
    /// Events that were taken from the stream before are still sent. The signal is kept until the body is dropped.
    pub fn shutdown(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.signal = Some(Box::pin(signal));
        self
    }

    /// Sends a reconnection time drawn at random from `range` before a shutdown ends the response,
    /// so that the clients do not all return at once. The default is to send none.
    pub fn retry_on_shutdown(mut self, range: RangeInclusive<Duration>) -> Self {
        self.retry = Some(RetryRange::new(&range));
        self
    }

    /// Drops the stream without a poll and ends the body at once: the answer to `HEAD`.
    pub fn headers_only(mut self) -> Self {
        self.stream = None;
        self.closing.close(EndReason::ClientGone);
        self
    }

    /// Waits for the first event, so that an error before it can still become a response with another status.
    ///
    /// The headers wait as long as this does, so it returns after `at_most` even if there was nothing yet
    /// (outside a tokio runtime it waits without limit). It also returns when the stream ends or the shutdown signal completes.
    /// It polls the stream for `HEAD` too, unless [`headers_only`](Self::headers_only) was called before.
    ///
    /// # Errors
    /// Returns the stream's first item if that is an error. `on_end` is then called with [`EndReason::Error`].
    ///
    /// # Cancel safety
    /// Dropping the future drops the stream with what was taken from it, and `on_end` is called.
    pub async fn await_first(self, at_most: Duration) -> Result<EventStream<Pin<Box<S>>>, E> {
        let mut body = self.map_stream(Box::pin);
        let mut limit = Handle::try_current().ok().map(|_| Box::pin(sleep(at_most)));
        poll_fn(|cx| match Pin::new(&mut body).poll_first(cx) {
            Poll::Pending => match &mut limit {
                Some(limit) => limit.as_mut().poll(cx),
                None => Poll::Pending,
            },
            Poll::Ready(()) => Poll::Ready(()),
        })
        .await;
        match body.ending.take() {
            Some(Ending::Error(error)) => {
                body.closing.close(EndReason::Error);
                Err(error)
            }
            ending => {
                body.ending = ending;
                Ok(body)
            }
        }
    }

    /// Forgets the stream's type, so that two branches of a handler can return different streams.
    pub fn boxed(self) -> EventStream<BoxStream<S::Item>>
    where
        S: Send + 'static,
    {
        self.map_stream(|stream| Box::pin(stream) as BoxStream<S::Item>)
    }

    /// Forgets the type of a stream that is not `Send`.
    pub fn boxed_local(self) -> EventStream<LocalBoxStream<S::Item>>
    where
        S: 'static,
    {
        self.map_stream(|stream| Box::pin(stream) as LocalBoxStream<S::Item>)
    }

    fn map_stream<T: Stream<Item = S::Item>>(self, map: impl FnOnce(S) -> T) -> EventStream<T> {
        EventStream {
            stream: self.stream.map(map),
            held: self.held,
            ending: self.ending,
            opening: self.opening,
            idle: self.idle,
            on_error: self.on_error,
            retry: self.retry,
            frames_in_a_row: self.frames_in_a_row,
            closing: self.closing,
            signal: self.signal,
        }
    }
}

impl<F, S, E> EventStream<Lazy<F, S>>
where
    F: FnOnce() -> S,
    S: Stream<Item: StreamItem<Error = E>>,
{
    /// Makes a body of a stream that `make` creates at the first poll, so never if the body is dropped without one.
    ///
    /// For `HEAD` servers differ: hyper drops the body on HTTP/1.1 and polls it on HTTP/2, so say
    /// [`headers_only`](Self::headers_only) there. [`await_first`](Self::await_first) polls.
    pub fn lazy(make: F) -> Self {
        Self::new(Lazy::new(make))
    }
}

impl<S, E> Stream for EventStream<S>
where
    S: Stream<Item: StreamItem<Error = E>>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_bytes(cx)
    }
}

impl<S, E> Body for EventStream<S>
where
    S: Stream<Item: StreamItem<Error = E>>,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, E>>> {
        self.poll_bytes(cx).map_ok(http_body::Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        self.closing.is_closed()
    }
}

impl<S: Stream<Item: StreamItem>> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("idle", &self.idle)
            .field("on_error", &self.on_error)
            .field("closing", &self.closing)
            .finish_non_exhaustive()
    }
}
