use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use tokio::sync::watch;

use crate::error::Error;

/// Where an event source is.
///
/// Shareable between threads: `Send + Sync`; a clone costs a reference count.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum State {
    /// A request is about to be sent, or its response has not come. It is so from the start.
    Connecting,
    /// The response is an event stream.
    Open,
    /// A connection or an attempt has failed, and another one follows.
    #[non_exhaustive]
    Waiting {
        /// How long it waits.
        delay: Duration,
        /// What happened.
        cause: Arc<Error>,
    },
    /// There are no more events.
    Closed,
}

/// Sees the states of an event source, from any task, without touching its events.
///
/// It shows the latest state: of states that follow each other while nobody looks only the last is seen.
/// As a [`Stream`] it gives the state that is, then each new one, and ends after [`State::Closed`].
/// A clone sees for itself. Shareable between threads: `Send + Sync`.
///
/// ```
/// use sse_client::{EventSource, MemoryTransport, State};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let request = http::Request::get("http://localhost/").body(()).unwrap();
/// let mut events = EventSource::with_transport(MemoryTransport::new(), request);
/// let mut state = events.state();
/// assert!(matches!(state.current(), State::Connecting));
/// while events.next().await.is_some() {}
/// assert!(matches!(state.changed().await, Some(State::Closed)));
/// assert!(state.changed().await.is_none());
/// # }
/// ```
pub struct StateWatch {
    receiver: watch::Receiver<State>,
    seen: Seen,
    change: Option<Change>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Seen {
    Nothing,
    Some,
    Closed,
}

type Change = Pin<Box<dyn Future<Output = watch::Receiver<State>> + Send + Sync>>;

impl StateWatch {
    pub(crate) fn new(receiver: watch::Receiver<State>) -> Self {
        Self {
            receiver,
            seen: Seen::Nothing,
            change: None,
        }
    }

    /// Waits for a state that this watch has not seen; `None` after [`State::Closed`] has been.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn changed(&mut self) -> Option<State> {
        if self.seen == Seen::Closed {
            return None;
        }
        // Nothing changes after `Closed`, which came before this watch or was seen by a clone of it only.
        let is_closed = matches!(*self.receiver.borrow(), State::Closed);
        if !is_closed {
            let _ = self.receiver.changed().await;
        }
        Some(self.look())
    }

    /// Returns the state that is.
    pub fn current(&self) -> State {
        self.receiver.borrow().clone()
    }

    fn look(&mut self) -> State {
        let state = self.receiver.borrow_and_update().clone();
        self.seen = match state {
            State::Closed => Seen::Closed,
            _ => Seen::Some,
        };
        state
    }
}

impl Stream for StateWatch {
    type Item = State;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<State>> {
        match self.seen {
            Seen::Closed => return Poll::Ready(None),
            Seen::Nothing => return Poll::Ready(Some(self.look())),
            Seen::Some => {}
        }
        let mut change = self.change.take().unwrap_or_else(|| {
            let mut receiver = self.receiver.clone();
            Box::pin(async move {
                let _ = receiver.changed().await;
                receiver
            })
        });
        let Poll::Ready(receiver) = change.as_mut().poll(cx) else {
            self.change = Some(change);
            return Poll::Pending;
        };
        self.receiver = receiver;
        Poll::Ready(Some(self.look()))
    }
}

impl Clone for StateWatch {
    fn clone(&self) -> Self {
        Self {
            receiver: self.receiver.clone(),
            seen: self.seen,
            change: None,
        }
    }
}

impl fmt::Debug for StateWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StateWatch").field(&self.current()).finish()
    }
}
