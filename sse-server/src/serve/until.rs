use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

pin_project! {
    /// Something that goes on until it is over or a token is cancelled.
    ///
    /// An async block would hold the room of what is in it twice.
    pub(super) struct Until<F> {
        #[pin]
        going_on: F,
        #[pin]
        end: WaitForCancellationFutureOwned,
    }
}

impl<F> Until<F> {
    pub(super) fn new(going_on: F, end: CancellationToken) -> Self {
        Self {
            going_on,
            end: end.cancelled_owned(),
        }
    }
}

impl<F: Future<Output = ()>> Future for Until<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        match this.end.poll(cx) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => this.going_on.poll(cx),
        }
    }
}
