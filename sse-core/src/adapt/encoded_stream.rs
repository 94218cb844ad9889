use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

use super::wire_item::WireItem;
use crate::encode::Encoder;

pin_project! {
    /// The wire bytes of a stream of events; see [`StreamExt::encoded`](super::StreamExt::encoded).
    ///
    /// Each event comes as its own shared bytes, unless [`coalesce`](Self::coalesce) joins those that are ready.
    /// For a response's body, with keep-alive and shutdown, use `EventStream` (feature `body`).
    /// It is `Send` and `Sync` if the source and its error are, and `Unpin` if the source is.
    #[must_use = "streams do nothing unless polled"]
    pub struct EncodedStream<S>
    where
        S: Stream,
        S::Item: WireItem,
    {
        #[pin]
        inner: S,
        encoder: Encoder,
        coalesced: usize,
        held: Option<Result<Bytes, <S::Item as WireItem>::Error>>,
        ended: bool,
    }
}

impl<S> EncodedStream<S>
where
    S: Stream<Item: WireItem>,
{
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            encoder: Encoder::new(),
            coalesced: 0,
            held: None,
            ended: false,
        }
    }

    /// Sets how events are encoded; those that are encoded already stay as they are.
    pub fn encoder(mut self, encoder: Encoder) -> Self {
        self.encoder = encoder;
        self
    }

    /// Copies events that are ready at the same time into one piece of at most so many bytes.
    ///
    /// It never waits for an event in order to fill a piece. A larger event still comes alone and whole.
    pub fn coalesce(mut self, bytes: usize) -> Self {
        self.coalesced = bytes;
        self
    }

    /// Gives the stream back; an event that was taken from it and not given out is lost.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Takes the next event that is not empty.
    fn poll_wire(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Wire<S::Item>>> {
        let mut this = self.project();
        if let Some(held) = this.held.take() {
            return Poll::Ready(Some(held));
        }
        for _ in 0..ITEMS_A_POLL {
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.inner.as_mut().poll_next(cx)) {
                None => *this.ended = true,
                Some(item) => match item.encode_with(*this.encoder) {
                    Ok(wire) if wire.is_empty() => {}
                    result => return Poll::Ready(Some(result)),
                },
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

type Wire<T> = Result<Bytes, <T as WireItem>::Error>;

/// Items that encode to nothing that are taken in one poll.
const ITEMS_A_POLL: usize = 64;

impl<S> Stream for EncodedStream<S>
where
    S: Stream<Item: WireItem>,
{
    type Item = <S::Item as WireItem>::Wire;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(first) = ready!(self.as_mut().poll_wire(cx)) else {
            return Poll::Ready(None);
        };
        let first = match first {
            Ok(first) if first.len() < self.coalesced => first,
            other => return Poll::Ready(Some(S::Item::wire(other))),
        };
        let mut joined = BytesMut::new();
        // What is pending has registered the waker, which is then one wake-up too many and none too few.
        while let Poll::Ready(Some(next)) = self.as_mut().poll_wire(cx) {
            let len = first.len().max(joined.len());
            match next {
                Ok(next) if len + next.len() <= self.coalesced => {
                    if joined.is_empty() {
                        joined.extend_from_slice(&first);
                    }
                    joined.extend_from_slice(&next);
                }
                other => {
                    *self.as_mut().project().held = Some(other);
                    break;
                }
            }
        }
        let wire = if joined.is_empty() {
            first
        } else {
            joined.freeze()
        };
        Poll::Ready(Some(S::Item::wire(Ok(wire))))
    }
}

impl<S> FusedStream for EncodedStream<S>
where
    S: Stream<Item: WireItem>,
{
    fn is_terminated(&self) -> bool {
        self.ended && self.held.is_none()
    }
}

impl<S> fmt::Debug for EncodedStream<S>
where
    S: Stream<Item: WireItem>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedStream")
            .field("encoder", &self.encoder)
            .field("coalesced", &self.coalesced)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
