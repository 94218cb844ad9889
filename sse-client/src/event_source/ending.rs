use std::{ops::ControlFlow, sync::Arc, task::Poll, time::Duration};

use http::{HeaderValue, Method};
use sse_core::{EventId, NoHeader, Received};
use tokio::time::sleep;

use super::{
    EventSource, UnsafeId,
    connection::{Phase, Step},
};
use crate::{
    error::{Error, ErrorKind},
    failure::{Failure, Verdict},
    retry_after::retry_after,
    schedule::Asked,
    state::State,
    transport::ResponseBody,
};

/// What follows a connection.
impl EventSource {
    /// Decides what follows the end of a connection or attempt: a delay, or the end.
    pub(super) fn fail(&mut self, error: Error, body: Option<ResponseBody>) -> Step {
        let begun = matches!(self.phase, Phase::Open { begun: true, .. });
        self.idle.stop();
        self.decoder.reset();
        if let Some(skipped) = &mut self.skipped {
            skipped.connection_ended();
        }
        let failure = Failure::new(error, self.ever_open);
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
        if self.body_spent && self.target.with_body {
            let error = Error::after(ErrorKind::Body, Arc::new(error));
            return self.stop(Some(error.with_body(body)));
        }
        // It is known now that it cannot be sent.
        if let Err(error) = self.last_event_id_value() {
            return self.stop(Some(error));
        }
        let asked = Asked {
            retry: self.resume_state().retry(),
            retry_after: error.headers().and_then(retry_after),
        };
        let now = self.now();
        let cause = Arc::new(error);
        match self.schedule.failed(now, asked, &mut self.settings.random) {
            None => {
                let error = Error::after(ErrorKind::RetriesExhausted, cause);
                self.stop(Some(error.with_body(body)))
            }
            Some(delay) => {
                // The connection goes before the delay begins: it is never shorter than the server asked.
                drop(body);
                self.phase = Phase::Idle;
                self.phase = Phase::Waiting(Box::pin(sleep(delay)));
                self.set_state(State::Waiting { delay, cause });
                ControlFlow::Continue(())
            }
        }
    }

    /// Ends as the server wants it.
    pub(super) fn finish(&mut self) -> Step {
        let unfinished = self.settings.end.is_required();
        self.stop(unfinished.then(|| Error::new(ErrorKind::UnfinishedStream)))
    }

    pub(super) fn stop(&mut self, error: Option<Error>) -> Step {
        self.end();
        ControlFlow::Break(Poll::Ready(error.map(Err)))
    }

    pub(super) fn close(&mut self) -> Option<Result<Received, Error>> {
        if matches!(self.phase, Phase::Over) {
            return None;
        }
        self.end();
        let cause = self.closing.take_cause()?;
        Some(Err(Error::because(ErrorKind::Closed, cause)))
    }

    /// Lets go of everything.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Over;
        self.idle.stop();
        self.decoder.reset();
        self.closing.forget();
        self.set_state(State::Closed);
    }

    /// What the next request says, or why it cannot.
    pub(super) fn last_event_id_value(&self) -> Result<Option<HeaderValue>, Error> {
        if self.unreadable_id {
            return Err(Error::because(
                ErrorKind::LastEventId,
                "the request's last event ID is not UTF-8",
            ));
        }
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
        Ok(HeaderValue::from_bytes(id.as_str().as_bytes()).ok())
    }

    /// Whether the request does no harm if it is sent twice.
    fn is_repeatable(&self) -> bool {
        matches!(
            self.target.method,
            Method::GET | Method::HEAD | Method::PUT | Method::DELETE
        )
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.send_if_modified(|before| {
            // It is connecting from the start.
            let news = !matches!((&*before, &state), (State::Connecting, State::Connecting));
            *before = state;
            news
        });
    }

    pub(super) fn now(&self) -> Duration {
        self.started
            .map(|started| started.elapsed())
            .unwrap_or_default()
    }
}
