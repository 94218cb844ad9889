use std::{
    future::Future,
    mem,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use http::{HeaderValue, Method};
use sse_core::{DecodeError, EventId, NoHeader, Received};
use tokio::time::{Instant, Sleep, sleep};

use super::{
    EventSource, UnsafeId,
    end_marker::Mark,
    response::{Answer, judge},
};
use crate::{
    error::{Error, ErrorKind},
    failure::{Failure, Verdict},
    redirect::{self, Exchange},
    retry_after::retry_after,
    schedule::Asked,
    state::State,
    transport::{BoxFuture, RequestBody, ResponseBody},
};

/// Where an event source is, and what it holds there.
pub(super) enum Phase {
    /// Nothing was sent.
    Idle,
    Connecting(BoxFuture<Exchange>),
    Open {
        body: ResponseBody,
        /// Whether a byte has come.
        begun: bool,
        /// Whether the body has ended, and nothing is left but to say so.
        ended: bool,
    },
    Waiting(Pin<Box<Sleep>>),
    Over,
}

/// The next item, or `Continue` to go on with the phase that is now.
type Step = ControlFlow<Poll<Option<Result<Received, Error>>>>;

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
                while let Some(result) = self.decoder.next() {
                    if let ControlFlow::Break(item) = self.give(result) {
                        return Poll::Ready(item);
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
            Phase::Connecting(exchange) => match exchange.as_mut().poll(cx) {
                Poll::Ready(exchange) => self.answered(exchange),
                Poll::Pending => self.silent(cx),
            },
            Phase::Open { ended: true, .. } => self.fail(Error::new(ErrorKind::Ended), None),
            Phase::Open { body, begun, ended } => match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    *begun |= !chunk.is_empty();
                    self.idle.heard();
                    self.decoder.push(chunk);
                    ControlFlow::Continue(())
                }
                Poll::Ready(Some(Err(error))) => {
                    self.fail(Error::because(ErrorKind::Transport, error), None)
                }
                Poll::Ready(None) => {
                    *ended = true;
                    match self.decoder.finish() {
                        None => ControlFlow::Continue(()),
                        Some(last) => self.give(last).map_break(Poll::Ready),
                    }
                }
                Poll::Pending => self.silent(cx),
            },
        }
    }

    /// Decides about what the decoder gave.
    #[inline]
    fn give(
        &mut self,
        result: Result<Received, DecodeError>,
    ) -> ControlFlow<Option<Result<Received, Error>>> {
        let received = match result {
            Ok(received) => received,
            Err(error) => return ControlFlow::Break(Some(Err(self.undecodable(error)))),
        };
        if received.event.id.is_some() && self.settings.unsafe_id == UnsafeId::SendLastSafe {
            self.keep_safe_id(&received);
        }
        let event = &received.event;
        let wanted = event.data.is_some()
            || event.comment.is_some()
            || (self.settings.id_blocks && event.id.is_some());
        if !wanted {
            return ControlFlow::Continue(());
        }
        match self.settings.end.mark(&received) {
            Mark::None => {}
            Mark::End => {
                self.end();
                return ControlFlow::Break(None);
            }
            Mark::Last => self.end(),
        }
        ControlFlow::Break(Some(Ok(received)))
    }

    fn undecodable(&mut self, error: DecodeError) -> Error {
        let fatal = error.is_fatal();
        let error = Error::because(ErrorKind::Decode, error);
        if fatal {
            self.end();
            return error;
        }
        error.not_last()
    }

    fn connect_now(&mut self) -> Step {
        self.started.get_or_insert_with(Instant::now);
        let last_event_id = match self.last_event_id_header() {
            Ok(value) => value,
            Err(error) => return self.stop(Some(error)),
        };
        self.set_state(State::Connecting);
        let body = match self.body.replay() {
            _ if !self.target.with_body => RequestBody::empty(),
            Some(body) => body,
            None => {
                self.body_spent = true;
                mem::take(&mut self.body)
            }
        };
        let exchange = redirect::exchange(
            Arc::clone(&self.transport),
            self.target.clone(),
            last_event_id,
            body,
        );
        self.idle.heard();
        self.phase = Phase::Connecting(Box::pin(exchange));
        ControlFlow::Continue(())
    }

    fn answered(&mut self, exchange: Exchange) -> Step {
        if let Some(moved) = exchange.moved {
            self.target = moved;
        }
        let response = match exchange.response {
            Ok(response) => response,
            Err(error) => return self.fail(error, None),
        };
        let (parts, body) = response.into_parts();
        match judge(parts, body, self.settings.check.as_ref()) {
            Answer::NoContent => self.finish(),
            Answer::Refused(error, body) => self.fail(error, Some(body)),
            Answer::Events(parts, body) => {
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

    /// Decides what follows the end of a connection or attempt: a delay, or the end.
    fn fail(&mut self, error: Error, body: Option<ResponseBody>) -> Step {
        let begun = matches!(self.phase, Phase::Open { begun: true, .. });
        // The connection goes now, not after the delay.
        self.phase = Phase::Idle;
        self.idle.stop();
        self.decoder.reset();
        let failure = Failure::new(error, self.schedule.failures(), self.ever_open);
        let verdict = match &self.settings.rule {
            Some(rule) => rule(&failure),
            None => failure.verdict(),
        };
        let error = failure.into_error();
        let may_have_been_done = begun && !self.settings.replay_body && !self.is_repeatable();
        let is_first = self.settings.first_failure_is_final && !self.ever_open;
        let never = self.settings.backoff.max_retries == Some(0);
        if verdict == Verdict::Stop || may_have_been_done || is_first || never {
            if error.kind() == ErrorKind::Ended {
                return self.finish();
            }
            return self.stop(Some(error.with_body(body)));
        }
        drop(body);
        if self.body_spent && self.target.with_body {
            return self.stop(Some(Error::after(ErrorKind::Body, Arc::new(error))));
        }
        let asked = Asked {
            retry: self.resume_state().retry(),
            retry_after: error.headers().and_then(retry_after),
        };
        let now = self.now();
        let cause = Arc::new(error);
        match self.schedule.failed(now, asked, &mut self.settings.random) {
            None => self.stop(Some(Error::after(ErrorKind::RetriesExhausted, cause))),
            Some(delay) => {
                self.phase = Phase::Waiting(Box::pin(sleep(delay)));
                self.set_state(State::Waiting { delay, cause });
                ControlFlow::Continue(())
            }
        }
    }

    /// Ends as the server wants it.
    fn finish(&mut self) -> Step {
        let unfinished = self.settings.end.is_required();
        self.stop(unfinished.then(|| Error::new(ErrorKind::UnfinishedStream)))
    }

    fn stop(&mut self, error: Option<Error>) -> Step {
        self.end();
        ControlFlow::Break(Poll::Ready(error.map(Err)))
    }

    fn close(&mut self) -> Option<Result<Received, Error>> {
        if matches!(self.phase, Phase::Over) {
            return None;
        }
        self.end();
        let cause = self.closing.take_cause()?;
        Some(Err(Error::because(ErrorKind::Closed, cause)))
    }

    /// Lets go of everything.
    fn end(&mut self) {
        self.phase = Phase::Over;
        self.idle.stop();
        self.decoder.reset();
        self.set_state(State::Closed);
    }

    fn last_event_id_header(&self) -> Result<Option<HeaderValue>, Error> {
        let id = self.decoder.last_event_id();
        let id = match self.settings.unsafe_id {
            _ if id.is_header_safe() => id,
            UnsafeId::Stop => {
                return Err(Error::because(
                    ErrorKind::LastEventId,
                    NoHeader::NotHeaderSafe,
                ));
            }
            UnsafeId::SendLastSafe => &self.last_safe_id,
            UnsafeId::Omit => &EventId::EMPTY,
        };
        if id.is_empty() {
            return Ok(None);
        }
        // What is safe is a value.
        Ok(HeaderValue::from_str(id.as_str()).ok())
    }

    fn keep_safe_id(&mut self, received: &Received) {
        if received.last_event_id.is_header_safe() {
            // It lives long, and must not keep a whole chunk in memory.
            self.last_safe_id = received.detached().last_event_id;
        }
    }

    /// Whether the request does no harm if it is sent twice.
    fn is_repeatable(&self) -> bool {
        matches!(
            self.target.method,
            Method::GET | Method::HEAD | Method::PUT | Method::DELETE
        )
    }

    fn set_state(&self, state: State) {
        self.state.send_replace(state);
    }

    fn now(&self) -> Duration {
        self.started
            .map(|started| started.elapsed())
            .unwrap_or_default()
    }
}
