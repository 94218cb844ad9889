use core::fmt;
use std::boxed::Box;

/// How a response ended; what [`EventStream::on_end`](super::EventStream::on_end) is called with.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct End {
    /// Why it ended.
    pub reason: EndReason,
    /// How many events were handed to the transport, each event of a batch counted.
    ///
    /// The opening comment, keep-alives and a final `retry` are not events of the stream.
    /// An event made by [`OnError::event`](super::OnError::event) is counted.
    pub events: u64,
}

/// Why a response ended.
///
/// Shareable between threads: `Send + Sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The stream came to its end.
    Finished,
    /// The stream yielded an error.
    Error,
    /// The shutdown signal completed.
    Shutdown,
    /// The body was dropped before its end: the client left, or the response was never wanted
    /// (`HEAD`, a handler that was cancelled).
    ClientGone,
}

/// Calls the handler exactly once, at the latest when dropped.
#[derive(Default)]
pub(super) struct Closing {
    handler: Option<Box<dyn FnOnce(End) + Send>>,
    events: u64,
    closed: bool,
}

impl Closing {
    pub(super) fn set_handler(&mut self, handler: impl FnOnce(End) + Send + 'static) {
        self.handler = Some(Box::new(handler));
    }

    pub(super) fn count(&mut self, events: u64) {
        self.events += events;
    }

    pub(super) fn close(&mut self, reason: EndReason) {
        self.closed = true;
        if let Some(handler) = self.handler.take() {
            handler(End {
                reason,
                events: self.events,
            });
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if !self.closed {
            self.close(EndReason::ClientGone);
        }
    }
}

impl fmt::Debug for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing")
            .field("events", &self.events)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}
