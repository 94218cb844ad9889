use alloc::string::String;
use core::fmt;

use bytestring::ByteString;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

use crate::{event::Event, event_id::EventId, event_type::EventType, retry::Retry};

impl Serialize for Event {
    /// Writes a map of `event`, `data`, `id`, `retry` and `comment`, without what is absent.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            event,
            data,
            id,
            retry,
            comment,
        } = self;
        let (data, comment) = (data.as_deref(), comment.as_deref());
        let absent = [
            event.is_none(),
            data.is_none(),
            id.is_none(),
            retry.is_none(),
            comment.is_none(),
        ];
        let len = absent.iter().filter(|absent| !**absent).count();
        let mut map = serializer.serialize_map(Some(len))?;
        event
            .iter()
            .try_for_each(|event| map.serialize_entry("event", event))?;
        data.iter()
            .try_for_each(|data| map.serialize_entry("data", data))?;
        id.iter().try_for_each(|id| map.serialize_entry("id", id))?;
        retry
            .iter()
            .try_for_each(|retry| map.serialize_entry("retry", retry))?;
        comment
            .iter()
            .try_for_each(|comment| map.serialize_entry("comment", comment))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    /// Reads a map of `event`, `data`, `id`, `retry` and `comment`, each optional; ignores other keys.
    ///
    /// Everything goes through the checked constructors, and an error names the key.
    /// A `comment` may be a list of texts, one for each line. `null` is refused: what is absent is left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event as a map of event, data, id, retry and comment")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut event = Event::empty();
        while let Some(key) = map.next_key::<Key>()? {
            let repeated = match key {
                Key::Event => {
                    let text = map.next_value_seed(Text("event"))?;
                    event
                        .event
                        .replace(checked(EventType::try_from(text), "event")?)
                        .is_some()
                }
                Key::Data => event
                    .data
                    .replace(map.next_value_seed(Text("data"))?)
                    .is_some(),
                Key::Id => {
                    let text = map.next_value_seed(Text("id"))?;
                    event
                        .id
                        .replace(checked(EventId::try_from(text), "id")?)
                        .is_some()
                }
                Key::Retry => event
                    .retry
                    .replace(map.next_value_seed(Milliseconds)?)
                    .is_some(),
                Key::Comment => event
                    .comment
                    .replace(map.next_value_seed(Comment)?)
                    .is_some(),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if repeated {
                return Err(de::Error::duplicate_field(key.name()));
            }
        }
        Ok(event)
    }
}

fn checked<T, E: de::Error>(value: Result<T, impl fmt::Display>, key: &str) -> Result<T, E> {
    value.map_err(|error| E::custom(format_args!("`{key}`: {error}")))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Event,
    Data,
    Id,
    Retry,
    Comment,
    #[serde(other)]
    Other,
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Data => "data",
            Self::Id => "id",
            Self::Retry => "retry",
            Self::Comment => "comment",
            Self::Other => "",
        }
    }
}

/// A text under this key.
struct Text(&'static str);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = ByteString;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ByteString, D::Error> {
        deserializer.deserialize_string(self)
    }
}

impl Visitor<'_> for Text {
    type Value = ByteString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text as `{}`", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteString, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<ByteString, E> {
        Ok(text.into())
    }
}

struct Milliseconds;

impl<'de> DeserializeSeed<'de> for Milliseconds {
    type Value = Retry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Retry, D::Error> {
        deserializer.deserialize_u64(self)
    }
}

impl Visitor<'_> for Milliseconds {
    type Value = Retry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a whole number of milliseconds from 0 to {} as `retry`",
            u64::MAX
        )
    }

    fn visit_u64<E: de::Error>(self, milliseconds: u64) -> Result<Retry, E> {
        Ok(Retry::from_millis(milliseconds))
    }

    fn visit_i64<E: de::Error>(self, milliseconds: i64) -> Result<Retry, E> {
        checked(Retry::try_from(milliseconds), "retry")
    }
}

struct Comment;

impl<'de> DeserializeSeed<'de> for Comment {
    type Value = ByteString;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ByteString, D::Error> {
        // A format that does not describe itself cannot choose, and `Serialize` writes text.
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_string(Text("comment"))
        }
    }
}

impl<'de> Visitor<'de> for Comment {
    type Value = ByteString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of texts as `comment`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteString, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<ByteString, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<ByteString, A::Error> {
        let mut text: Option<String> = None;
        while let Some(line) = lines.next_element_seed(Text("comment"))? {
            match &mut text {
                None => text = Some((&*line).into()),
                Some(text) => {
                    text.push('\n');
                    text.push_str(&line);
                }
            }
        }
        match text {
            Some(text) => Ok(text.into()),
            None => Err(de::Error::invalid_length(
                0,
                &"at least one text in `comment`",
            )),
        }
    }
}
