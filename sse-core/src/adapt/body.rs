use core::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use futures_core::{FusedStream, Stream};
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    engine::{Engine, events_methods},
    error::EventsError,
    stream::poll_events,
};
use crate::decode::{Decoder, DecoderOptions, Received};

/// Turns the body of a response or request into events; trailers are ignored.
///
/// Import it as `_`, since other crates have a trait of this name.
pub trait BodyExt: Body + Sized {
    /// Decodes the body as the standard says.
    fn events(self) -> BodyEvents<Self> {
        self.events_with(DecoderOptions::new())
    }

    /// Decodes the body as told.
    fn events_with(self, options: DecoderOptions) -> BodyEvents<Self> {
        self.events_from(Decoder::with_options(options))
    }

    /// Decodes the body with a decoder that may have seen an earlier connection.
    fn events_from(self, decoder: Decoder) -> BodyEvents<Self> {
        BodyEvents {
            inner: self,
            engine: Engine::new(decoder),
        }
    }
}

impl<B: Body> BodyExt for B {}

pin_project! {
    /// The events of a body; see [`BodyExt::events`].
    ///
    /// It takes a frame only when it has no event left, and stays at its end: after a marker, an end or a fatal error
    /// comes `None`. Events before an error are always given out.
    /// A body that is always ready but gives no event is interrupted from time to time, so that other tasks have their turn.
    ///
    /// It is `Send`, `Sync` and `Unpin` if the body is.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct BodyEvents<B> {
        #[pin]
        inner: B,
        engine: Engine,
    }
}

impl<B> BodyEvents<B> {
    events_methods!(B);
}

impl<B: Body + Unpin> BodyEvents<B> {
    /// Waits for the next event; `None` is the end. A body that is not `Unpin` has to be pinned, as with `Box::pin`.
    ///
    /// # Errors
    ///
    /// [`EventsError`], after all events before it.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped: input that was taken stays here.
    pub async fn next(&mut self) -> Option<Result<Received, EventsError<B::Error>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<B: Body> Stream for BodyEvents<B> {
    type Item = Result<Received, EventsError<B::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        poll_events(this.engine, cx, |cx| {
            this.inner
                .as_mut()
                .poll_frame(cx)
                .map_ok(|frame| match frame.into_data() {
                    Ok(mut data) => data.copy_to_bytes(data.remaining()),
                    Err(_trailers) => Bytes::new(),
                })
        })
    }
}

impl<B: Body> FusedStream for BodyEvents<B> {
    fn is_terminated(&self) -> bool {
        self.engine.is_over()
    }
}
