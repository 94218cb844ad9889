use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_core::Stream;
use sse_core::{DecodeError, Received};
use tokio::time::{Instant, Sleep};

use super::{
    EventSource, UnsafeId,
    body::Body,
    end_marker::Mark,
    oversized::Skipped,
    response::{Answer, judge},
};
use crate::{
    address::is_absolute,
    error::{Error, ErrorKind},
    redirect::{self, Exchange},
    state::State,
    transport::{BoxFuture, RequestBody},
};

/// Where an event source is, and what it holds there.
pub(super) enum Phase {
    /// Nothing was sent.
    Idle,
    Connecting {
        exchange: BoxFuture<Exchange>,
        /// Whether a redirect has come since that was last looked at.
        redirected: Arc<AtomicBool>,
    },
    Open {
        body: Body,
        /// Whether a byte has come, even one that decodes to nothing.
        begun: bool,
        /// Whether the body has ended, and nothing is left but to say so.
        ended: bool,
    },
    Waiting(Pin<Box<Sleep>>),
    Over,
}

/// The next item, or `Continue` to go on with the phase that is now.
pub(super) type Step = ControlFlow<Poll<Option<Result<Received, Error>>>>;

/// Steps without an item that are made in one poll.
const STEPS_A_POLL: usize = 64;

impl EventSource {
    /// Gives the next block that is to be given out.
    #[inline]
    pub(crate) fn poll_block(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Received, Error>>> {
        for _ in 0..STEPS_A_POLL {
            if self.closing.is_closed() {
                return Poll::Ready(self.close());
            }
            if let Phase::Open { ended: false, .. } = self.phase {
                loop {
                    // Moving an event costs as much as finding it: it is moved once, to where it is returned.
                    let next = self.decoder.next();
                    match self.mark(next.as_ref()) {
                        Mark::None | Mark::Last => {}
                        Mark::Unwanted => continue,
                        Mark::End => return Poll::Ready(None),
                    }
                    match next {
                        Some(Ok(received)) => return Poll::Ready(Some(Ok(received))),
                        Some(Err(error)) => return Poll::Ready(Some(Err(self.undecodable(error)))),
                        None => break,
                    }
                }
            }
            if let ControlFlow::Break(poll) = self.step(cx) {
                return poll;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        match &mut self.phase {
            Phase::Over => ControlFlow::Break(Poll::Ready(None)),
            Phase::Idle => self.connect_now(),
            Phase::Waiting(sleep) => match sleep.as_mut().poll(cx) {
                Poll::Ready(()) => self.connect_now(),
                Poll::Pending => self.pending(cx),
            },
            Phase::Connecting {
                exchange,
                redirected,
            } => match exchange.as_mut().poll(cx) {
                Poll::Ready(exchange) => self.answered(exchange),
                Poll::Pending => {
                    if redirected.swap(false, Ordering::Relaxed) {
                        self.idle.heard();
                    }
                    self.silent(cx)
                }
            },
            Phase::Open { ended: true, .. } => self.fail(Error::new(ErrorKind::Ended), None),
            Phase::Open { body, begun, ended } => {
                let next = Pin::new(&mut *body).poll_next(cx);
                if body.take_heard() {
                    *begun = true;
                    self.idle.heard();
                }
                match next {
                    Poll::Ready(Some(Ok(chunk))) => {
                        self.decoder.push(chunk);
                        ControlFlow::Continue(())
                    }
                    Poll::Ready(Some(Err(error))) => {
                        self.fail(Error::because(ErrorKind::Transport, error), None)
                    }
                    Poll::Ready(None) => {
                        *ended = true;
                        self.give_last()
                    }
                    Poll::Pending => self.silent(cx),
                }
            }
        }
    }

    /// Decides about what the decoder gave, and ends if it is the end.
    #[inline]
    fn mark(&mut self, next: Option<&Result<Received, DecodeError>>) -> Mark {
        let Some(Ok(received)) = next else {
            return Mark::None;
        };
        let event = &received.event;
        if event.id.is_some() && self.settings.unsafe_id == UnsafeId::SendLastSafe {
            self.keep_safe_id(received);
        }
        let wanted = event.data.is_some()
            || event.comment.is_some()
            || (self.settings.id_blocks && event.id.is_some());
        if !wanted {
            return Mark::Unwanted;
        }
        if self.skipped.is_some() && event.data.is_some() {
            self.skipped = None;
        }
        let mark = self.settings.end.mark(received);
        if matches!(mark, Mark::End | Mark::Last) {
            self.end();
        }
        mark
    }

    /// Gives what the end of a response made whole.
    fn give_last(&mut self) -> Step {
        let last = self.decoder.finish();
        let item = match (self.mark(last.as_ref()), last) {
            (Mark::Unwanted, _) | (_, None) => return ControlFlow::Continue(()),
            (Mark::End, _) => None,
            (Mark::None | Mark::Last, Some(Ok(received))) => Some(Ok(received)),
            (_, Some(Err(error))) => Some(Err(self.undecodable(error))),
        };
        ControlFlow::Break(Poll::Ready(item))
    }

    #[cold]
    fn undecodable(&mut self, error: DecodeError) -> Error {
        let last_event_id = self.decoder.last_event_id();
        let again = |skipped: &Skipped| skipped.is_met_again(last_event_id);
        let is_final = error.is_fatal() || self.skipped.as_ref().is_some_and(again);
        let error = Error::because(ErrorKind::Decode, error);
        if is_final {
            self.end();
            return error;
        }
        self.skipped = Some(Skipped::after(last_event_id));
        error.not_last()
    }

    fn connect_now(&mut self) -> Step {
        self.started.get_or_insert_with(Instant::now);
        if !is_absolute(&self.target.uri) {
            return self.stop(Some(Error::new(ErrorKind::Address)));
        }
        let last_event_id = match self.last_event_id_value() {
            Ok(value) => value,
            Err(error) => return self.stop(Some(error)),
        };
        // Settings that were made since then count from here on.
        self.resumed = self.resume_state();
        self.decoder = self.resumed.decoder(self.settings.decoder);
        self.set_state(State::Connecting);
        let body = match self.body.replay() {
            _ if !self.target.with_body => RequestBody::empty(),
            Some(body) => body,
            None => {
                self.body_spent = true;
                mem::take(&mut self.body)
            }
        };
        let redirected = Arc::default();
        let exchange = redirect::exchange(
            Arc::clone(&self.transport),
            self.settings.redirects,
            self.target.clone(),
            last_event_id,
            body,
            Arc::clone(&redirected),
        );
        self.idle.heard();
        self.phase = Phase::Connecting {
            exchange: Box::pin(exchange),
            redirected,
        };
        ControlFlow::Continue(())
    }

    fn answered(&mut self, exchange: Exchange) -> Step {
        let response = match exchange.response {
            Ok(response) => response,
            Err(error) => return self.fail(error, None),
        };
        let (parts, body) = response.into_parts();
        match judge(parts, body, &self.settings) {
            Answer::NoContent => self.finish(),
            Answer::Refused(error, body) => self.fail(error, Some(body)),
            Answer::Events(parts, body) => {
                if let Some(moved) = exchange.moved {
                    self.target = moved;
                }
                self.response = Some(parts);
                self.ever_open = true;
                self.schedule.opened(self.now());
                self.idle.heard();
                self.phase = Phase::Open {
                    body,
                    begun: false,
                    ended: false,
                };
                self.set_state(State::Open);
                ControlFlow::Continue(())
            }
        }
    }

    /// Waits for bytes, if not for too long.
    fn silent(&mut self, cx: &mut Context<'_>) -> Step {
        if self.idle.poll(cx) {
            return self.fail(Error::new(ErrorKind::IdleTimeout), None);
        }
        self.pending(cx)
    }

    fn pending(&mut self, cx: &mut Context<'_>) -> Step {
        if self.closing.poll(cx) {
            return ControlFlow::Break(Poll::Ready(self.close()));
        }
        ControlFlow::Break(Poll::Pending)
    }

    fn keep_safe_id(&mut self, received: &Received) {
        if received.last_event_id.is_header_safe() {
            // It lives long, and must not keep a whole chunk in memory.
            self.last_safe_id = received.detached().last_event_id;
        }
    }
}
