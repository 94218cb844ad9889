use std::num::NonZeroUsize;

use bytes::Bytes;
use sse_core::{
    DecodeError, Decoder, DecoderOptions, Encoder, Event, EventId, EventRef, EventType, Limits,
    LineEnd, NoHeader, Received, ReconnectState, Retry, SliceDecoder, Strip,
};

use super::{Bound, Codec, Decoded, Decoding, Door, Failure, Fields, Surface};

/// The codec of `sse_core`, at either level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Real {
    /// `Decoder`: events of refcounted slices.
    Owned,
    /// `SliceDecoder`: a borrowed view of each event.
    Borrowed,
}

impl Real {
    /// Both levels.
    pub const ALL: [Self; 2] = [Self::Owned, Self::Borrowed];
}

impl Codec for Real {
    fn name(&self) -> String {
        format!("sse_core ({self:?})")
    }

    fn decoder(&self, surface: Surface, bound: Bound) -> Box<dyn Decoding> {
        let options = DecoderOptions::new().limits(limits_of(bound));
        let options = match surface {
            Surface::Events => options,
            Surface::Comments => options.comments(),
            Surface::Everything => options.comments().dataless_blocks(),
        };
        match self {
            Self::Owned => Box::new(Owned {
                options,
                decoder: Decoder::with_options(options),
                state: ReconnectState::new(),
            }),
            Self::Borrowed => Box::new(SliceDecoder::with_options(options)),
        }
    }

    fn encode(&self, fields: &Fields, door: Door, line_end: LineEnd) -> Result<Vec<u8>, String> {
        let event = event_of(fields, door)?;
        let encoder = Encoder::new().line_end(line_end);
        Ok(encoder.encode(&event).into_bytes().into())
    }
}

/// The owned decoder together with the state that a client takes from connection to connection.
struct Owned {
    options: DecoderOptions,
    decoder: Decoder,
    state: ReconnectState,
}

impl Decoding for Owned {
    fn feed(&mut self, chunk: Bytes, seen: &mut Decoded) {
        self.decoder.push(chunk);
        while let Some(result) = self.decoder.next() {
            match result {
                Ok(received) => take(&received, seen),
                Err(error) => fail(error, seen),
            }
        }
    }

    fn finish(&mut self, seen: &mut Decoded) {
        match self.decoder.finish() {
            Some(Ok(received)) => take(&received, seen),
            Some(Err(error)) => fail(error, seen),
            None => {}
        }
        self.state.observe_decoder(&self.decoder);
        let id = self.decoder.last_event_id().as_str();
        id.clone_into(&mut seen.last_event_id);
        seen.retry = self.state.retry().map(Retry::as_millis);
    }

    fn reconnect(&mut self) -> Option<Vec<u8>> {
        let (id, retry) = (self.decoder.last_event_id().clone(), self.state.retry());
        self.decoder.reset();
        assert_eq!(self.decoder.last_event_id(), &id, "a reset keeps the id");
        let kept = self.decoder.reconnection_time();
        assert!(
            kept.is_none() || kept == retry,
            "a reset keeps the reconnection time"
        );
        // Every other connection is decoded by a new decoder: both ways must come to the same.
        if id.as_str().len().is_multiple_of(2) {
            self.decoder = self.state.decoder(self.options);
        }
        match self.state.checked_header() {
            Ok((_, header)) => Some(header.to_vec()),
            Err(NoHeader::NoLastEventId) => None,
            // What a browser sends all the same.
            Err(_) => header_of(id.as_str()),
        }
    }
}

impl Decoding for SliceDecoder {
    fn feed(&mut self, chunk: Bytes, seen: &mut Decoded) {
        let mut events = self.decode(&chunk);
        while let Some(result) = events.next() {
            match result {
                Ok(event) => take_ref(event, seen),
                Err(error) => fail(error, seen),
            }
        }
    }

    fn finish(&mut self, seen: &mut Decoded) {
        match self.finish() {
            Some(Ok(event)) => take_ref(event, seen),
            Some(Err(error)) => fail(error, seen),
            None => {}
        }
        self.last_event_id().clone_into(&mut seen.last_event_id);
        seen.retry = self.reconnection_time().map(Retry::as_millis);
    }

    fn reconnect(&mut self) -> Option<Vec<u8>> {
        self.reset();
        header_of(self.last_event_id())
    }
}

/// The event with these parts, by one of the two doors.
///
/// # Errors
///
/// The checked door's error.
pub fn event_of(fields: &Fields, door: Door) -> Result<Event, String> {
    let Fields {
        event,
        data,
        id,
        retry,
        comment,
    } = fields.clone();
    let mut made = Event::empty();
    made.data = data.map(Into::into);
    made.retry = retry.map(Retry::from_millis);
    if door == Door::Sanitized {
        made.event = event.map(|event| EventType::sanitized(event, Strip::LineEnds).value);
        made.id = id.map(|id| EventId::sanitized(id, Strip::LineEnds).value);
        made.comment = comment.map(Into::into);
        return Ok(made);
    }
    if let Some(event) = event {
        made = made.try_event(event).map_err(|error| error.to_string())?;
    }
    if let Some(id) = id {
        made = made.try_id(id).map_err(|error| error.to_string())?;
    }
    match comment {
        Some(comment) => made.try_comment(comment).map_err(|error| error.to_string()),
        None => Ok(made),
    }
}

fn limits_of(bound: Bound) -> Limits {
    let at_least_one = |limit| NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN);
    match bound {
        Bound::Unlimited => Limits::UNLIMITED,
        Bound::Default => Limits::DEFAULT,
        Bound::Line(limit) => Limits::UNLIMITED.line(at_least_one(limit)),
        Bound::Event(limit) => Limits::UNLIMITED.event(at_least_one(limit)),
        Bound::DataLines(limit) => Limits::UNLIMITED.data_lines(at_least_one(limit)),
        Bound::Id(limit) => Limits::UNLIMITED.id(at_least_one(limit)),
        Bound::EventType(limit) => Limits::UNLIMITED.event_type(at_least_one(limit)),
        Bound::Stream(limit) => Limits::UNLIMITED.stream(at_least_one(limit)),
    }
}

fn take(received: &Received, seen: &mut Decoded) {
    let Event {
        event,
        data,
        id,
        retry,
        comment,
        ..
    } = &received.event;
    let fields = Fields {
        event: event.as_ref().map(|event| event.as_str().to_owned()),
        data: data.as_ref().map(ToString::to_string),
        id: id.as_ref().map(|id| id.as_str().to_owned()),
        retry: retry.map(Retry::as_millis),
        comment: comment.as_ref().map(ToString::to_string),
    };
    seen.push(fields, received.last_event_id.as_str());
}

fn take_ref(event: EventRef<'_>, seen: &mut Decoded) {
    let fields = Fields {
        event: event.event().map(ToOwned::to_owned),
        data: event.has_data().then(|| event.data().to_owned()),
        id: event.id().map(ToOwned::to_owned),
        retry: event.retry().map(Retry::as_millis),
        comment: event.comment().map(ToOwned::to_owned),
    };
    seen.push(fields, event.last_event_id());
}

fn fail(error: DecodeError, seen: &mut Decoded) {
    seen.failures.push(Failure {
        kind: format!("{:?}", error.kind()),
        limit: error.limit().to_string(),
        offset: error.offset(),
        after_items: seen.blocks.len(),
    });
}

fn header_of(last_event_id: &str) -> Option<Vec<u8>> {
    (!last_event_id.is_empty()).then(|| last_event_id.as_bytes().to_vec())
}
