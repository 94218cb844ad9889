use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use bytestring::ByteString;
use sse_core::{EncodedEvent, Encoder, Event, EventId};

use super::channel::ChannelId;
use crate::{
    companion::Companion,
    ids::Ids,
    one_or_many::OneOrMany,
    position::{Epoch, Position},
    provider::Record,
    topic::Topic,
};

/// One published event with its place in the log: immutable, encoded once, shared by all who read it.
pub struct Entry {
    position: Position,
    time: u64,
    topics: Box<[Topic]>,
    key: Option<ByteString>,
    own_id: Option<EventId>,
    attachment: Option<Bytes>,
    companion: Option<Companion>,
    event: EncodedEvent,
    /// When it was appended and when it ends, on the hub's own clock.
    pub(super) at: u64,
    pub(super) expires: u64,
    /// The channels of its topics.
    pub(super) channels: OneOrMany<ChannelId>,
    retained: AtomicBool,
}

/// What an entry's bytes count in while anybody holds them.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: u64,
    total: Arc<AtomicU64>,
}

impl Held {
    pub(crate) fn new(bytes: usize, total: &Arc<AtomicU64>) -> Self {
        let bytes = bytes as u64;
        total.fetch_add(bytes, Ordering::Relaxed);
        Self {
            bytes,
            total: Arc::clone(total),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What the hub adds to a record when it takes it in.
pub(super) struct Intake<'a> {
    pub(super) epoch: Epoch,
    pub(super) ids: Ids,
    pub(super) now: u64,
    pub(super) unix_now: u64,
    pub(super) held: &'a Arc<AtomicU64>,
}

impl Entry {
    pub(super) fn new(record: Record, channels: OneOrMany<ChannelId>, intake: &Intake<'_>) -> Self {
        let Record {
            seq,
            nonce,
            time,
            draft,
        } = record;
        let position = Position {
            epoch: intake.epoch,
            seq,
            nonce,
        };
        let mut event: Event = draft.event;
        let own_id = event.id.take().filter(|id| !id.is_empty());
        let own_id = own_id.map(|id| EventId::try_from(id.as_str()).unwrap_or(id));
        let wire = match (intake.ids, &own_id) {
            (Ids::Publisher | Ids::Bare, Some(own)) => event.id(own).encode(),
            (Ids::Bare, None) => event.encode(),
            _ => encode_at(event, position),
        };
        let beside = draft.companion.as_ref().map_or(0, Companion::bytes);
        let held = Held::new(wire.len() + beside, intake.held);
        // What another process appended a while ago is as old as its date says.
        let at = intake
            .now
            .saturating_sub(intake.unix_now.saturating_sub(time));
        let expires = draft.time_to_live.map_or(u64::MAX, |it| {
            let millis = it.as_nanos().div_ceil(1_000_000);
            at.saturating_add(u64::try_from(millis).unwrap_or(u64::MAX))
        });
        Self {
            position,
            time,
            topics: draft.topics,
            // What is small is copied: it may be part of something large, such as the body that it came in.
            key: draft.key.map(|key| ByteString::from(&*key)),
            own_id,
            attachment: draft.attachment.map(|it| Bytes::copy_from_slice(&it)),
            companion: draft.companion,
            event: wire.guarded(held),
            at,
            expires,
            channels,
            retained: AtomicBool::new(true),
        }
    }

    /// Returns the entry's place.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns the entry's sequence.
    pub fn seq(&self) -> u64 {
        self.position.seq
    }

    /// Returns when it was appended, in milliseconds since 1970.
    pub fn unix_millis(&self) -> u64 {
        self.time
    }

    /// Returns the topics that it was published to.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Returns the event as it goes over the wire.
    pub fn event(&self) -> &EncodedEvent {
        &self.event
    }

    /// Returns the id that its publisher gave it.
    pub fn own_id(&self) -> Option<&EventId> {
        self.own_id.as_ref()
    }

    /// Returns the key under which it replaces earlier entries.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns what is stored beside the event and never sent.
    pub fn attachment(&self) -> Option<&Bytes> {
        self.attachment.as_ref()
    }

    /// Returns the publisher's own value beside the event, if the entry was published in this process.
    pub fn companion(&self) -> Option<&Companion> {
        self.companion.as_ref()
    }

    /// Bytes that this entry takes while anybody holds it.
    pub(super) fn held_len(&self) -> usize {
        self.event.len() + self.companion.as_ref().map_or(0, Companion::bytes)
    }

    /// Bytes that this entry takes while it is retained.
    pub(crate) fn cost(&self) -> usize {
        let text = |text: Option<usize>| text.unwrap_or(0);
        self.held_len()
            + text(self.own_id.as_ref().map(|id| id.as_str().len()))
            + text(self.key.as_ref().map(|key| key.len()))
            + text(self.attachment.as_ref().map(Bytes::len))
            + size_of::<Self>()
            + self.topics.len() * size_of::<Topic>()
            + self.channels.len() * size_of::<ChannelId>()
    }

    pub(crate) fn is_expired(&self, now: u64) -> bool {
        self.expires <= now
    }

    pub(crate) fn appended_at(&self) -> u64 {
        self.at
    }

    /// Whether a replay may begin with it; an entry that is not retained is there for those who are still to take it.
    pub(crate) fn is_retained(&self) -> bool {
        self.retained.load(Ordering::Relaxed)
    }

    pub(super) fn set_faded(&self) {
        self.retained.store(false, Ordering::Relaxed);
    }

    /// What key and first topic it replaces others under.
    pub(super) fn conflation(&self) -> Option<(ByteString, ByteString)> {
        Some((self.topics.first()?.clone().into_text(), self.key.clone()?))
    }
}

/// Encodes an event with a position as its id, without making the id a text of its own.
fn encode_at(event: Event, position: Position) -> EncodedEvent {
    let id = position.text();
    let closing = if event == Event::empty() { "\n" } else { "" };
    let parts = ["id: ", id.as_str(), "\n"];
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut text = String::with_capacity(len + event.encoded_len() + closing.len());
    text.extend(parts);
    Encoder::new().encode_into(&event, &mut text);
    text.push_str(closing);
    EncodedEvent::from_wire(text).unwrap_or_else(|_| event.id(position.to_event_id()).encode())
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("position", &format_args!("{}", self.position))
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}
