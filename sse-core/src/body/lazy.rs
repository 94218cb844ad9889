use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

pin_project! {
    /// A stream that is made at its first poll; see [`EventStream::lazy`](super::EventStream::lazy).
    ///
    /// It is `Send` and `Sync` if the function and the stream are.
    pub struct Lazy<F, S> {
        make: Option<F>,
        #[pin]
        stream: Option<S>,
    }
}

impl<F, S> Lazy<F, S> {
    pub(super) fn new(make: F) -> Self {
        Self {
            make: Some(make),
            stream: None,
        }
    }
}

impl<F: FnOnce() -> S, S: Stream> Stream for Lazy<F, S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        if let Some(make) = this.make.take() {
            this.stream.set(Some(make()));
        }
        match this.stream.as_pin_mut() {
            Some(stream) => stream.poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

impl<F, S> fmt::Debug for Lazy<F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("made", &self.make.is_none())
            .finish_non_exhaustive()
    }
}
