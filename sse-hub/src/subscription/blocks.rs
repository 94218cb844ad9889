use sse_core::{EncodedEvent, Event, EventId, EventType, Gap, Retry};

use crate::{ids::Ids, listeners::CloseReason, position::Position};

/// How a gap is told on the wire.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum GapAs {
    /// As an event of the type `hub.gap`.
    #[default]
    Event,
    /// As an event without type, for clients that listen to `message` alone.
    Message,
    /// As a comment, for clients that must not see it; the id is sent all the same.
    Comment,
}

const LIVE: EventType = EventType::from_static("hub.live");
const CLOSE: EventType = EventType::from_static("hub.close");

/// What a hub itself writes into a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) ids: Ids,
    pub(super) gap_as: GapAs,
}

impl Blocks {
    fn id(self, position: Position) -> Option<EventId> {
        (self.ids != Ids::Bare).then(|| position.to_event_id())
    }

    /// The first block: flushes the headers, spreads reconnections, says where reading starts.
    pub(super) fn opening(self, at: Option<EventId>, retry: Retry) -> EncodedEvent {
        let mut event = Event::from_comment("ok");
        if self.ids != Ids::Bare {
            event = event.retry(retry);
            event.id = at;
        }
        event.encode()
    }

    /// What is missing, and where reading goes on.
    pub(super) fn gap(self, gap: &Gap, at: Position) -> Option<EncodedEvent> {
        let id = self.id(at)?;
        let event = gap.to_event(Some(id));
        Some(match self.gap_as {
            GapAs::Event => event.encode(),
            GapAs::Message => {
                let mut message = event;
                message.event = None;
                message.encode()
            }
            GapAs::Comment => {
                let mut comment = Event::from_comment(event.data.unwrap_or_default());
                comment.id = event.id;
                comment.encode()
            }
        })
    }

    /// Silence, with the position so far.
    pub(super) fn keep_alive(self, at: Position) -> EncodedEvent {
        let mut event = Event::from_comment("keep-alive");
        event.id = self.id(at);
        event.encode()
    }

    /// Everything that was there at the beginning has been delivered.
    pub(super) fn live(self, at: Position) -> Option<EncodedEvent> {
        let id = self.id(at)?;
        Some(Event::new("{}").event(LIVE).id(id).encode())
    }

    /// The stream ends as planned.
    pub(super) fn close(
        self,
        reason: &CloseReason,
        at: Option<Position>,
        retry: Option<Retry>,
    ) -> Option<EncodedEvent> {
        if self.ids == Ids::Bare {
            return None;
        }
        let said = Said {
            reason: reason.as_str(),
        };
        let mut event = Event::json(&said).unwrap_or_default().event(CLOSE);
        event.id = at.and_then(|at| self.id(at));
        event.retry = retry;
        Some(event.encode())
    }
}

/// What a closing event says.
#[derive(serde::Serialize)]
struct Said<'a> {
    reason: &'a str,
}
