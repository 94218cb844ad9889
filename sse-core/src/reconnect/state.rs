use core::time::Duration;

use super::no_header::NoHeader;
use crate::{
    decode::{Decoder, DecoderOptions, Received},
    event_id::EventId,
    last_event_id::{LAST_EVENT_ID, last_event_id},
    retry::Retry,
};

/// What a client takes from one connection to the next: last event ID and reconnection time.
///
/// This is the pure part of a reconnecting client; connecting, waiting and jitter are the caller's.
/// The reconnection time is kept within bounds, so that neither `retry: 0` makes a client hammer its server
/// nor a huge `retry` parks it for ever: floor 100 ms, cap 24 h, and 1 s until the server sends one.
/// Both parts survive the end of a connection and every error.
///
/// With feature `serde` it is written as `{"last_event_id": "…", "retry": …}`, without what is absent;
/// the bounds are settings and are not written.
/// Shareable between threads: `Send + Sync`.
///
/// ```
/// use std::time::Duration;
/// use sse_core::{DecoderOptions, ReconnectState};
///
/// let mut state = ReconnectState::new();
/// let mut decoder = state.decoder(DecoderOptions::new());
/// decoder.push("id: 42\nretry: 5000\ndata: x\n\n");
/// while let Some(Ok(received)) = decoder.next() {
///     state.observe(&received);
/// }
/// state.observe_decoder(&decoder);
/// assert_eq!(state.header(), Some(("last-event-id", &b"42"[..])));
/// assert_eq!(state.delay(), Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReconnectState {
    last_event_id: EventId,
    retry: Option<Retry>,
    floor: Duration,
    cap: Duration,
    initial: Duration,
}

impl ReconnectState {
    /// Begins without a last event ID and without a reconnection time.
    pub const fn new() -> Self {
        Self {
            last_event_id: EventId::EMPTY,
            retry: None,
            floor: FLOOR,
            cap: CAP,
            initial: INITIAL,
        }
    }

    /// Begins with a last event ID, such as one that was stored.
    pub fn resume(last_event_id: impl Into<EventId>) -> Self {
        Self {
            last_event_id: last_event_id.into(),
            ..Self::new()
        }
    }

    /// Begins with what a client's request says: its header `Last-Event-ID`, or else its query.
    pub fn from_request(header: Option<&[u8]>, query: Option<&str>) -> Self {
        Self::resume(last_event_id(header, query).unwrap_or_default())
    }

    /// Sets the shortest delay; 100 ms by default.
    pub const fn floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the longest delay, which wins over the floor; 24 hours by default.
    pub const fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets the delay before the server has sent a reconnection time; 1 s by default.
    pub const fn initial(mut self, initial: Duration) -> Self {
        self.initial = initial;
        self
    }

    /// Takes over what an event says.
    pub fn observe(&mut self, received: &Received) {
        self.take(&received.last_event_id, received.event.retry);
    }

    /// Takes over what a decoder has seen so far, blocks without data included.
    pub fn observe_decoder(&mut self, decoder: &Decoder) {
        self.take(decoder.last_event_id(), decoder.reconnection_time());
    }

    /// Returns the last event ID, unless it is empty.
    pub fn last_event_id(&self) -> Option<&EventId> {
        Some(&self.last_event_id).filter(|id| !id.is_empty())
    }

    /// Returns the reconnection time as the server sent it.
    pub fn retry(&self) -> Option<Retry> {
        self.retry
    }

    /// Returns how long to wait before the next connection: the server's reconnection time, or else the initial delay,
    /// within floor and cap.
    pub fn delay(&self) -> Duration {
        self.retry
            .map_or(self.initial, Retry::as_duration)
            .max(self.floor)
            .min(self.cap)
    }

    /// Returns name and value of the header that resumes; none if there is no last event ID or a header cannot carry it.
    pub fn header(&self) -> Option<(&'static str, &[u8])> {
        self.checked_header().ok()
    }

    /// Returns name and value of the header that resumes, or why there is none.
    ///
    /// # Errors
    ///
    /// [`NoHeader`]; what to do about an id that no header can carry is the caller's choice: to connect without it
    /// may repeat or lose events.
    pub fn checked_header(&self) -> Result<(&'static str, &[u8]), NoHeader> {
        let id = self.last_event_id().ok_or(NoHeader::NoLastEventId)?;
        if !id.is_header_safe() {
            return Err(NoHeader::NotHeaderSafe);
        }
        Ok((LAST_EVENT_ID, id.as_str().as_bytes()))
    }

    /// Makes the decoder of the next connection, in which events without an id have the last event ID of this state.
    pub fn decoder(&self, options: DecoderOptions) -> Decoder {
        let mut decoder = Decoder::with_options(options);
        decoder.set_last_event_id(self.last_event_id.clone());
        decoder
    }

    #[cfg(feature = "serde")]
    pub(super) fn saved(last_event_id: EventId, retry: Option<Retry>) -> Self {
        Self {
            retry,
            ..Self::resume(last_event_id)
        }
    }

    fn take(&mut self, last_event_id: &EventId, retry: Option<Retry>) {
        if self.last_event_id != *last_event_id {
            // A state lives long: it must not keep a whole chunk in memory.
            self.last_event_id = last_event_id.detached();
        }
        self.retry = retry.or(self.retry);
    }
}

impl Default for ReconnectState {
    fn default() -> Self {
        Self::new()
    }
}

/// Shorter delays make a reconnection storm of a server's mistake.
const FLOOR: Duration = Duration::from_millis(100);
/// Longer delays are a mistake, or are meant to park clients.
const CAP: Duration = Duration::from_secs(24 * 60 * 60);
const INITIAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn after(wire: &'static str) -> ReconnectState {
        let mut state = ReconnectState::new();
        let mut decoder = state.decoder(DecoderOptions::new());
        decoder.push(wire);
        while let Some(received) = decoder.next() {
            state.observe(&received.unwrap());
        }
        state.observe_decoder(&decoder);
        state
    }

    #[test]
    fn the_delay_stays_within_floor_and_cap() {
        let check = |wire, milliseconds| {
            assert_eq!(
                after(wire).delay(),
                Duration::from_millis(milliseconds),
                "{wire:?}"
            );
        };
        check("", 1000);
        check("retry: 0\n\n", 100);
        check("retry: 99\n\n", 100);
        check("retry: 2500\n\n", 2500);
        check("retry: 86400001\n\n", 86_400_000);
        check("retry: 99999999999999999999999\n\n", 86_400_000);
        check("retry: 2500\n\nretry: x\n\n", 2500);
        let state = after("retry: 0\n\n")
            .floor(Duration::from_secs(9))
            .cap(Duration::from_secs(5));
        assert_eq!(state.delay(), Duration::from_secs(5));
        assert_eq!(
            ReconnectState::new()
                .initial(Duration::from_secs(3))
                .delay(),
            Duration::from_secs(3)
        );
    }

    #[test]
    fn the_header_is_there_only_for_an_id_that_it_can_carry() {
        let check = |wire, expected| {
            assert_eq!(
                after(wire).checked_header().map(|(_, value)| value),
                expected,
                "{wire:?}"
            );
        };
        check("", Err(NoHeader::NoLastEventId));
        check("id: 1\ndata: x\n\n", Ok(&b"1"[..]));
        check("id: 1\n\n", Ok(b"1"));
        check("id: 1\n\nid\ndata\n\n", Err(NoHeader::NoLastEventId));
        check("id: é\n\n", Ok("é".as_bytes()));
        check("id: a\u{1}\n\n", Err(NoHeader::NotHeaderSafe));
        check("id:  a\n\n", Err(NoHeader::NotHeaderSafe));
        assert_eq!(after("id: a\u{7f}\n\n").header(), None);
    }

    #[test]
    fn the_next_connection_goes_on_from_the_state() {
        let state = after("id: 7\nretry: 300\ndata: x\n\n");
        let mut decoder = state.decoder(DecoderOptions::new());
        decoder.push("data: y\n\n");
        let received = decoder.next().unwrap().unwrap();
        assert_eq!(received.last_event_id, "7");
        let mut next = state.clone();
        next.observe(&received);
        next.observe_decoder(&decoder);
        assert_eq!(next, state);
    }

    #[test]
    fn a_request_begins_a_state() {
        assert_eq!(
            ReconnectState::from_request(Some(b"4"), Some("lastEventId=3")),
            ReconnectState::resume(4)
        );
        assert_eq!(
            ReconnectState::from_request(None, Some("lastEventId=3")),
            ReconnectState::resume(3)
        );
        assert_eq!(
            ReconnectState::from_request(None, None),
            ReconnectState::new()
        );
    }
}
