use std::{error, time::Duration};

use bytestring::ByteString;
use http::response::Parts;
use sse_core::{DecoderOptions, EventId, EventType, Limits, ReconnectState};

use super::{EventSource, Oversized, UnsafeId, end_marker::EndMarker};
use crate::{
    backoff::Backoff,
    failure::{Failure, Verdict},
    random,
    redirects::Redirects,
    schedule::Schedule,
};

pub(super) type Check =
    Box<dyn Fn(&Parts) -> Result<(), Box<dyn error::Error + Send + Sync>> + Send>;
type Rule = Box<dyn Fn(&Failure) -> Verdict + Send>;
type Random = Box<dyn FnMut() -> f64 + Send>;

/// What is set before the first poll.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is turned on by a method of its own"
)]
pub(super) struct Settings {
    pub(super) backoff: Backoff,
    pub(super) decoder: DecoderOptions,
    pub(super) redirects: Redirects,
    pub(super) end: EndMarker,
    pub(super) unsafe_id: UnsafeId,
    pub(super) replay_body: bool,
    pub(super) first_failure_is_final: bool,
    /// Whether blocks that have an id and no data are given out.
    pub(super) id_blocks: bool,
    /// Whether a compressed response is what was asked for.
    pub(super) compression: bool,
    pub(super) check: Option<Check>,
    pub(super) rule: Option<Rule>,
    pub(super) random: Random,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            backoff: Backoff::new(),
            // The last event ID then advances block by block, and never beyond what was given out.
            decoder: DecoderOptions::new().dataless_blocks(),
            redirects: Redirects::all(),
            end: EndMarker::default(),
            unsafe_id: UnsafeId::default(),
            replay_body: false,
            first_failure_is_final: false,
            id_blocks: false,
            compression: false,
            check: None,
            rule: None,
            random: Box::new(random::uniform),
        }
    }
}

/// What is set before the first poll. Later it counts from the next connection on.
impl EventSource {
    /// Sets the delays between connections, and when to give up.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self.schedule = Schedule::new(backoff);
        self
    }

    /// Sets where the delays' jitter comes from: a number from 0 to 1 at each call. For tests and simulations.
    pub fn random(mut self, random: impl FnMut() -> f64 + Send + 'static) -> Self {
        self.settings.random = Box::new(random);
        self
    }

    /// Decides which failures are followed by another connection; [`Failure::verdict`] is the default.
    pub fn retry_if(mut self, rule: impl Fn(&Failure) -> Verdict + Send + 'static) -> Self {
        self.settings.rule = Some(Box::new(rule));
        self
    }

    /// Makes a failure final if there has not been an open connection yet.
    pub fn first_failure_is_final(mut self) -> Self {
        self.settings.first_failure_is_final = true;
        self
    }

    /// Sets which redirects are followed; [`Redirects::all`] by default.
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.settings.redirects = redirects;
        self
    }

    /// Replaces the check of a response: status 200 and the media type of an event stream.
    ///
    /// 204 ends the events before it is asked, and redirects are followed first.
    pub fn check_response<E>(
        mut self,
        check: impl Fn(&Parts) -> Result<(), E> + Send + 'static,
    ) -> Self
    where
        E: Into<Box<dyn error::Error + Send + Sync>>,
    {
        self.settings.check = Some(Box::new(move |parts| check(parts).map_err(Into::into)));
        self
    }

    /// Replaces a connection on which no byte came for this time, also while a response is waited for; off by default.
    ///
    /// Redirects count, and comments do: servers of this workspace send one after 15 s of silence.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle.set(timeout);
        self
    }

    /// Sets the last event ID of the first request, such as one that was stored.
    pub fn last_event_id(mut self, id: impl Into<EventId>) -> Self {
        self.decoder.set_last_event_id(id.into());
        let state = self.resume_state();
        self.resume(state)
    }

    /// Goes on from what [`resume_state`](EventSource::resume_state) returned earlier: last event ID and reconnection time.
    ///
    /// The bounds of the delay are the backoff's.
    pub fn resume(mut self, state: ReconnectState) -> Self {
        let id = state.last_event_id().cloned();
        self.decoder.set_last_event_id(id.unwrap_or_default());
        self.last_safe_id = safe_id(&state);
        self.resumed = state;
        self.unreadable_id = false;
        self
    }

    /// Sets what is done when no header can carry the last event ID; [`UnsafeId::Stop`] by default.
    pub fn on_unsafe_id(mut self, unsafe_id: UnsafeId) -> Self {
        self.settings.unsafe_id = unsafe_id;
        self
    }

    /// Sends a request of any method again, also when its response had begun.
    ///
    /// By default that is so for GET, HEAD, PUT and DELETE only; others, such as POST, are sent again only until the first byte
    /// of a response's events, since the server may have done then what was asked.
    pub fn replay_body(mut self) -> Self {
        self.settings.replay_body = true;
        self
    }

    /// Ends, without another connection, at an event whose data is exactly `data`, such as `[DONE]`; it is not given out.
    ///
    /// Called again, it adds another one.
    pub fn until(mut self, data: impl Into<ByteString>) -> Self {
        self.settings.end.add_data(data.into());
        self
    }

    /// Ends, without another connection, after an event of the type `event_type`, such as `message_stop`; it is given out.
    ///
    /// Called again, it adds another one.
    pub fn until_event(mut self, event_type: EventType) -> Self {
        self.settings.end.add_event_type(event_type);
        self
    }

    /// Makes it an error if the events end before their end marker: the server answers 204, or a response ends and none follows.
    pub fn require_end(mut self) -> Self {
        self.settings.end.require();
        self
    }

    /// Sets the limits of an event; [`Limits::DEFAULT`] by default.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.decoder = self.settings.decoder.limits(limits);
        self
    }

    /// Sets what is done about an event that breaks a limit; [`Oversized::Fail`] by default.
    pub fn on_oversized(mut self, oversized: Oversized) -> Self {
        if oversized == Oversized::Skip {
            self.settings.decoder = self.settings.decoder.skip_oversized();
        }
        self
    }

    /// Gives out each comment, too, as an item that has a comment and no data.
    pub fn comments(mut self) -> Self {
        self.settings.decoder = self.settings.decoder.comments();
        self
    }

    /// Takes the end of a response for the blank line that its last event lacks; a connection that was cut is no such end.
    pub fn dispatch_unterminated(mut self) -> Self {
        self.settings.decoder = self.settings.decoder.dispatch_unterminated();
        self
    }

    /// Asks for a compressed response, with gzip or brotli, unless the request has an `accept-encoding`, and undoes the compression.
    ///
    /// Each event comes as soon as the server flushes it. Without this a compressed response is an error of the kind
    /// [`ContentEncoding`](crate::ErrorKind::ContentEncoding).
    #[cfg(feature = "compression")]
    pub fn compression(mut self) -> Self {
        self.settings.compression = true;
        self.target
            .headers
            .entry(http::header::ACCEPT_ENCODING)
            .or_insert(http::HeaderValue::from_static("gzip, br"));
        self
    }
}

/// The id to fall back on if all that come cannot be sent.
pub(super) fn safe_id(state: &ReconnectState) -> EventId {
    match state.last_event_id() {
        Some(id) if id.is_header_safe() => id.clone(),
        _ => EventId::EMPTY,
    }
}
