use alloc::string::String;
use core::fmt;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use crate::{decode::Received, event::Event, event_id::EventId, event_type::EventType};

/// What a server says where it cannot go on after the last event ID that a client named: events are missing here.
///
/// It goes over the wire as an event of the type [`EVENT_TYPE`](Self::EVENT_TYPE), whose data is a JSON object of
/// `reason`, `requested`, `earliest` and `missed_max`, all but the first optional.
/// A reader ignores other members, so that there can be more of them later.
///
/// Shareable between threads: `Send + Sync`; a clone costs reference counts.
///
/// ```
/// use sse_core::{EventId, Gap, GapReason};
///
/// let gap = Gap::new(GapReason::Expired).requested("7").earliest(EventId::from(42));
/// let event = gap.to_event(None);
/// assert_eq!(
///     event.encode(),
///     "event: hub.gap\ndata: {\"reason\":\"expired\",\"requested\":\"7\",\"earliest\":\"42\"}\n\n",
/// );
/// assert_eq!(event.gap(), Some(gap));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Gap {
    /// Why events are missing.
    pub reason: GapReason,
    /// The last event ID that the client named, as it was sent.
    pub requested: Option<ByteString>,
    /// The oldest event that the server still has.
    pub earliest: Option<EventId>,
    /// How many events are missing at most.
    pub missed_max: Option<u64>,
}

/// Why events are missing; each reason has its word.
///
/// Shareable between threads: `Send + Sync`; a clone costs at most a reference count.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum GapReason {
    /// `malformed`: the last event ID is none that the server could have sent.
    Malformed,
    /// `unknown`: the last event ID is of the right form, and the server does not know it.
    Unknown,
    /// `forked`: the event was sent in a history that the server has left since.
    Forked,
    /// `epoch`: the event was sent before the server began to count afresh.
    Epoch,
    /// `rollback`: the server has lost what it sent last.
    Rollback,
    /// `expired`: the events are too old to be kept.
    Expired,
    /// `slow`: the client took events more slowly than they came.
    Slow,
    /// `provider`: the source of the events has left some out.
    Provider,
    /// Any other word. Make it with `From`: one of the words above is then that reason.
    Other(ByteString),
}

impl Gap {
    /// The type of the events that say it: `hub.gap`.
    pub const EVENT_TYPE: EventType = EventType::from_static("hub.gap");

    /// Makes a gap of which nothing but the reason is known.
    pub fn new(reason: impl Into<GapReason>) -> Self {
        Self {
            reason: reason.into(),
            requested: None,
            earliest: None,
            missed_max: None,
        }
    }

    /// Sets the last event ID that the client named.
    pub fn requested(mut self, requested: impl Into<ByteString>) -> Self {
        self.requested = Some(requested.into());
        self
    }

    /// Sets the oldest event that the server still has.
    pub fn earliest(mut self, earliest: impl Into<EventId>) -> Self {
        self.earliest = Some(earliest.into());
        self
    }

    /// Sets how many events are missing at most.
    pub fn missed_max(mut self, missed_max: u64) -> Self {
        self.missed_max = Some(missed_max);
        self
    }

    /// Makes the event that says it: its members in the order of the fields, without what is absent, on one line.
    ///
    /// With an id the client goes on after that one when it comes again.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a gap has nothing that JSON cannot hold"
    )]
    pub fn to_event(&self, id: Option<EventId>) -> Event {
        let members = Written {
            reason: self.reason.as_str(),
            requested: self.requested.as_deref(),
            earliest: self.earliest.as_ref().map(EventId::as_str),
            missed_max: self.missed_max,
        };
        let mut event = Event::json(&members)
            .expect("texts and a number can be written as JSON")
            .event(Self::EVENT_TYPE);
        event.id = id;
        event
    }
}

impl Event {
    /// Reads what an event of the type [`Gap::EVENT_TYPE`] says.
    ///
    /// An event of another type gives `None`, and so does data that is not well-formed: no JSON object, no `reason`,
    /// a member of the wrong type or twice, an `earliest` that is no legal id. `null` is the same as absent.
    pub fn gap(&self) -> Option<Gap> {
        if self.event.as_ref() != Some(&Gap::EVENT_TYPE) {
            return None;
        }
        // A list of the members' values would be taken for them, too.
        let data = self.data.as_deref()?;
        if !data.trim_start().starts_with('{') {
            return None;
        }
        let members: Read = serde_json::from_str(data).ok()?;
        Some(Gap {
            reason: members.reason.into(),
            requested: members.requested.map(Into::into),
            earliest: members.earliest,
            missed_max: members.missed_max,
        })
    }
}

impl Received {
    /// Reads what an event of the type [`Gap::EVENT_TYPE`] says; see [`Event::gap`].
    pub fn gap(&self) -> Option<Gap> {
        self.event.gap()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed_max: Option<u64>,
}

#[derive(Deserialize)]
struct Read {
    reason: String,
    requested: Option<String>,
    earliest: Option<EventId>,
    missed_max: Option<u64>,
}

impl GapReason {
    const WORDS: [Self; 8] = [
        Self::Malformed,
        Self::Unknown,
        Self::Forked,
        Self::Epoch,
        Self::Rollback,
        Self::Expired,
        Self::Slow,
        Self::Provider,
    ];

    /// Returns the reason's word, in lower case where it is not another one.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Forked => "forked",
            Self::Epoch => "epoch",
            Self::Rollback => "rollback",
            Self::Expired => "expired",
            Self::Slow => "slow",
            Self::Provider => "provider",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<ByteString> for GapReason {
    fn from(word: ByteString) -> Self {
        Self::WORDS
            .into_iter()
            .find(|reason| word == reason.as_str())
            .unwrap_or(Self::Other(word))
    }
}

impl From<&str> for GapReason {
    fn from(word: &str) -> Self {
        ByteString::from(word).into()
    }
}

impl From<String> for GapReason {
    fn from(word: String) -> Self {
        ByteString::from(word).into()
    }
}
