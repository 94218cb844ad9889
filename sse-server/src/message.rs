//! A message on its way in: what HTTP bodies and scripts may say, checked.

use std::{fmt, time::Duration};

use bytestring::ByteString;
use serde::{Deserialize, Deserializer};
use sse_core::{EventId, EventType, Retry};

use crate::script::MessageTable;

/// A message that can be sent, and where it goes.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// What is sent.
    pub table: MessageTable,
    /// The topics; none is the default topic.
    pub topics: Vec<String>,
    /// How long it is delivered.
    pub ttl: Option<Duration>,
    /// The key under which it replaces earlier ones.
    pub key: Option<String>,
}

/// The fields of a body as they come, unchecked.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) event: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<String>,
    #[serde(default)]
    pub(crate) comment: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) retry: Option<u64>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) topic: Vec<String>,
    #[serde(default)]
    pub(crate) ttl: Option<u64>,
    #[serde(default)]
    pub(crate) key: Option<String>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a topic or a list of topics")]
    enum Topics {
        One(String),
        Many(Vec<String>),
        None(()),
    }
    Ok(match Topics::deserialize(deserializer)? {
        Topics::One(topic) => vec![topic],
        Topics::Many(topics) => topics,
        Topics::None(()) => Vec::new(),
    })
}

impl Fields {
    /// Sets a field from the text of a form; an empty one means that there is none, and unknown ones are left out.
    pub(crate) fn set_text(&mut self, name: &str, value: String) -> Result<(), InvalidMessage> {
        if value.is_empty() {
            return Ok(());
        }
        let number = |field: &'static str, value: &str| {
            value
                .parse::<u64>()
                .map_err(|_| InvalidMessage::of(field, "must be a whole number of milliseconds"))
        };
        let twice = match name {
            "id" => self.id.replace(value).is_some(),
            "event" => self.event.replace(value).is_some(),
            "data" => self.data.replace(value).is_some(),
            "key" => self.key.replace(value).is_some(),
            "retry" => self.retry.replace(number("retry", &value)?).is_some(),
            "ttl" => self.ttl.replace(number("ttl", &value)?).is_some(),
            "comment" => {
                self.comment.get_or_insert_default().push(value);
                false
            }
            "topic" => {
                self.topic.push(value);
                false
            }
            _ => false,
        };
        if twice {
            return Err(InvalidMessage::repeated());
        }
        Ok(())
    }
}

impl TryFrom<Fields> for Message {
    type Error = InvalidMessage;

    fn try_from(fields: Fields) -> Result<Self, InvalidMessage> {
        let mut table = MessageTable::default();
        if let Some(id) = fields.id {
            let rule = "must not have a line end or a NUL";
            table.id = Some(EventId::try_from(id).map_err(|_| InvalidMessage::of("id", rule))?);
        }
        if let Some(event) = fields.event {
            let rule = "must not have a line end";
            let event =
                EventType::try_from(event).map_err(|_| InvalidMessage::of("event", rule))?;
            table.event = Some(event);
        }
        table.data = fields.data.map(ByteString::from);
        for comment in fields.comment.unwrap_or_default() {
            if comment.contains(['\r', '\n']) {
                return Err(InvalidMessage::of("comment", "must not have a line end"));
            }
            table.comment.push(comment.into());
        }
        table.retry = fields.retry.map(Retry::from_millis);
        Ok(Self {
            table,
            topics: fields.topic,
            ttl: fields.ttl.map(Duration::from_millis),
            key: fields.key,
        })
    }
}

/// A body that cannot be published; the message names the field and the rule, and never repeats the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidMessage {
    field: &'static str,
    rule: &'static str,
}

impl InvalidMessage {
    fn of(field: &'static str, rule: &'static str) -> Self {
        Self { field, rule }
    }

    fn repeated() -> Self {
        Self::of("", "unsupported value")
    }

    pub(crate) fn empty() -> Self {
        Self::of("the message", "must not be empty")
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            "" => f.write_str(self.rule),
            field => write!(f, "{field} {}", self.rule),
        }
    }
}

impl std::error::Error for InvalidMessage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Result<&str, &str>) {
        let fields = serde_json::from_str::<Fields>(json).map_err(|error| error.to_string());
        let message =
            fields.and_then(|fields| Message::try_from(fields).map_err(|error| error.to_string()));
        let wire = message.map(|it| {
            let event = sse_core::Event::from(it.table);
            event.encode().as_str().to_owned()
        });
        match (wire, expected) {
            (Ok(wire), Ok(expected)) => assert_eq!(wire, expected, "{json}"),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{json}: {error}"),
            (wire, _) => panic!("{json}: {wire:?}"),
        }
    }

    #[test]
    fn no_text_breaks_out_of_its_field() {
        check(
            r#"{"data":"a\rb\nc\r\nd"}"#,
            Ok("data: a\ndata: b\ndata: c\ndata: d\n\n"),
        );
        check(
            r#"{"data":"a\u0000b\u2028c"}"#,
            Ok("data: a\0b\u{2028}c\n\n"),
        );
        for end in [r"\r", r"\n", r"\r\n"] {
            check(&format!(r#"{{"id":"a{end}b"}}"#), Err("id must not have"));
            check(
                &format!(r#"{{"event":"a{end}b"}}"#),
                Err("event must not have"),
            );
            check(
                &format!(r#"{{"comment":["a{end}b"]}}"#),
                Err("comment must not have"),
            );
        }
        check(r#"{"id":"a\u0000b"}"#, Err("id must not have"));
        check(
            r#"{"id":"a\u2028b","data":""}"#,
            Ok("id: a\u{2028}b\ndata: \n\n"),
        );
    }

    #[test]
    fn fields_have_one_type_each() {
        check(
            r#"{"data":5}"#,
            Err("invalid type: integer `5`, expected a string"),
        );
        check(r#"{"comment":"x"}"#, Err("expected a sequence"));
        check(r#"{"retry":-1}"#, Err("invalid value"));
        check(r#"{"retry":7,"other":[1],"data":null}"#, Ok("retry: 7\n\n"));
        check(r#"{"topic":5,"data":"x"}"#, Err("a topic or a list"));
        check(r#"{"topic":"a","data":"x"}"#, Ok("data: x\n\n"));
        check(
            r#"{"comment":["a","b"],"data":"x"}"#,
            Ok("data: x\n: a\n: b\n\n"),
        );
    }

    #[test]
    fn in_a_form_an_empty_value_is_none() {
        let mut fields = Fields::default();
        fields.set_text("data", String::new()).unwrap();
        fields.set_text("data", "x".into()).unwrap();
        fields.set_text("comment", "a".into()).unwrap();
        fields.set_text("comment", "b".into()).unwrap();
        assert_eq!(
            fields.set_text("data", "y".into()).unwrap_err().to_string(),
            "unsupported value"
        );
        assert!(fields.set_text("retry", "soon".into()).is_err());
        assert_eq!(fields.comment.unwrap(), ["a", "b"]);
    }
}
