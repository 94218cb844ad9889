use std::{fmt, time::Duration};

use bytes::Bytes;
use bytestring::ByteString;
use sse_core::Event;

use crate::{
    companion::Companion,
    ids::Ids,
    position::Position,
    topic::{IntoTopics, InvalidTopic, Topic},
};

/// What a publisher hands in: one event for one topic or several, before it has a place in the log.
///
/// An engine that keeps its log as bytes puts it together again, and hands it to the hub in a [`Record`](crate::provider::Record):
///
/// ```
/// use sse_hub::{Draft, Event, Ids};
///
/// let draft = Draft::new(["orders", "user/7"], Event::new("{}"))?.key("42");
/// draft.check(Ids::Hub)?;
/// assert!(Draft::new((), Event::new("{}")).is_err(), "to no topic");
/// # Ok::<(), sse_hub::InvalidDraft>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Draft {
    /// The topics, one to sixteen, each once; the first is the canonical one.
    pub topics: Box<[Topic]>,
    /// The event as it was published; its id is the publisher's own.
    pub event: Event,
    /// Entries with the same first topic and key replace each other for subscriptions that keep only the latest.
    pub key: Option<ByteString>,
    /// How long the entry is delivered.
    pub time_to_live: Option<Duration>,
    /// Publishing again under the same key returns the first position.
    pub idempotency_key: Option<ByteString>,
    /// Bytes that are stored beside the event and never sent.
    pub attachment: Option<Bytes>,
    /// A value that stays beside the event in this process.
    pub companion: Option<Companion>,
}

impl Draft {
    /// The greatest number of topics.
    pub const MAX_TOPICS: usize = 16;
    /// The greatest length of an idempotency key, in bytes.
    pub const MAX_IDEMPOTENCY_KEY_LEN: usize = 128;
    /// The greatest length of an attachment, in bytes.
    pub const MAX_ATTACHMENT_LEN: usize = 16 * 1024;
    /// The greatest length of a key, in bytes.
    pub const MAX_KEY_LEN: usize = 512;

    /// Puts an event together with its topics, each of which counts once.
    ///
    /// # Errors
    /// [`InvalidDraft`] if a topic breaks a rule, there are none or too many, or the event's type is one of the hub's own.
    pub fn new(topics: impl IntoTopics, event: impl Into<Event>) -> Result<Self, InvalidDraft> {
        Self::with_default(topics, None, event.into())
    }

    /// The same, where `default` stands if no topic is named.
    pub(crate) fn with_default(
        topics: impl IntoTopics,
        default: Option<&Topic>,
        event: Event,
    ) -> Result<Self, InvalidDraft> {
        let names = topics.into_topics().into_iter();
        let mut checked = names.map(Topic::try_from).collect::<Result<Vec<_>, _>>()?;
        let mut index = 1;
        while index < checked.len() {
            if checked[..index].contains(&checked[index]) {
                checked.remove(index);
            } else {
                index += 1;
            }
        }
        if checked.is_empty() {
            checked.extend(default.cloned());
        }
        let draft = Self::of(checked.into_boxed_slice(), event);
        draft.check_topics_and_type()?;
        Ok(draft)
    }

    /// Makes what stands in the place of an entry that cannot be given; with `Ids::Bare` nothing that a client sees.
    pub(crate) fn told(topics: Box<[Topic]>, gap: Event, ids: Ids) -> Self {
        let event = match ids {
            Ids::Bare => Event::from_comment("gap"),
            Ids::Hub | Ids::Publisher => gap,
        };
        Self::of(topics, event)
    }

    fn of(topics: Box<[Topic]>, event: Event) -> Self {
        Self {
            topics,
            event,
            key: None,
            time_to_live: None,
            idempotency_key: None,
            attachment: None,
            companion: None,
        }
    }

    /// Sets the key under which the entry replaces earlier ones with the same first topic.
    pub fn key(mut self, key: impl Into<ByteString>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets how long the entry is delivered, rounded up to milliseconds.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Sets the key under which a repeated publication is one entry.
    pub fn idempotency_key(mut self, key: impl Into<ByteString>) -> Self {
        let key = key.into();
        // Keys are kept for long: not as a part of something large.
        let is_short = key.len() <= Self::MAX_IDEMPOTENCY_KEY_LEN;
        let own = is_short.then(|| ByteString::from(&*key));
        self.idempotency_key = own.or(Some(key));
        self
    }

    /// Sets bytes that are stored beside the event and never sent.
    pub fn attachment(mut self, bytes: impl Into<Bytes>) -> Self {
        self.attachment = Some(bytes.into());
        self
    }

    /// Sets a value that stays beside the event in this process.
    pub fn companion(mut self, companion: Companion) -> Self {
        self.companion = Some(companion);
        self
    }

    /// Tells whether a hub with such ids takes this in; what it does not becomes a hole in its log.
    ///
    /// # Errors
    /// [`InvalidDraft`] names the first rule that is broken.
    pub fn check(&self, ids: Ids) -> Result<(), InvalidDraft> {
        self.check_topics_and_type()?;
        self.check_sizes()?;
        match ids {
            Ids::Bare => Ok(()),
            Ids::Hub | Ids::Publisher => self.check_own_id(),
        }
    }

    fn check_topics_and_type(&self) -> Result<(), InvalidDraft> {
        let mut event_type = self.event.event.iter();
        let rule = if self.topics.is_empty() {
            "must have a topic"
        } else if self.topics.len() > Self::MAX_TOPICS {
            "must have at most 16 topics"
        } else if event_type.any(|it| it.as_str().starts_with("hub.")) {
            "must not have an event type that starts with hub."
        } else {
            return Ok(());
        };
        Err(InvalidDraft::because(rule))
    }

    fn check_sizes(&self) -> Result<(), InvalidDraft> {
        let too_long = |text: &Option<ByteString>, max| {
            text.as_ref()
                .is_some_and(|text| text.is_empty() || text.len() > max)
        };
        let attached = self.attachment.as_ref().map_or(0, Bytes::len);
        let rule = if too_long(&self.idempotency_key, Self::MAX_IDEMPOTENCY_KEY_LEN) {
            "must have an idempotency key of 1 to 128 bytes"
        } else if too_long(&self.key, Self::MAX_KEY_LEN) {
            "must have a key of 1 to 512 bytes"
        } else if attached > Self::MAX_ATTACHMENT_LEN {
            "must have an attachment of at most 16384 bytes"
        } else if self.time_to_live == Some(Duration::ZERO) {
            "must have a time to live longer than zero"
        } else {
            return Ok(());
        };
        Err(InvalidDraft::because(rule))
    }

    /// Refuses an own id that could be taken for one of the hub's.
    fn check_own_id(&self) -> Result<(), InvalidDraft> {
        match &self.event.id {
            Some(id) if looks_like_the_hubs(id.as_str()) => Err(InvalidDraft::because(
                "must not have an id that looks like the hub's own",
            )),
            Some(id) if id.as_str().len() > MAX_ID_LEN => Err(InvalidDraft::because(
                "must not have an id of more than 256 bytes",
            )),
            _ => Ok(()),
        }
    }
}

/// The greatest length in bytes of an id that can be resumed from.
pub(crate) const MAX_ID_LEN: usize = 256;

/// Tells whether an id has the shape of a position, or of what may come to stand for one.
pub(crate) fn looks_like_the_hubs(id: &str) -> bool {
    if id.starts_with("v1.") || id.starts_with("o1.") || id.parse::<Position>().is_ok() {
        return true;
    }
    // Shaped like a position though it is none, such as one with a number that is too great.
    let mut parts = id.split('-');
    let epoch = |part: &str| {
        part.len() == 8
            && part
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'z'))
    };
    let seq = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let nonce = |part: &str| part.len() == 8 && part.bytes().all(|it| it.is_ascii_hexdigit());
    parts.next().is_some_and(epoch)
        && parts.next().is_some_and(seq)
        && parts.next().is_some_and(nonce)
        && parts.next().is_none()
}

/// Something that cannot be published.
///
/// The message names the rule and never repeats what was published.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidDraft {
    rule: Rule,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rule {
    Event(&'static str),
    Topic(InvalidTopic),
}

impl InvalidDraft {
    fn because(rule: &'static str) -> Self {
        Self {
            rule: Rule::Event(rule),
        }
    }
}

impl From<InvalidTopic> for InvalidDraft {
    fn from(error: InvalidTopic) -> Self {
        Self {
            rule: Rule::Topic(error),
        }
    }
}

impl fmt::Display for InvalidDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::Event(rule) => write!(f, "a published event {rule}"),
            Rule::Topic(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidDraft {}

#[cfg(test)]
mod tests {
    use sse_core::EventType;

    use super::*;

    fn draft(topics: impl IntoTopics, event: Event) -> Result<Draft, InvalidDraft> {
        Draft::with_default(topics, Some(&Topic::default()), event)
    }

    #[test]
    fn topics_are_kept_once_each_and_none_is_the_default() {
        let names = |draft: Draft| {
            draft
                .topics
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(draft(["b", "a", "b"], Event::new("x")).unwrap()),
            ["b", "a"]
        );
        assert_eq!(names(draft((), Event::new("x")).unwrap()), ["default"]);
        let many = (0..17).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(
            draft(many, Event::new("x")).unwrap_err().to_string(),
            "a published event must have at most 16 topics"
        );
    }

    #[test]
    fn what_would_be_taken_for_the_hubs_own_is_refused() {
        let reserved = Event::new("x").event(EventType::from_static("hub.gap"));
        assert!(draft("a", reserved).is_err());
        for id in [
            "k3v9x0qa-1-7c21ab04",
            "k3v9x0qa-99999999999999999999999-7C21ab04",
            "v1.x",
            "o1.",
        ] {
            let event = Event::new("x").try_id(id).unwrap();
            assert!(draft("a", event).unwrap().check(Ids::Hub).is_err(), "{id}");
        }
        let long = Event::new("x").try_id("i".repeat(257)).unwrap();
        assert!(draft("a", long).unwrap().check(Ids::Publisher).is_err());
        let fine = Event::new("x").try_id("urn:uuid:1-2-3").unwrap();
        assert!(draft("a", fine).unwrap().check(Ids::Hub).is_ok());
    }

    #[test]
    fn a_small_part_of_a_large_body_does_not_hold_the_body() {
        let body = Bytes::from(vec![b'7'; 1 << 20]);
        let part = |len| ByteString::try_from(body.slice(..len)).unwrap();
        let event = Event::new("x").try_id(part(8)).unwrap();
        let draft = Draft::new(part(10), event).unwrap().key(part(9));
        let draft = draft.attachment(body.slice(..8)).idempotency_key(part(7));
        let mut log = crate::log::tests::log(crate::Retention::default());
        // An engine keeps idempotency keys.
        let kept = draft.idempotency_key.clone();
        let record = crate::provider::Record::new(1, 1, 0, draft);
        let entry = log.append(record, 0, 0);
        assert!(body.is_unique());
        assert_eq!(entry.attachment().unwrap().len(), 8);
        assert_eq!((entry.key().unwrap().len(), kept.unwrap().len()), (9, 7));
    }
}
