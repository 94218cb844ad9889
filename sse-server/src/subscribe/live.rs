use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use sse_core::{EncodedBatch, Retry};
use sse_hub::CloseReason;

use super::{
    blocks,
    clock::{Clock, Due},
    source::Source,
};
use crate::{
    registry::Registration,
    script::{Hook, Subscriber},
    state::{App, Shared},
};

/// The stream of one connection: the opening, what `catchup` returned, and then what is published,
/// until the client leaves, the connection is as old as it may get, or the hub ends it.
///
/// With it goes the last hold on the subscriber, and so `unsubscribe` is called.
pub(super) struct Live {
    app: Shared,
    source: Source,
    /// Sent behind the opening.
    catchup: Option<EncodedBatch>,
    clock: Clock,
    stage: Stage,
    registration: Registration,
    subscriber: Option<Arc<Subscriber>>,
}

enum Stage {
    /// Nothing was sent.
    Opening,
    Open,
    /// The hook `timeout` was asked for a reconnection time.
    TimingOut(Pin<Box<dyn Future<Output = Option<u64>> + Send>>),
    Done,
}

impl Live {
    pub(super) fn new(
        app: Shared,
        source: Source,
        catchup: Option<EncodedBatch>,
        registration: Registration,
        subscriber: Option<Arc<Subscriber>>,
    ) -> Self {
        let streams = &app.settings.streams;
        Self {
            clock: Clock::new(streams.keep_alive, streams.timeout),
            app,
            source,
            catchup,
            stage: Stage::Opening,
            registration,
            subscriber,
        }
    }

    fn position(&self) -> Option<sse_core::EventId> {
        self.source.position().filter(|_| self.app.is_hub_wire())
    }

    /// What is said at the end of a stream that the hub ended.
    fn farewell(&self) -> Option<EncodedBatch> {
        let asked = self.registration.retry();
        let spread = || match self.source.end_reason() {
            // The hub's own wire says it.
            _ if self.app.is_hub_wire() => None,
            Some(CloseReason::Drain) => Some(self.app.spread()),
            Some(CloseReason::Overload) => Some(App::soft_reject()),
            _ => None,
        };
        asked.or_else(spread).map(blocks::retry)
    }

    /// Begins the end of a stream that is as old as it may get.
    fn time_out(&self) -> Stage {
        let elapsed = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        let asked = self
            .app
            .script_with(Hook::Timeout)
            .zip(self.subscriber.as_ref());
        let asked = asked.map(|(script, subscriber)| (script.clone(), Arc::clone(subscriber)));
        Stage::TimingOut(Box::pin(async move {
            let (script, subscriber) = asked?;
            script.timeout(&subscriber, elapsed).await
        }))
    }

    fn timed_out(&self, retry: Option<u64>) -> EncodedBatch {
        let configured = self.app.settings.streams.timeout_retry;
        let retry = retry
            .map(Retry::from_millis)
            .or_else(|| configured.map(Retry::from));
        if self.app.is_hub_wire() {
            let retry = retry.unwrap_or_else(|| self.app.spread());
            blocks::rotation(self.position(), retry)
        } else {
            blocks::timeout(retry.unwrap_or(Retry::from_millis(0)))
        }
    }
}

impl Stream for Live {
    type Item = EncodedBatch;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<EncodedBatch>> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::Opening => {
                    let first = ready!(this.source.poll_next(cx));
                    this.stage = Stage::Open;
                    return Poll::Ready(first);
                }
                Stage::Open => {
                    if let Some(catchup) = this.catchup.take() {
                        return Poll::Ready(Some(catchup));
                    }
                    match this.source.poll_next(cx) {
                        Poll::Ready(Some(batch)) => {
                            this.clock.touch();
                            this.registration.took();
                            return Poll::Ready(Some(batch));
                        }
                        Poll::Ready(None) => {
                            this.stage = Stage::Done;
                            if let Some(farewell) = this.farewell() {
                                return Poll::Ready(Some(farewell));
                            }
                        }
                        Poll::Pending => match ready!(this.clock.poll(cx)) {
                            Due::KeepAlive => {
                                let text = &this.app.settings.streams.keep_alive_text;
                                let batch = blocks::keep_alive(text, this.position());
                                return Poll::Ready(Some(batch));
                            }
                            Due::Age => this.stage = this.time_out(),
                        },
                    }
                }
                Stage::TimingOut(asked) => {
                    let retry = ready!(asked.as_mut().poll(cx));
                    this.stage = Stage::Done;
                    return Poll::Ready(Some(this.timed_out(retry)));
                }
                Stage::Done => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
